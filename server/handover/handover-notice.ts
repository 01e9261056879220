import type { Db } from '#server/base/database.ts';
import { getMember, listMemberNames } from '#server/member/member-store.ts';
import type { NewNotice } from '#server/notice/notice-store.ts';
import type { KindCounts } from './handover-api.ts';
import { noCounts, type Handover, type ItemKind } from './handover.ts';
import type { ItemCount } from './handover-store.ts';

const words: Record<'zh' | 'en', Record<ItemKind, (count: number) => string>> = {
  zh: {
    contact: (count) => `${count} 位联系人`,
    customer: (count) => `${count} 个客户`,
    opportunity: (count) => `${count} 个商机`,
    task: (count) => `${count} 项任务`,
    approval: (count) => `${count} 个审批`,
  },
  en: {
    contact: (count) => `${count} ${count === 1 ? 'contact' : 'contacts'}`,
    customer: (count) => `${count} ${count === 1 ? 'customer' : 'customers'}`,
    opportunity: (count) => `${count} ${count === 1 ? 'opportunity' : 'opportunities'}`,
    task: (count) => `${count} ${count === 1 ? 'task' : 'tasks'}`,
    approval: (count) => `${count} ${count === 1 ? 'approval' : 'approvals'}`,
  },
};

const isEnglish = (locale: string): boolean => locale.startsWith('en');

/** 3 位联系人、2 个客户 */
function listed(counts: KindCounts, locale: string): string {
  const said = words[isEnglish(locale) ? 'en' : 'zh'];
  const parts = (Object.keys(counts) as ItemKind[])
    .filter((kind) => counts[kind] > 0)
    .map((kind) => said[kind](counts[kind]));
  return parts.join(isEnglish(locale) ? ', ' : '、');
}

/** To whoever made it: how it ended. To each taker: what is theirs now. */
export async function finishedNotices(
  db: Db,
  handover: Handover,
  counts: readonly ItemCount[],
  now: Date,
): Promise<NewNotice[]> {
  const giver = (await listMemberNames(db, [handover.fromMemberId])).get(handover.fromMemberId) ?? '';
  const path = `/desk.html#/handovers/${handover.id}`;
  const key = (memberId: string) => `handover-finished:${handover.id}:${memberId}:${now.toISOString()}`;
  const done = counts.filter(({ state }) => state === 'done');
  const stayed = counts.filter(({ state }) => state !== 'done').reduce((sum, { count }) => sum + count, 0);
  const maker = await getMember(db, handover.createdBy);
  const total = done.reduce((sum, { count }) => sum + count, 0);
  const notices = [
    { key: key(maker.id), memberId: maker.id, text: outcomeText(maker.locale, giver, total, stayed), path },
  ];
  for (const [to, rows] of Map.groupBy(done, ({ toMemberId }) => toMemberId)) {
    if (to === maker.id) continue;
    const { id, locale } = await getMember(db, to);
    notices.push({
      key: key(id),
      memberId: id,
      text: takenText(locale, giver, listed(sumKinds(rows), locale)),
      path: '/sidebar.html',
    });
  }
  return notices;
}

function outcomeText(locale: string, giver: string, done: number, stayed: number): string {
  if (isEnglish(locale)) {
    return `Hand-over of ${giver} finished\n${done} went over${stayed > 0 ? `, ${stayed} did not: look at why` : ''}`;
  }
  return `${giver} 的交接已结束\n已交接 ${done} 项${stayed > 0 ? `，${stayed} 项未成功，请查看原因` : ''}`;
}

const takenText = (locale: string, giver: string, what: string): string =>
  isEnglish(locale) ? `You took over from ${giver}\n${what}` : `${giver} 的工作已交接给你\n${what}`;

export const leaverNoticeKey = (leaverId: string, leftAt: Date, memberId: string): string =>
  `handover-proposed:${leaverId}:${leftAt.toISOString()}:${memberId}`;

export function leaverText(locale: string, leaver: string, counts: KindCounts): string {
  const what = listed(counts, locale);
  return isEnglish(locale) ? `${leaver} has left\nTo be handed over: ${what}` : `${leaver} 已离职\n待交接：${what}`;
}

export function sumKinds(rows: readonly { kind: ItemKind; count: number }[]): KindCounts {
  const counts = noCounts();
  for (const { kind, count } of rows) counts[kind] += count;
  return counts;
}
