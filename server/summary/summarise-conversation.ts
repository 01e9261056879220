import type { Conversation } from '#prisma/client/client.ts';
import type { Deps } from '#server/base/deps.ts';
import { makeMasking } from '#server/base/masking.ts';
import { readPrompt } from '#server/base/prompt.ts';
import { dayOf, instantOf } from '#server/base/shanghai.ts';
import { listTags, type Tag } from '#server/contact/tag-store.ts';
import { findConversation, readConversation } from '#server/conversation/conversation-store.ts';
import type { SaidMessage } from '#server/conversation/conversation.ts';
import { proposeTasks, type SpokenPromise } from '#server/task/propose-task.ts';
import { checkAnswer, type CheckedAnswer } from './check-answer.ts';
import { summaryAnswer } from './summary-answer.ts';
import { summaryQuestion } from './summary-question.ts';
import { isGood, nextAttemptAt, type StoredStatement } from './summary.ts';
import {
  findAttempt,
  findLatestSummary,
  findSpeakers,
  giveUpAttempt,
  insertSummary,
  saveAttempt,
} from './summary-store.ts';

const USE_CASE = 'summarise-conversation';
const MESSAGES_MAX = 200;

/**
 * Asks the model what matters in a conversation, keeps what its quotes prove, and proposes tasks for the promises. When
 * the model gives nothing, the last good summary stays and the attempt says why. The score follows either way.
 */
export async function summariseConversation(deps: Deps, { conversationId }: { conversationId: string }): Promise<void> {
  const conversation = await findConversation(deps.db, conversationId);
  if (!conversation) return;
  const messages = await readConversation(deps, conversationId, MESSAGES_MAX);
  if (deps.llm.configured && messages.length > 0) {
    await askAndKeep(deps, conversation, messages);
    deps.live.publish(`contact.${conversation.contactId}`, { part: 'summary', contactId: conversation.contactId });
  } else await giveUpAttempt(deps.db, conversationId);
  const { contactId } = conversation;
  await deps.jobs.add('score-contact', { contactId }, { key: contactId });
}

async function askAndKeep(deps: Deps, conversation: Conversation, messages: SaidMessage[]): Promise<void> {
  const speakers = await findSpeakers(deps.db, conversation);
  const tags = await listTags(deps.db, speakers.contact.platform);
  const tagNames = [...new Set(tags.map(({ name }) => name))];
  const masking = makeMasking(speakers.names);
  const { variables, byShortId } = summaryQuestion({
    messages: messages.filter(({ text }) => text.trim() !== ''),
    memberName: speakers.memberName,
    contactName: speakers.contact.name,
    tagNames,
    masking,
    now: deps.now(),
  });
  const upToMessageId = messages.at(-1)?.id ?? null;
  if (byShortId.size === 0) return noteAttempt(deps, conversation.id, upToMessageId, 'nothing_to_read');

  const prompt = readPrompt(USE_CASE);
  const told = await deps.llm.ask({
    useCase: USE_CASE,
    promptVersion: prompt.version,
    temperature: prompt.temperature,
    ...prompt.render(variables),
    answer: summaryAnswer,
  });
  if (told.answer) {
    const checked = checkAnswer(told.answer, { byShortId, tagNames, restore: masking.unmask });
    await keep(deps, conversation, {
      checked,
      tags,
      upToMessageId,
      messageCount: byShortId.size,
      runId: told.runId,
      isRepeated: told.outcome === 'cached',
      promptVersion: prompt.version,
    });
  }
  await noteAttempt(deps, conversation.id, upToMessageId, told.outcome);
}

async function keep(
  deps: Deps,
  conversation: Conversation,
  given: {
    checked: CheckedAnswer;
    tags: Tag[];
    upToMessageId: string | null;
    messageCount: number;
    runId: string | null;
    isRepeated: boolean;
    promptVersion: string;
  },
): Promise<void> {
  const { checked, tags, upToMessageId, messageCount, runId, isRepeated, promptVersion } = given;
  if (runId && !isRepeated) await deps.llm.noteDropped(runId, USE_CASE, checked.droppedCount);
  await proposeTasks(deps, conversation.id, spokenPromises(checked.statements));
  const latest = await findLatestSummary(deps.db, deps.cipher, conversation.id);
  if (isRepeated && latest?.upToMessageId === upToMessageId) return;
  await insertSummary(deps.db, deps.cipher, {
    conversationId: conversation.id,
    at: deps.now(),
    statements: checked.statements,
    signals: checked.signals,
    suggestedTags: checked.tagNames.flatMap((name) => tags.find((tag) => tag.name === name)?.id ?? []),
    replyDraft: checked.replyDraft,
    upToMessageId,
    messageCount,
    droppedCount: checked.droppedCount,
    runId,
    promptVersion,
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
  const failed = !isGood(outcome) && outcome !== 'nothing_to_read';
  const failures = failed ? (before?.failures ?? 0) + 1 : 0;
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
