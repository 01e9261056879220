import type { Deps } from '#server/base/deps.ts';
import type { JobName } from '#server/base/job-payloads.ts';
import { recordAudit } from '#server/base/audit.ts';
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
  deps.platforms.get(platform);
  const run = await openSyncRun(deps, platform, kind);
  await recordAudit(deps.db, { memberId: by, action: `sync.${kind}.started`, subject: `sync:${run.id}` });
  await deps.jobs.add(jobOf[kind], { platform }, { key: platform });
  return run;
}
