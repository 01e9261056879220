import type { Deps } from '#server/base/deps.ts';
import type { EventKind, EventOf } from '#server/platform/event.ts';

export type Deed<Kind extends EventKind> = (deps: Deps, platform: string, event: EventOf<Kind>) => Promise<void>;
export type Deeds = { [Kind in EventKind]: Deed<Kind> | 'ignored' };

/** What each thing a platform tells sets off. `ignored` is stored and acknowledged, and nothing more. */
export const deeds: Deeds = {
  contact_added: 'ignored',
  contact_edited: 'ignored',
  contact_removed: 'ignored',
  contact_transfer_failed: 'ignored',
  contact_consented: 'ignored',
  group_created: 'ignored',
  group_changed: 'ignored',
  group_dismissed: 'ignored',
  tag_changed: 'ignored',
  member_joined: 'ignored',
  member_changed: 'ignored',
  member_left: 'ignored',
  department_changed: 'ignored',
  department_removed: 'ignored',
  member_tag_changed: 'ignored',
  archive_ready: 'ignored',
  app_message: 'ignored',
  app_used: 'ignored',
  unknown: 'ignored',
};
