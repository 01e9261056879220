import type { z } from 'zod';
import type { Deps } from '#server/base/deps.ts';
import { withLock } from '#server/base/lock.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import { canGoOn, mustStartOver, willPass, type SyncKind, type SyncRun } from './sync-run.ts';
import {
  findLatestSyncRun,
  insertSyncRun,
  lockSyncKind,
  saveGoingOn,
  saveSyncDone,
  saveSyncFailed,
  saveSyncProgress,
} from './sync-run-store.ts';

export interface Sync<Cursor> {
  platform: string;
  kind: SyncKind;
  /** How the place in the walk is kept between two steps. */
  cursor: z.ZodType<Cursor>;
  /** One page: small enough that a step lost in a crash is cheap, and safe to do again. `cursor` is null at the start. */
  step(cursor: Cursor | null): Promise<SyncStep<Cursor>>;
}

export interface SyncStep<Cursor> {
  /** Where to go on; null when the walk is at its end. */
  next: Cursor | null;
  /** Records seen in this step, and those of them that had to be put right. */
  done: number;
  repaired?: number;
  /** How many there are in all, once that is known. */
  total?: number;
}

/**
 * Walks to the end, from where the last run of this kind stopped, saving after every step. Answers null when another
 * process is walking already.
 */
export async function runSync<Cursor>(deps: Deps, sync: Sync<Cursor>): Promise<SyncRun | null> {
  let run: SyncRun | null = null;
  await withLock(deps.pool, `sync:${sync.platform}:${sync.kind}`, async () => {
    run = await walk(deps, sync, await openSyncRun(deps, sync.platform, sync.kind));
  });
  return run;
}

/** The run to go on with, or a new one. */
export async function openSyncRun(deps: Deps, platform: string, kind: SyncKind): Promise<SyncRun> {
  const run = await deps.db.$transaction(async (tx) => {
    await lockSyncKind(tx, platform, kind);
    const latest = await findLatestSyncRun(tx, platform, kind);
    if (!latest || !canGoOn(latest, deps.now())) return insertSyncRun(tx, platform, kind, deps.now());
    return latest.state === 'running' ? latest : saveGoingOn(tx, latest.id);
  });
  tell(deps);
  return run;
}

async function walk<Cursor>(deps: Deps, sync: Sync<Cursor>, opened: SyncRun): Promise<SyncRun> {
  let run = opened;
  try {
    const kept = sync.cursor.nullable().safeParse(run.cursor);
    let cursor = kept.success ? kept.data : null;
    do {
      const { next, done, repaired = 0, total = run.total } = await sync.step(cursor);
      run = await saveSyncProgress(deps.db, run.id, { cursor: next, done, total, repaired });
      tell(deps);
      cursor = next;
    } while (cursor !== null);
    run = await saveSyncDone(deps.db, run.id, deps.now());
    tell(deps);
    return run;
  } catch (error) {
    if (!willPass(error)) {
      const lastError = error instanceof PlatformError ? error.message : 'An error on our side: see the log.';
      await saveSyncFailed(deps.db, run.id, { lastError, startOver: mustStartOver(error), now: deps.now() });
      tell(deps);
    }
    throw error;
  }
}

function tell(deps: Deps): void {
  deps.live.publish('admin', { part: 'sync' });
}
