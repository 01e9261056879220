import type { Caller } from '#server/base/caller.ts';
import { recordAudit } from '#server/base/audit.ts';
import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import { Refusal } from '#server/base/refusal.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import { findFollow } from '#server/contact/follow-store.ts';
import { tellOptOuts } from '#server/contact/opt-out.ts';
import { announceMessages } from './announce-messages.ts';
import { splitPaste, type PastedMessage } from './chat-paste.ts';
import { getSource } from './chat-source-store.ts';
import { insertMessages, listSaidBetween } from './conversation-store.ts';
import { hearOptOuts } from './hear-opt-outs.ts';

/**
 * Adds the chat of the caller and a contact that the caller copied. What is there already, pasted before or from
 * another source, is not added again.
 */
export async function pasteConversation(
  deps: Deps,
  caller: Caller,
  { contactId, text }: { contactId: string; text: string },
): Promise<{ added: number; known: number }> {
  const contact = await getContactByIdInScope(deps.db, caller.scope, contactId);
  const source = await getSource(deps.db, contact.platform, 'paste');
  if (!source.enabled)
    throw new Refusal('conversation.paste_off', 'An admin has switched off adding pasted chats.', 403);
  const follow = await findFollow(deps.db, contactId, caller.memberId);
  const names = { contact: [contact.name, follow?.remark ?? ''].filter(Boolean), member: [caller.name] };
  const pasted = splitPaste(text, names, deps.now());
  const pair = { contactId, memberId: caller.memberId };

  const { added, news } = await deps.db.$transaction(async (tx) => {
    const said = await listSaidBetween(tx, deps.cipher, pair, boundsOf(pasted));
    const fresh = withKeys(deps, pair, pasted).filter(({ message }) => !takeSame(said, message));
    const messages = fresh.map(({ key, message }) => {
      const { sender, at, text } = message;
      return { ...pair, key, sender, at, text, kind: 'text' as const, media: null };
    });
    const count = await insertMessages(tx, deps.cipher, source.id, messages);
    const detail = { added: count, known: pasted.length - count };
    const subject = `contact:${contactId}`;
    await recordAudit(tx, { memberId: caller.memberId, action: 'conversation.pasted', subject, detail });
    return { added: count, news: await hearOptOuts(deps, tx, messages) };
  });
  await tellOptOuts(deps, news);
  await announceMessages(deps);
  return { added, known: pasted.length - added };
}

/** A key is made of what stands in the text alone, so that the same text gives the same keys whenever it is pasted. */
function withKeys(
  deps: Deps,
  { contactId, memberId }: { contactId: string; memberId: string },
  pasted: PastedMessage[],
): { key: string; message: PastedMessage }[] {
  const times = new Map<string, number>();
  return pasted.map((message) => {
    const said = JSON.stringify([contactId, memberId, message.sender, message.stated, message.text]);
    const time = times.get(said) ?? 0;
    times.set(said, time + 1);
    return { key: deps.cipher.hash(JSON.stringify([said, time])), message };
  });
}

type Said = Pick<PastedMessage, 'sender' | 'at' | 'text'>;

/** Copied times have whole minutes at worst: the same words in the same minute are the same message. Each counts once. */
function takeSame(said: Said[], message: PastedMessage): boolean {
  if (message.stated === '') return false;
  const found = said.findIndex(
    ({ sender, at, text }) =>
      sender === message.sender && text.trim() === message.text && minuteOf(at) === minuteOf(message.at),
  );
  if (found >= 0) said.splice(found, 1);
  return found >= 0;
}

function minuteOf(at: Date): number {
  return Math.floor(at.getTime() / MINUTE_MS);
}

function boundsOf(pasted: PastedMessage[]): { from: Date; until: Date } {
  const times = pasted.filter(({ stated }) => stated !== '').map(({ at }) => at.getTime());
  if (times.length === 0) return { from: new Date(0), until: new Date(0) };
  const [first, last] = [Math.min(...times), Math.max(...times)];
  return { from: new Date(minuteOf(new Date(first)) * MINUTE_MS), until: new Date(last + MINUTE_MS) };
}
