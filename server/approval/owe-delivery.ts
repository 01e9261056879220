import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { listLocales } from '#server/member/member-store.ts';
import { insertNotices, type NewNotice } from '#server/notice/notice-store.ts';
import { approvalNotice, approvalPath, toldOf, type Told } from './approval-notice.ts';
import { openSeats, type Seat } from './seat.ts';
import type { Approval } from './approval.ts';
import { listCopies } from './copy-store.ts';
import { listReachedByCard } from './approval-store.ts';
import type { WrittenEntry } from './history-store.ts';
import { endForm } from './form-store.ts';
import { oweCards } from './owe-cards.ts';

/** What was made owed, to be nudged once the transaction has ended. */
export interface Owed {
  noticeKeys: string[];
  cardKeys: string[];
  /** Its form is to be started, or taken back. */
  formOf: string | null;
}

/**
 * Writes down who must be told or shown something, in the transaction that makes it so. `approval` is as it is now;
 * `seats` are those that changed.
 */
export async function owe(
  tx: Db,
  deps: Deps,
  approval: Approval,
  done: { seats: Seat[]; history: WrittenEntry[] },
): Promise<Owed> {
  const opened = openSeats(approval)
    .filter((seat) => done.seats.some((other) => other.memberId === seat.memberId && other.state === 'open'))
    .map(({ memberId }) => memberId);
  const copies = await listCopies(tx, approval.id);
  const told = done.history.flatMap((entry) => toldOf(approval, entry, opened, copies).map((to) => ({ ...to, entry })));
  const cardKeys = await oweCards(tx, deps, approval);
  const formOf = (await oweForm(tx, deps, approval)) ? approval.id : null;
  if (told.length === 0) return { noticeKeys: [], cardKeys, formOf };
  const shown = await shownCards(tx, deps, told);
  const messages = told.filter(({ memberId, word }) => word !== 'asked' || !shown.has(memberId));
  const locales = await listLocales(
    tx,
    messages.map(({ memberId }) => memberId),
  );
  const notices = messages.map(({ memberId, word, entry }): NewNotice => ({
    key: `approval:${approval.id}:${entry.id}:${memberId}`,
    memberId,
    text: approvalNotice(locales.get(memberId) ?? 'zh-CN', word, approval, entry),
    path: approvalPath(approval.id),
  }));
  await insertNotices(tx, deps.cipher, notices, deps.now());
  return { noticeKeys: notices.map(({ key }) => key), cardKeys, formOf };
}

/** Of those who are asked, whom a card can be shown to: they need no message beside it. */
async function shownCards(tx: Db, deps: Deps, told: Told[]): Promise<Set<string>> {
  const platforms = deps.platforms.all.filter(({ capabilities }) => capabilities.cardUpdates !== 'none');
  const asked = told.filter(({ word }) => word === 'asked').map(({ memberId }) => memberId);
  return listReachedByCard(
    tx,
    platforms.map(({ name }) => name),
    asked,
  );
}

async function oweForm(tx: Db, deps: Deps, { id, mode, state }: Approval): Promise<boolean> {
  if (mode !== 'form') return false;
  return state === 'pending' || endForm(tx, id, deps.now());
}

export async function deliver(deps: Deps, { noticeKeys, cardKeys, formOf }: Owed): Promise<void> {
  await deps.jobs.addAll(
    'show-card',
    cardKeys.map((key) => ({ payload: { key }, options: { key } })),
  );
  if (formOf) await deps.jobs.add('carry-form', { approvalId: formOf }, { key: formOf });
  await deps.jobs.addAll(
    'send-notice',
    noticeKeys.map((key) => ({ payload: { key }, options: { key } })),
  );
}
