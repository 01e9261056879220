import type { Deps } from '#server/base/deps.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';
import { findConversation, listMessages } from '#server/conversation/conversation-store.ts';
import { getMember } from '#server/member/member-store.ts';
import { resolveDuePhrase } from './due-phrase.ts';
import { publishTasks } from './publish-tasks.ts';
import type { Task } from './task.ts';
import { findCustomerOf, insertPromisedTask, listTasksOfMessages } from './task-store.ts';

/** Something said in a chat that someone will do. */
export interface SpokenPromise {
  who: 'member' | 'contact';
  text: string;
  /** An exact piece of the message. */
  quote: string;
  messageId: string;
  /** The time in the words of the chat (周五前); read against the moment of the message. */
  duePhrase?: string | null;
  /** Where the time is known already. */
  dueAt?: Date | null;
}

/**
 * One proposed task per promise, for the member of the conversation. However often a conversation is summarised, a
 * promise is proposed once: also when it was dismissed, and when it is quoted a little longer or shorter than before.
 */
export async function proposeTasks(
  deps: Deps,
  conversationId: string,
  promises: SpokenPromise[],
): Promise<{ proposed: Task[]; known: number }> {
  const conversation = await findConversation(deps.db, conversationId);
  if (!conversation) return { proposed: [], known: 0 };
  const { contactId, memberId } = conversation;
  const { locale } = await getMember(deps.db, memberId);
  const messages = await listMessages(
    deps,
    promises.map(({ messageId }) => messageId),
  );
  const saidAt = new Map(messages.filter((one) => one.conversationId === conversationId).map(({ id, at }) => [id, at]));
  const proposed: Task[] = [];
  let known = 0;
  for (const promise of promises) {
    const at = saidAt.get(promise.messageId);
    if (!at) continue;
    const task = (await isProposed(deps, promise))
      ? null
      : await insertPromisedTask(deps.db, deps.cipher, {
          title: titleOf(promise, locale),
          state: 'proposed',
          contactId,
          customerId: await findCustomerOf(deps.db, contactId),
          assigneeId: memberId,
          createdBy: null,
          dueAt: dueOf(promise, at),
          remindAt: null,
          quote: promise.quote,
          messageId: promise.messageId,
          createdAt: deps.now(),
          promiseKey: promiseKeyOf(deps.cipher, conversationId, promise),
        });
    if (task) proposed.push(task);
    else known += 1;
  }
  if (proposed.length > 0) publishTasks(deps, proposed);
  return { proposed, known };
}

/** What the contact promised is theirs to do: the member's task is to see that it comes. */
function titleOf({ who, text }: SpokenPromise, locale: string): string {
  const prefix = who === 'member' ? '' : locale.startsWith('en') ? 'Promised by the customer: ' : '客户承诺：';
  return (prefix + text.trim()).slice(0, 200);
}

async function isProposed(deps: Deps, { messageId, quote }: SpokenPromise): Promise<boolean> {
  const wanted = normalised(quote);
  const others = await listTasksOfMessages(deps.db, deps.cipher, [messageId]);
  return others.some((task) => {
    const had = normalised(task.quote ?? '');
    const [longer, shorter] = had.length > wanted.length ? [had, wanted] : [wanted, had];
    // One that is much shorter is another promise of the same sentence.
    return longer.includes(shorter) && shorter.length >= longer.length * 0.6;
  });
}

function dueOf({ duePhrase, dueAt }: SpokenPromise, saidAt: Date): Date | null {
  const resolved = duePhrase ? resolveDuePhrase(duePhrase, saidAt) : null;
  return resolved ?? (dueAt && dueAt >= saidAt ? dueAt : null);
}

/** Whatever was done to a promise's task, the promise keeps this key. */
function promiseKeyOf(cipher: FieldCipher, conversationId: string, { messageId, quote }: SpokenPromise): string {
  return cipher.hash(JSON.stringify([conversationId, messageId, normalised(quote)]));
}

/** Without what a model changes when it copies: width of characters, spaces, punctuation. */
function normalised(quote: string): string {
  return quote
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{P}\p{S}]+/gu, '');
}
