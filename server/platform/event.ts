import { z } from 'zod';

/**
 * What a platform can tell us, in words no platform owns. `occurredAt` is the platform's own time of it, which has whole
 * seconds only: two events of the same second have no order of their own.
 */
const occurred = { occurredAt: z.iso.datetime() };
const follow = { contact: z.string(), member: z.string(), ...occurred };

export const platformEvent = z.discriminatedUnion('kind', [
  /** A contact added a member; `half` when the member has not confirmed yet. `channel` names the way in. */
  z.object({
    kind: z.literal('contact_added'),
    ...follow,
    half: z.boolean(),
    channel: z.string().optional(),
    welcomeCode: z.string().optional(),
  }),
  /** A member changed remark, phone or tags of a contact. What changed must be fetched. */
  z.object({ kind: z.literal('contact_edited'), ...follow }),
  z.object({
    kind: z.literal('contact_removed'),
    ...follow,
    by: z.enum(['member', 'contact']),
    transferred: z.boolean(),
  }),
  z.object({ kind: z.literal('contact_transfer_failed'), ...follow, reason: z.string() }),
  /** The contact agreed that this member's chat with them is archived. */
  z.object({ kind: z.literal('contact_consented'), ...follow, welcomeCode: z.string().optional() }),
  z.object({ kind: z.literal('group_created'), group: z.string(), ...occurred }),
  z.object({ kind: z.literal('group_changed'), group: z.string(), change: z.string(), ...occurred }),
  z.object({ kind: z.literal('group_dismissed'), group: z.string(), ...occurred }),
  /** `key` '' with `reordered` means every group changed places. */
  z.object({
    kind: z.literal('tag_changed'),
    action: z.enum(['created', 'updated', 'deleted', 'reordered']),
    key: z.string(),
    isGroup: z.boolean(),
    ...occurred,
  }),
  z.object({ kind: z.literal('member_joined'), member: z.string(), ...occurred }),
  z.object({ kind: z.literal('member_changed'), member: z.string(), newKey: z.string().optional(), ...occurred }),
  z.object({ kind: z.literal('member_left'), member: z.string(), ...occurred }),
  z.object({ kind: z.literal('department_changed'), department: z.string(), ...occurred }),
  z.object({ kind: z.literal('department_removed'), department: z.string(), ...occurred }),
  z.object({ kind: z.literal('member_tag_changed'), key: z.string(), ...occurred }),
  /** New records wait in the chat archive. */
  z.object({ kind: z.literal('archive_ready'), ...occurred }),
  /** A member wrote to the app. */
  z.object({
    kind: z.literal('app_message'),
    member: z.string(),
    messageKey: z.string(),
    type: z.string(),
    text: z.string(),
    ...occurred,
  }),
  /** A member opened the app, entered or left its visible range, or pressed one of its menus. */
  z.object({ kind: z.literal('app_used'), member: z.string(), action: z.string(), key: z.string(), ...occurred }),
  /** A button of one of our cards was pressed. `messageKey` tells two presses apart; `values` is what was filled in. */
  z.object({
    kind: z.literal('card_pressed'),
    card: z.string(),
    member: z.string(),
    action: z.string(),
    values: z.record(z.string(), z.string()),
    messageKey: z.string(),
    /** Good for one change of the card, where the platform gives one (`cardUpdates: 'once'`). */
    updateCode: z.string().optional(),
    ...occurred,
  }),
  /** A todo on the platform is other than before. What it is now must be asked for. `members`: those of its people we met. */
  z.object({ kind: z.literal('todo_changed'), todo: z.string(), members: z.array(z.string()), ...occurred }),
  /** The platform's own approval form moved on, in whatever order it says so. What it is now must be asked for. */
  z.object({ kind: z.literal('form_changed'), form: z.string(), ...occurred }),
  /** Something this version has no use for: stored, acknowledged, ignored. */
  z.object({ kind: z.literal('unknown'), name: z.string(), ...occurred }),
]);

export type PlatformEvent = z.infer<typeof platformEvent>;
export type EventKind = PlatformEvent['kind'];
export type EventOf<Kind extends EventKind> = Extract<PlatformEvent, { kind: Kind }>;

/** What of an event nobody should read where it is kept: a code that opens something, and what someone wrote. */
export const sealedFields = ['welcomeCode', 'text', 'updateCode'] as const;

/** Events of one subject are applied in order and one at a time. */
export function subjectOf(event: PlatformEvent): string {
  if ('card' in event) return `card:${event.card}`;
  if ('todo' in event) return `todo:${event.todo}`;
  if ('form' in event) return `form:${event.form}`;
  if ('contact' in event) return `contact:${event.contact}`;
  if ('group' in event) return `group:${event.group}`;
  if ('department' in event) return 'departments';
  if ('member' in event) return `member:${event.member}`;
  switch (event.kind) {
    case 'tag_changed':
      return 'tags';
    case 'member_tag_changed':
      return 'member-tags';
    case 'archive_ready':
      return 'archive';
    case 'unknown':
      return `unknown:${event.name}`;
  }
}
