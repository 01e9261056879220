import type { Conversation, SummaryAttempt } from '#prisma/client/client.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import {
  listConversationsOf,
  listMessages,
  listQuotable,
  readConversation,
} from '#server/conversation/conversation-store.ts';
import { replyRisks } from './reply-risk.ts';
import type { SummaryView } from './summary-api.ts';
import { summaryStateOf, type StoredStatement, type SummaryState } from './summary.ts';
import { findAttempt, findLatestSummary, listTagsToSuggest, type Summary } from './summary-store.ts';

/**
 * The newest good summary of what the caller and the contact said to each other, and how it stands to the newest
 * messages. Who has not spoken with the contact is shown the conversation of a colleague in scope.
 */
export async function viewSummary(
  deps: Deps,
  caller: Caller,
  contactId: string,
): Promise<{ summary: SummaryView | null; summaryState: SummaryState }> {
  const conversation = await conversationFor(deps, caller, contactId);
  if (!conversation) return { summary: null, summaryState: 'empty' };
  const [summary, attempt] = await Promise.all([
    findLatestSummary(deps.db, deps.cipher, conversation.id),
    findAttempt(deps.db, conversation.id),
  ]);
  return {
    summary: summary && (await viewOf(deps, caller, conversation, summary)),
    summaryState: await stateOf(deps, conversation, summary, attempt),
  };
}

export async function conversationFor(deps: Deps, caller: Caller, contactId: string): Promise<Conversation | null> {
  const all = await listConversationsOf(deps.db, caller.scope, contactId);
  return all.find(({ memberId }) => memberId === caller.memberId) ?? all[0] ?? null;
}

export async function stateOf(
  deps: Deps,
  conversation: Conversation,
  summary: Summary | null,
  attempt: SummaryAttempt | null,
): Promise<SummaryState> {
  const [newest] = await readConversation(deps, conversation.id, 1);
  return summaryStateOf({
    modelConfigured: deps.llm.configured,
    hasMessages: conversation.messageCount > 0,
    newestReadableId: newest?.id ?? null,
    summarisedUpToId: summary?.upToMessageId ?? null,
    attempt: attempt && { upToId: attempt.upToMessageId, outcome: attempt.outcome },
  });
}

async function viewOf(deps: Deps, caller: Caller, conversation: Conversation, summary: Summary): Promise<SummaryView> {
  const { contactId } = conversation;
  const [statements, said, suggestedTags] = await Promise.all([
    withoutRecalled(deps, summary.statements),
    listQuotable(deps.db, { all: true }, summary.readMessageIds),
    listTagsToSuggest(deps.db, summary.suggestedTags, { contactId, memberId: caller.memberId }),
  ]);
  // A reply to words that were taken back is not proposed.
  const replyDraft = summary.readMessageIds.every((id) => said.has(id)) ? summary.replyDraft : null;
  return {
    id: summary.id,
    at: summary.at.toISOString(),
    messageCount: summary.messageCount,
    statements,
    suggestedTags,
    replyDraft,
    replyRisks: replyDraft ? replyRisks(replyDraft) : [],
    replySources: replyDraft ? summary.replySources : [],
  };
}

/** Who recalls words does not want them read: not in a quote either. */
async function withoutRecalled(deps: Deps, statements: StoredStatement[]): Promise<StoredStatement[]> {
  const cited = statements.flatMap(({ quotes }) => quotes.map(({ messageId }) => messageId));
  const standing = new Set((await listMessages(deps, [...new Set(cited)])).map(({ id }) => id));
  return statements
    .map((statement) => ({ ...statement, quotes: statement.quotes.filter(({ messageId }) => standing.has(messageId)) }))
    .filter(({ quotes }) => quotes.length > 0);
}
