import type { Deps } from '#server/base/deps.ts';
import { readForm } from '#server/approval/carry-form.ts';
import { pressCard } from '#server/approval/press-card.ts';
import { proposeBinding } from '#server/binding/propose-binding.ts';
import { learnContact } from '#server/contact/learn-contact.ts';
import { noteArrival } from '#server/channel/note-arrival.ts';
import { oweWelcome } from '#server/channel/owe-welcome.ts';
import { noticeContact } from '#server/handover/sweep-handovers.ts';
import type { EventSwitch } from '#server/inbound/inbound-event.ts';
import { confirmLeft, refreshMember, renameMember } from '#server/member/refresh-member.ts';
import { syncDepartments } from '#server/member/sync-members.ts';
import { hearTodo } from '#server/task/hear-todo.ts';
import type { EventKind, EventOf, PlatformEvent } from '#server/platform/event.ts';

export type Deed<Kind extends EventKind> = (deps: Deps, platform: string, event: EventOf<Kind>) => Promise<void>;
export type Deeds = { [Kind in EventKind]: Deed<Kind> | 'ignored' };

type ContactEvent = Parameters<typeof learnContact>[2];

/** What may say that a contact went over to a colleague, or did not. */
const movedKinds: ReadonlySet<EventKind> = new Set([
  'contact_added',
  'contact_removed',
  'contact_transfer_failed',
] as const);

async function meetContact(deps: Deps, platform: string, event: ContactEvent): Promise<void> {
  const contactId = await learnContact(deps, platform, event);
  if (contactId) await proposeBinding(deps, contactId);
  if (contactId && event.kind === 'contact_added') await noteArrival(deps, platform, event, contactId);
  if (contactId && movedKinds.has(event.kind)) await noticeContact(deps, contactId);
  if (contactId && event.kind === 'contact_removed')
    await deps.jobs.add('watch-health', { contactIds: [contactId] }, { key: contactId });
}

/** What each thing a platform tells sets off. `ignored` is stored and acknowledged, and nothing more. */
export const deeds: Deeds = {
  contact_added: meetContact,
  contact_edited: meetContact,
  contact_removed: meetContact,
  contact_transfer_failed: meetContact,
  contact_consented: meetContact,
  group_created: 'ignored',
  group_changed: 'ignored',
  group_dismissed: 'ignored',
  tag_changed: (deps, platform) => deps.jobs.add('sync-tags', { platform }, { key: platform }),
  member_joined: async (deps, platform, { member }) => void (await refreshMember(deps, platform, member)),
  member_changed: async (deps, platform, { member, newKey }) => {
    if (newKey) await renameMember(deps, platform, member, newKey);
    else await refreshMember(deps, platform, member);
  },
  member_left: async (deps, platform, { member }) => {
    await confirmLeft(deps, platform, member);
    // What waits for them is asked of somebody else at once.
    await deps.jobs.add('sweep-approvals', {}, { key: 'left' });
    await deps.jobs.add('sweep-handovers', {}, { key: 'left' });
  },
  department_changed: async (deps, platform) => void (await syncDepartments(deps, platform)),
  department_removed: async (deps, platform) => void (await syncDepartments(deps, platform)),
  member_tag_changed: 'ignored',
  archive_ready: (deps, platform) => deps.jobs.add('pull-archive', { platform }, { key: platform }),
  card_pressed: pressCard,
  todo_changed: hearTodo,
  form_changed: (deps, platform, { form }) => readForm(deps, platform, form),
  app_message: 'ignored',
  app_used: 'ignored',
  unknown: 'ignored',
};

/** The part of a deed that cannot wait its turn. Done as soon as the event is stored, and again before the deed itself. */
const urgentDeeds: { [Kind in EventKind]?: Deed<Kind> } = {
  contact_added: oweWelcome,
  contact_consented: oweWelcome,
};

/** How inbound finds the deeds without knowing them. */
function makeEventSwitch(all: Deeds, urgent: { [Kind in EventKind]?: Deed<Kind> }): EventSwitch {
  const deedOf = (kind: EventKind) => (all[kind] === 'ignored' ? undefined : (all[kind] as AnyDeed));
  const urgentOf = (kind: EventKind) => urgent[kind] as AnyDeed | undefined;
  return {
    ignores: (kind) => !deedOf(kind) && !urgentOf(kind),
    isUrgent: (kind) => urgentOf(kind) !== undefined,
    hurry: async (deps, platform, event) => urgentOf(event.kind)?.(deps, platform, event),
    handle: async (deps, platform, event) => deedOf(event.kind)?.(deps, platform, event),
  };
}

type AnyDeed = (deps: Deps, platform: string, event: PlatformEvent) => Promise<void>;

export const eventSwitch = makeEventSwitch(deeds, urgentDeeds);
