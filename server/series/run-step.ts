import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { plainError } from '#server/base/plain-error.ts';
import { nudgeNotices } from '#server/notice/nudge-notices.ts';
import { announcePlaced, type PlacedTask } from '#server/task/place-task.ts';
import { insertStep, listDueRuns, lockDueRun, readFacts, saveRun } from './run-store.ts';
import { afterStep, left, verdictOf, type Run } from './series.ts';
import { doAction } from './do-action.ts';

const BATCH = 200;

/** What a step set off, to be told once it is committed. */
export interface Done {
  run: Run;
  placed: PlacedTask | null;
  noticeKeys: string[];
}

/** All steps that are due, one after the other; who has several due gets them in their order. */
export async function runSteps(deps: Deps): Promise<void> {
  const failed = new Set<string>();
  for (;;) {
    const due = (await listDueRuns(deps.db, deps.now(), BATCH + failed.size)).filter((id) => !failed.has(id));
    let moved = 0;
    for (const id of due) {
      try {
        if (await runStep(deps, id)) moved += 1;
        else failed.add(id);
      } catch (error) {
        // One that cannot be done does not hold up the others; the next sweep tries it again.
        failed.add(id);
        deps.log.error({ err: plainError(error) }, 'a step of a series failed');
      }
    }
    if (moved === 0) return;
  }
}

/**
 * The next step of one contact. What it does, that it was done and whose turn is next are one transaction: a process that
 * dies has done all of it or nothing. False when it is not its turn, or somebody else is at it.
 */
export async function runStep(deps: Deps, runId: string): Promise<boolean> {
  const done = await deps.db.$transaction(async (tx) => {
    const run = await lockDueRun(tx, runId, deps.now());
    return run && takeTurn(deps, tx, run);
  });
  if (!done) return false;
  if (done.placed) await announcePlaced(deps, done.placed);
  await nudgeNotices(deps, done.noticeKeys);
  deps.live.publish(`contact.${done.run.contactId}`, { part: 'tasks', contactId: done.run.contactId });
  return true;
}

async function takeTurn(deps: Deps, tx: Db, run: Run): Promise<Done> {
  const now = deps.now();
  const nothing: Done = { run, placed: null, noticeKeys: [] };
  const verdict = verdictOf(run, await readFacts(tx, run), now);
  const { id: runId, step } = run;
  switch (verdict.kind) {
    case 'leave':
      await saveRun(tx, runId, left(verdict.because, now));
      return nothing;
    case 'skip':
      await insertStep(tx, { runId, step, at: now, result: 'skipped', reason: verdict.reason, taskId: null });
      await saveRun(tx, runId, afterStep(run, now));
      return nothing;
    case 'act': {
      const done = await doAction(deps, tx, run, verdict.step);
      const taskId = done.placed?.task.id ?? null;
      await insertStep(tx, { runId, step, at: now, result: 'done', reason: null, taskId });
      await saveRun(tx, runId, afterStep(run, now));
      return { run, ...done };
    }
  }
}
