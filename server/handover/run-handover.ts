import { recordAudit } from '#server/base/audit.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { withLock } from '#server/base/lock.ts';
import { insertNotices } from '#server/notice/notice-store.ts';
import { announceHandover } from './announce-handover.ts';
import { finishedNotices } from './handover-notice.ts';
import { outcomeOf, type Handover, type ItemState } from './handover.ts';
import { countItems, findHandover, lockHandover, saveHandover, type ItemCount } from './handover-store.ts';
import { moveContacts } from './move-contacts.ts';
import { moveLocal } from './move-local.ts';

/** As far as it can go now. What the platforms have not settled is looked at again when it is due: see the sweep. */
export async function runHandover(deps: Deps, { handoverId }: { handoverId: string }): Promise<void> {
  await withLock(deps.pool, `handover:${handoverId}`, async () => {
    const handover = await findHandover(deps.db, handoverId);
    if (handover?.state !== 'running') return;
    try {
      await moveLocal(deps, handoverId);
      await moveContacts(deps, handover);
    } finally {
      const takers = await finish(deps, handoverId);
      announceHandover(deps, handover, takers);
    }
  });
}

/** Nothing is under way any more: whoever made it and whoever took over are told. */
async function finish(deps: Deps, handoverId: string): Promise<string[]> {
  const told = await deps.db.$transaction(async (tx) => {
    const handover = await lockHandover(tx, handoverId);
    const counts = await countItems(tx, [handoverId]);
    const outcome = outcomeOf(byState(counts));
    if (handover?.state !== 'running' || !outcome) return { takers: [], keys: [] };
    const now = deps.now();
    await saveHandover(tx, handoverId, { state: outcome, finishedAt: now }, now);
    await recordAudit(tx, {
      memberId: null,
      action: 'handover.finished',
      subject: `handover:${handoverId}`,
      detail: { outcome, ...byState(counts) },
    });
    const keys = await owe(tx, deps, handover, counts, now);
    return { takers: [...new Set(counts.map(({ toMemberId }) => toMemberId))], keys };
  });
  await deps.jobs.addAll(
    'send-notice',
    told.keys.map((key) => ({ payload: { key }, options: { key } })),
  );
  return told.takers;
}

async function owe(tx: Db, deps: Deps, handover: Handover, counts: ItemCount[], now: Date): Promise<string[]> {
  const notices = await finishedNotices(tx, handover, counts, now);
  await insertNotices(tx, deps.cipher, notices, now);
  return notices.map(({ key }) => key);
}

export function byState(counts: readonly ItemCount[]): Partial<Record<ItemState, number>> {
  const states: Partial<Record<ItemState, number>> = {};
  for (const { state, count } of counts) states[state] = (states[state] ?? 0) + count;
  return states;
}
