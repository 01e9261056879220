import type { Deps } from '#server/base/deps.ts';
import type { Db } from '#server/base/database.ts';
import { plainError } from '#server/base/plain-error.ts';
import { Refusal } from '#server/base/refusal.ts';
import { after, effectDone, effectFailed, setsNothingFree, type Approval, type Step } from './approval.ts';
import { approvalContents } from './approval-api.ts';
import { lockApproval, saveStep } from './approval-store.ts';
import { readEffectAttempts, saveEffectAttempt } from './effect-store.ts';
import { changeApproval, publishApproval } from './change-approval.ts';
import { nextTryAfter, type ApprovalOf, type Effect, type Effects } from './effect.ts';
import { deliver, owe, type Owed } from './owe-delivery.ts';

/** Does what was approved, once however often it is asked: the row says whether it is done, in the same transaction. */
export async function applyEffect(deps: Deps, { approvalId }: { approvalId: string }, effects: Effects): Promise<void> {
  try {
    const done = await deps.db.$transaction((tx) => applyIn(tx, deps, approvalId, effects));
    if (!done) return;
    await done.afterwards?.();
    await deliver(deps, done.owed);
    await publishApproval(deps, done.approval);
  } catch (error) {
    if (error instanceof Refusal) await giveUp(deps, approvalId, error);
    else await tryLater(deps, approvalId, error);
  }
}

interface Done {
  approval: Approval;
  owed: Owed;
  afterwards: (() => Promise<void> | void) | undefined;
}

/** Null when there is nothing to do, or not yet. */
async function applyIn(tx: Db, deps: Deps, approvalId: string, effects: Effects): Promise<Done | null> {
  const now = deps.now();
  const found = await lockApproval(tx, deps.cipher, approvalId);
  const effect = effects[found.kind];
  if (setsNothingFree(found)) {
    if (typeof effect !== 'object') return null;
    return { approval: found, owed: nothingOwed, afterwards: await run(effect.ended, tx, deps, found) };
  }
  const { nextAt } = await readEffectAttempts(tx, approvalId);
  if (found.effectState !== 'waiting' || (nextAt && nextAt > now)) return null;
  const approved = typeof effect === 'object' ? effect.approved : effect;
  const afterwards = approved === 'without effect' ? undefined : await run(approved, tx, deps, found);
  const step: Step =
    approved === 'without effect'
      ? { change: { effectState: 'none' }, seats: [], history: [] }
      : effectDone(found, now);
  const history = await saveStep(tx, deps.cipher, approvalId, step, now);
  await saveEffectAttempt(tx, approvalId, { error: null, effectAt: now });
  const owed = await owe(tx, deps, after(found, step), { seats: [], history });
  return { approval: after(found, step), owed, afterwards };
}

const nothingOwed: Owed = { noticeKeys: [], cardKeys: [], formOf: null };

async function run(effect: unknown, tx: Db, deps: Deps, found: Approval): Promise<Done['afterwards']> {
  const content = approvalContents[found.kind].parse(found.content);
  const afterwards = await (effect as Effect<never>)(tx, deps, { ...found, content } as ApprovalOf<never>);
  return afterwards ?? undefined;
}

/** What the rooms above refuse stays refused: both who asked and who decided must know. */
async function giveUp(deps: Deps, approvalId: string, refusal: Refusal): Promise<void> {
  await changeApproval(deps, approvalId, (approval, now) =>
    approval.effectState === 'waiting'
      ? effectFailed(approval, refusal.message, now)
      : { change: {}, seats: [], history: [] },
  );
  await saveEffectAttempt(deps.db, approvalId, { error: refusal.code, effectAt: deps.now() });
}

async function tryLater(deps: Deps, approvalId: string, error: unknown): Promise<void> {
  const now = deps.now();
  const { attempts } = await readEffectAttempts(deps.db, approvalId);
  const nextAt = nextTryAfter(attempts, now);
  deps.log.warn({ err: error, attempts: attempts + 1 }, 'the effect of an approval is tried again later');
  await saveEffectAttempt(deps.db, approvalId, { error: plainError(error).message, effectAt: nextAt });
  await deps.jobs.add(
    'apply-effect',
    { approvalId },
    { key: `${approvalId}:${nextAt.getTime()}`, delayMs: nextAt.getTime() - now.getTime() },
  );
}
