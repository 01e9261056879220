import { z } from 'zod';

const sourceKinds = ['archive', 'paste'] as const;
export type SourceKind = (typeof sourceKinds)[number];

const messageKinds = ['text', 'image', 'voice', 'video', 'file', 'link', 'location', 'card', 'other'] as const;
export type MessageKind = (typeof messageKinds)[number];
export type Sender = 'contact' | 'member';

/** Where a message came from: `<platform>:<kind>`. */
export function sourceIdOf(platform: string, kind: SourceKind): string {
  return `${platform}:${kind}`;
}

/** Media stays where it is; `reference` finds it there. */
export const storedMedia = z.object({
  name: z.string().nullable(),
  bytes: z.number().nullable(),
  reference: z.string(),
});
export type Media = z.infer<typeof storedMedia>;

/** A message between one member and one contact, not stored yet. */
export interface NewMessage {
  contactId: string;
  memberId: string;
  /** The source's own id: a message is stored once however often it is delivered. */
  key: string;
  sender: Sender;
  at: Date;
  kind: MessageKind;
  text: string;
  media: Media | null;
}

/** A message as the rules and the model read it. */
export interface SaidMessage {
  id: string;
  sender: Sender;
  at: Date;
  kind: MessageKind;
  text: string;
  mediaName: string | null;
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair, and one such record must not hold up those after it. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '');
}
