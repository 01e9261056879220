import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { dayOf, endOf, instantOf } from '#server/base/shanghai.ts';
import { getContactById } from '#server/contact/contact-store.ts';
import { listMaterialContents } from '#server/material/material-store.ts';
import { listLocales } from '#server/member/member-store.ts';
import { insertNotices } from '#server/notice/notice-store.ts';
import { insertDraft } from '#server/summary/summary-store.ts';
import { placeTask, type PlacedTask } from '#server/task/place-task.ts';
import type { Run } from './series.ts';
import type { SeriesStep } from './series-api.ts';
import { getSeries } from './series-store.ts';

const END_OF_WORK = 18 * 60;
const TITLE_MAX = 200;

/** Does what the step says, in the transaction that notes it as done. Nothing is sent to the contact: the member does that. */
export async function doAction(
  deps: Deps,
  tx: Db,
  run: Run,
  { action }: SeriesStep,
): Promise<{ placed: PlacedTask | null; noticeKeys: string[] }> {
  const { contactId, memberId } = run;
  const { name } = await getSeries(tx, run.seriesId);
  const locale = (await listLocales(tx, [memberId])).get(memberId) ?? 'zh-CN';
  const say = sayings(locale);
  const key = `series:${run.id}:${run.step}`;
  const given = { key, contactId, assigneeId: memberId, from: say.series(name) };
  const now = deps.now();
  switch (action.kind) {
    case 'task': {
      const { title, dueInDays } = action;
      return nothingMore(await placeTask(deps, tx, { ...given, title, state: 'open', dueAt: dueIn(dueInDays, now) }));
    }
    case 'message': {
      const material = action.materialId ? await findMaterialTitle(tx, action.materialId) : null;
      const title = say.message(action.text, material).slice(0, TITLE_MAX);
      const placed = await placeTask(deps, tx, { ...given, title, state: 'proposed', dueAt: dueIn(0, now) });
      await insertDraft(tx, deps.cipher, { memberId, contactId }, { text: action.text, updatedAt: now });
      return nothingMore(placed);
    }
    case 'notice': {
      const contact = await getContactById(tx, contactId);
      const path = `/sidebar.html?contact=${encodeURIComponent(contact.key)}`;
      const text = say.notice(name, contact.name, action.text);
      await insertNotices(tx, deps.cipher, [{ key, memberId, text, path }], now);
      return { placed: null, noticeKeys: [key] };
    }
  }
}

const nothingMore = (placed: PlacedTask | null) => ({ placed, noticeKeys: [] });

/** By the end of work that day; of a day that is over, by its end. */
function dueIn(days: number, now: Date): Date {
  const day = dayOf(now) + days;
  const due = instantOf(day, END_OF_WORK);
  return due > now ? due : endOf(day);
}

async function findMaterialTitle(tx: Db, id: string): Promise<string | null> {
  return (await listMaterialContents(tx, [id])).get(id)?.title ?? null;
}

function sayings(locale: string) {
  if (locale.startsWith('en'))
    return {
      series: (name: string) => `The series “${name}”`,
      message: (text: string, material: string | null) => `Send${material ? ` with “${material}”` : ''}: ${text}`,
      notice: (name: string, contact: string, text: string) => `Series “${name}” · ${contact}: ${text}`,
    };
  return {
    series: (name: string) => `自动跟进“${name}”`,
    message: (text: string, material: string | null) => `发消息${material ? `（附素材“${material}”）` : ''}：${text}`,
    notice: (name: string, contact: string, text: string) => `自动跟进“${name}” · ${contact}：${text}`,
  };
}
