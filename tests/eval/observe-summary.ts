import type { Deps } from '#server/base/deps.ts';
import { getSource, saveSource } from '#server/conversation/chat-source-store.ts';
import { insertMessages, recallMessages } from '#server/conversation/conversation-store.ts';
import { listSignals } from '#server/summary/summary-store.ts';
import { summariseConversation } from '#server/summary/summarise-conversation.ts';
import type { SummaryView } from '#server/summary/summary-api.ts';
import { viewSummary } from '#server/summary/view-summary.ts';
import { callerOf, makeContact, makeMember } from '#tests/support/factories.ts';
import type { SummaryCase } from './case.ts';
import type { Exchange } from './eval-model.ts';
import { evalStart } from './eval-world.ts';
import { tokensOf } from './tokens.ts';

/** What came of a case, once. */
export interface SummaryObserved {
  case: SummaryCase;
  /** How each call ended: answered, repaired … */
  outcomes: string[];
  exchanges: Exchange[];
  /** Letter by letter, without those taken back. */
  messages: { id: string; sender: 'contact' | 'member'; text: string }[];
  statements: SummaryView['statements'];
  tags: string[];
  reply: string | null;
  signals: { signal: string; quotes: { messageId: string; quote: string }[] }[];
  tasks: { title: string; quote: string; messageId: string; dueAt: Date | null }[];
  droppedCount: number;
  /** Of the chat as people see it: who said what. */
  transcriptTokens: number;
  costYuan: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
let made = 0;

/** Plays a case through the product: its messages are stored, its summaries made, its answers checked. */
export async function observeSummary(
  deps: Deps,
  one: SummaryCase,
  exchanges: () => Exchange[],
): Promise<SummaryObserved> {
  const member = await makeMember(deps, { name: one.member });
  const contact = await makeContact(deps, { key: `case-${(made += 1)}`, name: one.contact, followedBy: [member] });
  const { id: sourceId } = await getSource(deps.db, 'wecom', 'archive');
  await saveSource(deps.db, sourceId, { modelAllowed: true });
  await offerTags(deps, one.tags);
  const { id: conversationId } = await deps.db.conversation.create({
    data: { contactId: contact.id, memberId: member.id },
  });
  const summarise = () => summariseConversation(deps, { conversationId });

  let day = -one.chat.filter((row) => row === '|').length;
  for (const [at, row] of one.chat.entries()) {
    if (row === '|') day += 1;
    else if (row === '--') await summarise();
    else {
      const key = `case-${made}-${at}`;
      const said = {
        contactId: contact.id,
        memberId: member.id,
        key,
        sender: row.startsWith('m') ? ('member' as const) : ('contact' as const),
        at: new Date(evalStart.getTime() + day * DAY_MS - (one.chat.length - at) * MINUTE_MS),
        kind: 'text' as const,
        text: row.slice(2),
        media: null,
      };
      await insertMessages(deps.db, deps.cipher, sourceId, [said]);
      if (row.startsWith('r')) await recallMessages(deps.db, sourceId, [{ key, at: said.at }]);
    }
  }
  await summarise();

  const { summary } = await viewSummary(deps, await callerOf(deps, member), contact.id);
  const [signals, tasks, runs, rows, latest] = await Promise.all([
    listSignals(deps.db, deps.cipher, contact.id),
    deps.db.task.findMany({ where: { contactId: contact.id } }),
    deps.db.modelRun.findMany({ where: { contactId: contact.id }, orderBy: { at: 'asc' } }),
    deps.db.message.findMany({ where: { conversationId, recalledAt: null }, orderBy: { at: 'asc' } }),
    deps.db.summary.findMany({ where: { conversationId } }),
  ]);
  const messages = rows.map(({ id, sender, text }) => ({
    id,
    sender: sender as 'contact' | 'member',
    text: deps.cipher.decrypt(text),
  }));
  return {
    case: one,
    outcomes: runs.map(({ outcome }) => outcome),
    exchanges: exchanges(),
    messages,
    statements: summary?.statements ?? [],
    tags: summary?.suggestedTags.map(({ name }) => name) ?? [],
    reply: summary?.replyDraft ?? null,
    signals,
    tasks: tasks.map(({ title, quote, messageId, dueAt }) => ({
      title: deps.cipher.decrypt(title),
      quote: quote === null ? '' : deps.cipher.decrypt(quote),
      messageId: messageId ?? '',
      dueAt,
    })),
    droppedCount: latest.reduce((sum, { droppedCount }) => sum + droppedCount, 0),
    transcriptTokens: tokensOf(
      messages.map(({ sender, text }) => `${sender === 'contact' ? one.contact : one.member}：${text}`).join('\n'),
    ),
    costYuan: runs.reduce((sum, { costMicros }) => sum + Number(costMicros), 0) / 1_000_000,
  };
}

async function offerTags(deps: Deps, names: readonly string[]): Promise<void> {
  await deps.db.tag.deleteMany();
  await deps.db.tag.createMany({
    data: names.map((name, n) => ({ platform: 'wecom', key: `tag-${n}`, name, groupKey: 'g', groupName: '意向' })),
  });
}
