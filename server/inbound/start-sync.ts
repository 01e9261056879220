import type { Deps } from '#server/base/deps.ts';
import type { JobName } from '#server/base/job-payloads.ts';
import { recordAudit } from '#server/base/audit.ts';
import { Refusal } from '#server/base/refusal.ts';
import { openSyncRun } from './run-sync.ts';
import type { SyncKind, SyncRun } from './sync-run.ts';

const jobOf = {
  members: 'sync-members',
  contacts: 'sync-contacts',
  tags: 'sync-tags',
  reconcile: 'reconcile',
} as const satisfies Record<SyncKind, JobName>;

export async function startSync(
  deps: Deps,
  { platform, kind, by }: { platform: string; kind: SyncKind; by: string },
): Promise<SyncRun> {
  const { contacts } = deps.platforms.get(platform).capabilities;
  if (!contacts && isAboutContacts(kind))
    throw new Refusal('sync.no_contacts', 'This platform has no contacts to sync.', 409);
  const run = await openSyncRun(deps, platform, kind);
  await recordAudit(deps.db, { memberId: by, action: `sync.${kind}.started`, subject: `sync:${run.id}` });
  await deps.jobs.add(jobOf[kind], { platform }, { key: platform });
  return run;
}

function isAboutContacts(kind: SyncKind): boolean {
  return kind === 'contacts' || kind === 'tags';
}
