import type { Conversation } from '#prisma/client/client.ts';
import type { Deps } from '#server/base/deps.ts';
import { makeMasking } from '#server/base/masking.ts';
import { readPrompt } from '#server/base/prompt.ts';
import { dayOf, instantOf } from '#server/base/shanghai.ts';
import { listTags, type Tag } from '#server/contact/tag-store.ts';
import {
  findConversation,
  listQuotable,
  listTellable,
  readConversation,
} from '#server/conversation/conversation-store.ts';
import type { SaidMessage } from '#server/conversation/conversation.ts';
import { countDocumentUses } from '#server/knowledge/document-store.ts';
import { findPassages } from '#server/knowledge/find-passages.ts';
import type { PassageView } from '#server/knowledge/knowledge-api.ts';
import { proposeTasks, type SpokenPromise } from '#server/task/propose-task.ts';
import { checkAnswer, type CheckedAnswer } from './check-answer.ts';
import { askedOf } from './draft-reply-question.ts';
import { nextSignals, nextStatements, quotedIn, withoutNextStep } from './next-statements.ts';
import { readingOf, type Reading } from './reading.ts';
import { isCourtesy, isGreeting } from './small-talk.ts';
import { summaryAnswer, type SummaryAnswer } from './summary-answer.ts';
import { summaryQuestion } from './summary-question.ts';
import { isFailed, nextAttemptAt, SUMMARY_USE_CASE, type StoredSignal, type StoredStatement } from './summary.ts';
import {
  carrySummary,
  findAttempt,
  findLatestSummary,
  findSpeakers,
  giveUpAttempt,
  insertSummary,
  saveAttempt,
  type Summary,
} from './summary-store.ts';

const MESSAGES_MAX = 200;
const TAGS_MAX = 8;
const PASSAGES_MAX = 3;
/** Several times what a full answer needs: one that goes on and on is cut off. */
const OUTPUT_TOKENS_MAX = 2000;

/**
 * Brings the summary of a conversation up to what was said since: tells the model what is known and what is new, keeps
 * what its quotes prove, and proposes tasks for the promises. When the model gives nothing, the last good summary stays
 * and the attempt says why. The score follows either way.
 */
export async function summariseConversation(deps: Deps, { conversationId }: { conversationId: string }): Promise<void> {
  const conversation = await findConversation(deps.db, conversationId);
  if (!conversation) return;
  const messages = await readConversation(deps, conversationId, MESSAGES_MAX);
  if (deps.llm.configured && messages.length > 0) {
    const outcome = await bringUpToDate(deps, conversation, messages);
    await noteAttempt(deps, conversation.id, messages.at(-1)?.id ?? null, outcome);
    deps.live.publish(`contact.${conversation.contactId}`, { part: 'summary', contactId: conversation.contactId });
  } else await giveUpAttempt(deps.db, conversationId);
  const { contactId } = conversation;
  await deps.jobs.add('score-contact', { contactId }, { key: contactId });
}

/** What is there before the model is asked. */
interface Bench {
  conversation: Conversation;
  messages: SaidMessage[];
  /** Somebody pressed for it and waits. */
  isAskedFor: boolean;
  reading: Reading;
  prior: Standing | null;
  speakers: Awaited<ReturnType<typeof findSpeakers>>;
}

/** The summary as it still stands: without what was recalled. */
interface Standing {
  summary: Summary;
  statements: StoredStatement[];
  signals: StoredSignal[];
  /** Cited messages a model may be told of. */
  tellable: ReadonlySet<string>;
}

async function bringUpToDate(deps: Deps, conversation: Conversation, messages: SaidMessage[]): Promise<string> {
  const [latest, attempt, speakers] = await Promise.all([
    findLatestSummary(deps.db, deps.cipher, conversation.id),
    findAttempt(deps.db, conversation.id),
    findSpeakers(deps.db, conversation),
  ]);
  const isAskedFor = attempt !== null && attempt.outcome === null;
  const reading = readingOf({
    messages,
    prior: latest,
    promptVersion: readPrompt(SUMMARY_USE_CASE).version,
    isAskedFor,
  });
  const prior = latest && (await standing(deps, latest));
  const names = speakers.names.filter((name) => name !== null);
  const isAll = (isSo: typeof isGreeting) => reading.unread.every(({ text }) => isSo(text, names));

  if (reading.unread.length === 0 && !prior) return 'nothing_to_read';
  if (!prior && isAll(isCourtesy)) return 'only_greetings';
  const bench = { conversation, messages, isAskedFor, reading, prior, speakers };
  if (prior && !reading.isAnew && isAll(isGreeting)) return carry(deps, bench, prior);
  return askAndKeep(deps, bench);
}

async function standing(deps: Deps, summary: Summary): Promise<Standing> {
  const cited = [...summary.statements, ...summary.signals].flatMap(({ quotes }) =>
    quotes.map(({ messageId }) => messageId),
  );
  const ids = [...new Set([...cited, ...summary.readMessageIds])];
  const [said, tellable] = await Promise.all([
    listQuotable(deps.db, { all: true }, ids),
    listTellable(deps.db, [...new Set(cited)]),
  ]);
  // A reply to words that were taken back is not proposed.
  const isWhole = summary.readMessageIds.every((id) => said.has(id));
  return {
    summary: isWhole ? summary : { ...summary, replyDraft: null, replySources: [] },
    statements: quotedIn(summary.statements, said),
    signals: quotedIn(summary.signals, said),
    tellable,
  };
}

/** Nothing new that is worth a call: what was known goes on, without what was recalled. */
async function carry(deps: Deps, { messages, reading }: Bench, prior: Standing): Promise<string> {
  const { summary, statements, signals } = prior;
  const isAnswered = reading.unread.some(({ sender }) => sender === 'member');
  await carrySummary(deps.db, deps.cipher, {
    ...summary,
    ...(isAnswered ? { replyDraft: null, replySources: [] } : {}),
    statements,
    signals,
    upToMessageId: messages.at(-1)?.id ?? null,
    readMessageIds: messages.map(({ id }) => id),
    messageCount: summary.messageCount + reading.unread.length,
  });
  return 'carried';
}

async function askAndKeep(deps: Deps, bench: Bench): Promise<string> {
  const { conversation, reading, prior, speakers } = bench;
  const tags = await listTags(deps.db, speakers.contact.platform);
  const tagNames = tags.map(({ name }) => name);
  const masking = makeMasking(speakers.names);
  const carried = prior ? carriedInto(reading, prior) : [];
  const { variables, ...asked } = summaryQuestion({
    reading,
    passages: await passagesFor(deps, bench),
    known: carried.filter(({ quotes }) => quotes.every(({ messageId }) => prior?.tellable.has(messageId))),
    memberName: speakers.memberName,
    contactName: speakers.contact.name,
    tagNames,
    masking,
    now: deps.now(),
  });
  const prompt = readPrompt(SUMMARY_USE_CASE);
  const check = (answer: SummaryAnswer) =>
    checkAnswer(answer, {
      ...asked,
      tagNames,
      names: speakers.names.filter((name) => name !== null),
      restore: masking.unmask,
      hasForeign: masking.hasForeign,
    });
  let unprovenCount = 0;
  const told = await deps.llm.ask({
    useCase: SUMMARY_USE_CASE,
    promptVersion: prompt.version,
    temperature: prompt.temperature,
    maxOutputTokens: OUTPUT_TOKENS_MAX,
    contactId: conversation.contactId,
    ...prompt.render(variables),
    answer: summaryAnswer,
    // Of no use: counted so, asked for once more, and never taken out of the cache.
    faultOf(answer) {
      const { isWorthless, droppedCount } = check(answer);
      unprovenCount = isWorthless ? droppedCount : 0;
      return isWorthless ? 'unproven' : null;
    },
    isUrgent: bench.isAskedFor,
  });
  if (!told.answer) {
    if (told.runId) await deps.llm.noteDropped(told.runId, SUMMARY_USE_CASE, unprovenCount);
    return told.outcome;
  }
  const checked = check(told.answer);
  if (told.runId && told.outcome !== 'cached')
    await deps.llm.noteDropped(told.runId, SUMMARY_USE_CASE, checked.droppedCount);
  await keep(deps, bench, { carried, known: asked.knownByShortId, checked, tags, runId: told.runId });
  return told.outcome;
}

/** What the company's documents say to what the customer waits for; nothing when nobody waits. */
async function passagesFor(
  deps: Deps,
  { reading: { unread }, speakers: { names, contact } }: Pick<Bench, 'reading' | 'speakers'>,
): Promise<PassageView[]> {
  const isWaiting = unread.at(-1)?.sender === 'contact';
  const asked = askedOf(unread);
  return isWaiting && !isCourtesy(asked)
    ? findPassages(deps, asked, PASSAGES_MAX, { names, contactId: contact.id, useCase: SUMMARY_USE_CASE })
    : [];
}

/** What is read anew is not kept from before; what lies further back is. */
function carriedInto(reading: Reading, prior: Standing): StoredStatement[] {
  const unread = new Set(reading.unread.map(({ id }) => id));
  const isReadAgain = ({ quotes }: StoredStatement) => quotes.some(({ messageId }) => unread.has(messageId));
  return withoutNextStep(reading.isAnew ? prior.statements.filter((one) => !isReadAgain(one)) : prior.statements);
}

async function keep(
  deps: Deps,
  { conversation, messages, reading, prior }: Bench,
  given: {
    carried: StoredStatement[];
    known: ReadonlyMap<string, StoredStatement>;
    checked: CheckedAnswer;
    tags: Tag[];
    runId: string | null;
  },
): Promise<void> {
  const { carried, known, checked, tags, runId } = given;
  await proposeTasks(deps, conversation.id, spokenPromises([...checked.statements, ...checked.updates.values()]));
  const tagIds = checked.tagNames.flatMap((name) => tags.find((tag) => tag.name === name)?.id ?? []);
  const inWindow = new Set(messages.map(({ id }) => id));
  const unread = new Set(reading.unread.map(({ id }) => id));
  const isOld = (messageId: string) => inWindow.has(messageId) && !(reading.isAnew && unread.has(messageId));
  const oldSignals = quotedIn(prior?.signals ?? [], new Set([...inWindow].filter(isOld)));
  const documents = checked.replySources.filter(({ from }) => from === 'document');
  await countDocumentUses(
    deps.db,
    documents.map(({ id }) => id),
  );
  await insertSummary(deps.db, deps.cipher, {
    conversationId: conversation.id,
    at: deps.now(),
    statements: nextStatements({ prior: carried, told: known, checked, now: deps.now() }),
    signals: nextSignals(oldSignals, checked.signals),
    suggestedTags: [...new Set([...tagIds, ...(reading.isAnew ? [] : (prior?.summary.suggestedTags ?? []))])].slice(
      0,
      TAGS_MAX,
    ),
    replyDraft: checked.replyDraft,
    replySources: checked.replySources,
    upToMessageId: messages.at(-1)?.id ?? null,
    readMessageIds: messages.map(({ id }) => id),
    messageCount: reading.unread.length + (reading.isAnew ? 0 : (prior?.summary.messageCount ?? 0)),
    droppedCount: checked.droppedCount,
    runId,
    promptVersion: readPrompt(SUMMARY_USE_CASE).version,
  });
}

function spokenPromises(statements: readonly StoredStatement[]): SpokenPromise[] {
  return statements.flatMap(({ kind, text, who, dueAt, quotes: [first] }) =>
    kind === 'promise' && who && first
      ? {
          who,
          text,
          quote: first.quote,
          messageId: first.messageId,
          dueAt: dueAt ? new Date(dueAt) : null,
        }
      : [],
  );
}

async function noteAttempt(
  deps: Deps,
  conversationId: string,
  upToMessageId: string | null,
  outcome: string,
): Promise<void> {
  const now = deps.now();
  const before = await findAttempt(deps.db, conversationId);
  const failures = isFailed(outcome) ? (before?.failures ?? 0) + 1 : 0;
  const tomorrow = instantOf(dayOf(now) + 1, 0);
  await saveAttempt(deps.db, {
    conversationId,
    at: now,
    outcome,
    upToMessageId,
    failures,
    nextAt: nextAttemptAt(outcome, failures - 1, now, tomorrow),
  });
}
