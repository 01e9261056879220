import type { z } from 'zod';
import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { readSetting, saveSetting } from '#server/base/setting.ts';
import { listLocales } from '#server/member/member-store.ts';
import { insertNotices, type NewNotice } from '#server/notice/notice-store.ts';
import { nudgeNotices } from '#server/notice/nudge-notices.ts';
import { optOutView } from './contact-api.ts';
import { getContactByIdInScope, getContactById, saveOptOut } from './contact-store.ts';
import { listFollowers } from './follow-store.ts';

const KEY = 'optOut';
/** What was said longer ago than this is heard from an archive read late, and no news to anybody. */
const NEWS_MS = 3 * DAY_MS;

type Words = z.infer<typeof optOutView>;
const words = optOutView.default({
  keywords: ['退订', 'TD', 'T', '取消订阅'],
  backKeywords: ['重新订阅'],
});

export async function readOptOutWords(db: Db): Promise<Words> {
  return readSetting(db, KEY, words);
}

export async function saveOptOutWords(deps: Deps, caller: Caller, wish: Words): Promise<Words> {
  await deps.db.$transaction(async (tx) => {
    await saveSetting(tx, KEY, wish, caller.memberId);
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'opt_out.changed',
      subject: 'setting:optOut',
      detail: wish,
    });
  });
  return wish;
}

/** Whether a message says nothing but that they want no more, or want it again. */
export function wishIn({ keywords, backKeywords }: Words, text: string): 'out' | 'back' | null {
  const said = plain(text);
  if (said === '') return null;
  if (keywords.some((keyword) => plain(keyword) === said)) return 'out';
  return backKeywords.some((keyword) => plain(keyword) === said) ? 'back' : null;
}

/** ＴＤ。 and td are TD. */
function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/^[\s\p{P}]+|[\s\p{P}]+$/gu, '');
}

/** What changed, to be told once it is committed. */
export interface OptOutNews {
  contactIds: string[];
  noticeKeys: string[];
}

export interface OptOutWish {
  contactId: string;
  optedOut: boolean;
  by: 'keyword' | 'member' | 'api';
  /** When it was said. */
  at: Date;
  memberId: string | null;
  reason: string;
}

/**
 * From now on the contact is written to by no broadcast and no series, or may be again. Of two words on it the one said
 * last counts, in whatever order they come. In the transaction of whoever heard it.
 */
export async function applyOptOut(deps: Deps, tx: Db, wish: OptOutWish): Promise<OptOutNews> {
  const { contactId, optedOut, by, at, memberId, reason } = wish;
  const contact = await saveOptOut(
    tx,
    contactId,
    { optedOutAt: optedOut ? at : null, optedOutBy: optedOut ? by : null },
    at,
  );
  if (!contact?.isChanged) return { contactIds: [], noticeKeys: [] };
  await recordAudit(tx, {
    memberId,
    action: optedOut ? 'contact.opted_out' : 'contact.opted_in',
    subject: `contact:${contactId}`,
    detail: { by, reason, at: at.toISOString() },
  });
  const isNews = deps.now().getTime() - at.getTime() < NEWS_MS;
  const notices = isNews ? await noticesOf(tx, contact, wish) : [];
  await insertNotices(tx, deps.cipher, notices, deps.now());
  return { contactIds: [contactId], noticeKeys: notices.map(({ key }) => key) };
}

/** Once what was applied is committed. */
export async function tellOptOuts(deps: Deps, { contactIds, noticeKeys }: OptOutNews): Promise<void> {
  for (const contactId of contactIds) deps.live.publish(`contact.${contactId}`, { part: 'contact', contactId });
  for (const contactId of contactIds) await deps.jobs.add('note-opt-out', { contactId });
  await nudgeNotices(deps, noticeKeys);
}

/** A member, or marketing for whoever asked them, says so of a contact. */
export async function setOptOut(
  deps: Deps,
  caller: Caller,
  contactId: string,
  { optedOut, reason }: { optedOut: boolean; reason: string },
): Promise<{ optedOutAt: string | null; optedOutBy: OptOutWish['by'] | null }> {
  const isForAll = caller.role === 'admin' || caller.role === 'marketing';
  if (isForAll) await getContactById(deps.db, contactId);
  else await getContactByIdInScope(deps.db, caller.scope, contactId);
  const by = isForAll ? 'api' : 'member';
  const news = await deps.db.$transaction((tx) =>
    applyOptOut(deps, tx, { contactId, optedOut, by, at: deps.now(), memberId: caller.memberId, reason }),
  );
  await tellOptOuts(deps, news);
  const { optedOutAt, optedOutBy } = await getContactById(deps.db, contactId);
  return { optedOutAt: optedOutAt?.toISOString() ?? null, optedOutBy };
}

async function noticesOf(
  tx: Db,
  { key: contactKey, name }: { key: string; name: string },
  { contactId, optedOut, at, memberId }: OptOutWish,
): Promise<NewNotice[]> {
  const followers = (await listFollowers(tx, contactId)).filter(
    (follower) => follower.state === 'active' && follower.memberId !== memberId,
  );
  const ids = followers.map((follower) => follower.memberId);
  const locales = await listLocales(tx, ids);
  return ids.map((id) => ({
    key: `opt-out:${contactId}:${at.toISOString()}:${id}`,
    memberId: id,
    text: noticeOf(locales.get(id) ?? 'zh-CN', name, optedOut),
    path: `/sidebar.html?contact=${encodeURIComponent(contactKey)}`,
  }));
}

function noticeOf(locale: string, name: string, optedOut: boolean): string {
  if (locale.startsWith('en'))
    return optedOut
      ? `${name} unsubscribed: broadcasts and series no longer reach them.`
      : `${name} subscribed again: broadcasts and series may reach them.`;
  return optedOut ? `${name} 已退订，群发与自动跟进不再触达。` : `${name} 重新订阅，群发与自动跟进可以触达。`;
}
