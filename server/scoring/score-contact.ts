import { isDeepStrictEqual } from 'node:util';
import type { Deps } from '#server/base/deps.ts';
import { listBindings } from '#server/binding/binding-store.ts';
import { listConversationsOf, listMessages, readConversation } from '#server/conversation/conversation-store.ts';
import type { StoredSignal } from '#server/summary/summary.ts';
import { listSignals } from '#server/summary/summary-store.ts';
import { bytesOf, vectorOf } from './feature-block.ts';
import { readFeatures } from './feature-store.ts';
import { METHOD, scoreOf, type ScoreFacts } from './score.ts';
import { valuesOf } from './scoring-model.ts';
import { currentModel } from './scoring-setting.ts';
import { findCompany, findLatestScore, insertScore, lockContact, type NewScore, type Score } from './scoring-store.ts';

const MESSAGES_MAX = 200;

/**
 * Scores a contact from what is known now, and keeps the score when it says something new. An override
 * outlives the computation: it stands until a rep takes it back.
 */
export async function scoreContact(deps: Deps, { contactId }: { contactId: string }): Promise<void> {
  const score = await computeScore(deps, contactId);
  if (!score) return;
  const isNew = await deps.db.$transaction(async (tx) => {
    await lockContact(tx, contactId);
    const latest = await findLatestScore(tx, deps.cipher, contactId);
    if (latest && saysTheSame(latest, score)) return false;
    await insertScore(tx, deps.cipher, score, latest && latest.override);
    return true;
  });
  if (isNew) deps.live.publish(`contact.${contactId}`, { part: 'score', contactId });
}

/** By the model that is champion, where there is one and it may be used; else by the table of points. */
async function computeScore(deps: Deps, contactId: string): Promise<NewScore | null> {
  const model = await currentModel(deps.db, 'lead');
  const at = deps.now();
  if (model) {
    const block = await readFeatures(deps.pool, at, { ids: [contactId] }, { lexicon: model.lexicon });
    const [value] = valuesOf(model, block);
    if (value === undefined) return null;
    const learned = { modelId: model.id, vector: new Uint8Array(bytesOf(vectorOf(block, 0))) };
    return { contactId, at, value, factors: null, method: model.method, learned };
  }
  const facts = await factsOf(deps, contactId);
  return facts && { contactId, at, ...scoreOf(facts, at), method: METHOD };
}

function saysTheSame(latest: Score, score: NewScore): boolean {
  if (latest.method !== score.method || latest.value !== score.value) return false;
  return score.learned
    ? isDeepStrictEqual(latest.learned?.vector, score.learned.vector)
    : isDeepStrictEqual(latest.factors, score.factors);
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
