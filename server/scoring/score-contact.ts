import { isDeepStrictEqual } from 'node:util';
import type { Deps } from '#server/base/deps.ts';
import { listBindings } from '#server/binding/binding-store.ts';
import { listConversationsOf, listMessages, readConversation } from '#server/conversation/conversation-store.ts';
import type { StoredSignal } from '#server/summary/summary.ts';
import { listSignals } from '#server/summary/summary-store.ts';
import { METHOD, scoreOf, type ScoreFacts } from './score.ts';
import { findCompany, findLatestScore, insertScore, lockContact } from './scoring-store.ts';

const MESSAGES_MAX = 200;

/**
 * Scores a contact from what is known now, and keeps the score when it says something new. Asks no model. An override
 * outlives the computation: it stands until a rep takes it back.
 */
export async function scoreContact(deps: Deps, { contactId }: { contactId: string }): Promise<void> {
  const facts = await factsOf(deps, contactId);
  if (!facts) return;
  const { value, factors } = scoreOf(facts, deps.now());
  const isNew = await deps.db.$transaction(async (tx) => {
    await lockContact(tx, contactId);
    const latest = await findLatestScore(tx, deps.cipher, contactId);
    if (latest?.method === METHOD && isDeepStrictEqual(latest.factors, factors)) return false;
    const score = { contactId, at: deps.now(), value, factors, method: METHOD };
    await insertScore(tx, deps.cipher, score, latest && latest.override);
    return true;
  });
  if (isNew) deps.live.publish(`contact.${contactId}`, { part: 'score', contactId });
}

async function factsOf(deps: Deps, contactId: string): Promise<ScoreFacts | null> {
  const contact = await findCompany(deps.db, contactId);
  if (!contact) return null;
  const bindings = await listBindings(deps.db, { all: true }, contactId);
  const conversations = await listConversationsOf(deps.db, { all: true }, contactId);
  const messages = await Promise.all(conversations.map(({ id }) => readConversation(deps, id, MESSAGES_MAX, 'rules')));
  return {
    contact,
    bindings: bindings.map(({ role, customer }) => ({ role, grade: customer.grade })),
    messages: messages.flat(),
    signals: await standingSignals(deps, contactId),
  };
}

/** A message that was recalled speaks for nothing. */
export async function standingSignals(deps: Deps, contactId: string): Promise<StoredSignal[]> {
  const signals = await listSignals(deps.db, deps.cipher, contactId);
  const cited = signals.flatMap(({ quotes }) => quotes.map(({ messageId }) => messageId));
  const standing = new Set((await listMessages(deps, [...new Set(cited)])).map(({ id }) => id));
  return signals.map(({ signal, quotes }) => ({
    signal,
    quotes: quotes.filter(({ messageId }) => standing.has(messageId)),
  }));
}
