import type { PlatformKey } from './key.ts';

/** What contacts are sent: a text ('' when there is none), then each attachment as a message of its own. */
export interface ContactMessage {
  text: string;
  attachments: MessageAttachment[];
}

/** `media` and `picture` are keys of the MediaStore, unless said. */
export type MessageAttachment =
  | { kind: 'image' | 'video' | 'file'; media: PlatformKey }
  /** `pictureUrl` is a public address, or null. */
  | { kind: 'link'; title: string; description: string; url: string; pictureUrl: string | null }
  /** A mini program. */
  | { kind: 'app'; title: string; appId: string; page: string; picture: PlatformKey };
