import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { applyOptOut, readOptOutWords, wishIn, type OptOutNews } from '#server/contact/opt-out.ts';
import type { NewMessage } from './conversation.ts';

/**
 * Contacts who wrote that they want no more, or want it again: heard in the transaction that stores the messages, by no
 * model. A message that was heard before is not later than itself and changes nothing.
 */
export async function hearOptOuts(deps: Deps, tx: Db, messages: readonly NewMessage[]): Promise<OptOutNews> {
  const said = messages.filter(({ sender, kind }) => sender === 'contact' && kind === 'text');
  const news: OptOutNews = { contactIds: [], noticeKeys: [] };
  if (said.length === 0) return news;
  const words = await readOptOutWords(tx);
  const wishes = said.flatMap((message) => {
    const wish = wishIn(words, message.text);
    return wish ? [{ wish, ...message }] : [];
  });
  // In one order everywhere, so that two who hear at once do not wait for each other.
  wishes.sort((a, b) => a.contactId.localeCompare(b.contactId) || a.at.getTime() - b.at.getTime());
  for (const { wish, contactId, at } of wishes) {
    const heard = { contactId, optedOut: wish === 'out', by: 'keyword' as const, at, memberId: null, reason: '' };
    const { contactIds, noticeKeys } = await applyOptOut(deps, tx, heard);
    news.contactIds.push(...contactIds);
    news.noticeKeys.push(...noticeKeys);
  }
  return news;
}
