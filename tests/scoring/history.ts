import type { Prisma } from '#prisma/client/client.ts';
import type { Deps } from '#server/base/deps.ts';
import { getSource } from '#server/conversation/chat-source-store.ts';
import { seeded } from '#server/learning/seeded.ts';
import type { SignalKind } from '#server/summary/summary-answer.ts';
import { makeMember } from '#tests/support/factories.ts';

export const DAY_MS = 86_400_000;

export interface HistoryOptions {
  seed?: number;
  sales: number;
  /** The company's first sale was decided so long before now, its last `until` days before. */
  from?: number;
  until?: number;
  /** What the customers' grades do to a sale; the same for all when nothing is said. */
  gradeOdds?: Readonly<Record<string, number>>;
  /** Contacts with whom there never was a sale. */
  silent?: number;
}

const sourceOdds: Readonly<Record<string, number>> = { 展会: 2.5, 转介绍: 0, 官网: -2.5 };

/**
 * A company's past: sales decided over a year, whose odds come of what was known two weeks before: the grade, the role,
 * whether a price was asked, how long they had been silent, and where they came from, which no points are given for. Answers the contacts in the order of their sales.
 */
export async function makeHistory(deps: Deps, options: HistoryOptions): Promise<string[]> {
  const { seed = 7, sales, from = 400, until = 1, silent = 0, gradeOdds = { A: 2, B: 0.8, C: -0.8, D: -2 } } = options;
  const random = seeded(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const now = deps.now().getTime();
  const member = await makeMember(deps);
  const { id: sourceId } = await getSource(deps.db, 'wecom', 'archive');
  const id = (kind: string, n: number) =>
    `${kind}-0000-7000-8000-${(seed * 100_000 + n).toString(16).padStart(12, '0')}`;
  const contactIds: string[] = [];
  const rows = {
    contacts: [] as Prisma.ContactCreateManyInput[],
    follows: [] as Prisma.FollowCreateManyInput[],
    customers: [] as Prisma.CustomerCreateManyInput[],
    bindings: [] as Prisma.BindingCreateManyInput[],
    opportunities: [] as Prisma.OpportunityCreateManyInput[],
  };
  const said = {
    conversations: [] as Prisma.ConversationCreateManyInput[],
    messages: [] as Prisma.MessageCreateManyInput[],
    signals: [] as Prisma.MessageSignalCreateManyInput[],
  };
  const words = deps.cipher.encrypt('多少钱');
  for (let n = 0; n < sales + silent; n++) {
    const isSale = n < sales;
    // Decided once a fortnight: contacts of one day are looked at in one go.
    const daysAgo = from - ((from - until) * n) / Math.max(1, sales - 1);
    const decidedAt = now - Math.max(until, Math.ceil(daysAgo / 14) * 14) * DAY_MS;
    const lookedAt = isSale ? decidedAt - 15 * DAY_MS : now - (120 + 200 * random()) * DAY_MS;
    const grade = pick(['A', 'B', 'C', 'D']);
    const role = pick(['decision_maker', 'user', 'buyer', 'other']);
    const asksPrice = random() < 0.4;
    const silentDays = Math.floor(random() * 40);
    const source = pick(['展会', '官网', '转介绍']);
    const odds =
      (gradeOdds[grade] ?? 0) +
      (sourceOdds[source] ?? 0) +
      (role === 'decision_maker' ? 0.8 : 0) +
      (asksPrice ? 1.2 : -0.4) -
      0.04 * (silentDays - 20);
    const won = random() < 1 / (1 + Math.exp(-odds));
    const contactId = id('0c000000', n);
    const customerId = id('0a000000', n);
    contactIds.push(contactId);
    const addedAt = new Date(lookedAt - (30 + Math.floor(random() * 200)) * DAY_MS);
    rows.contacts.push({
      id: contactId,
      platform: 'wecom',
      key: `history-${seed}-${n}`,
      name: `联系人${n}`,
      gender: n % 3,
      corpName: random() < 0.5 ? '公司' : null,
      createdAt: addedAt,
    });
    const about = { contactId, memberId: member.id, state: 'active', addedAt, changedAt: addedAt };
    rows.follows.push({ ...about, addWay: pick([1, 3, 16]), channel: random() < 0.3 ? pick(['expo', 'web']) : null });
    const codes = { regionCode: pick(['310115', '440305', '110105']), industryCode: pick(['C39', 'I65', 'F51']) };
    const times = { createdAt: addedAt, updatedAt: addedAt };
    const base = { id: customerId, kind: 'organisation', name: `客户${seed}-${n}`, grade, source };
    rows.customers.push({ ...base, ...codes, ...times });
    rows.bindings.push({ contactId, customerId, role, reasons: [], madeAt: addedAt });
    if (isSale)
      rows.opportunities.push({
        customerId,
        contactId: null,
        ownerId: member.id,
        title: deps.cipher.encrypt('年度采购'),
        amountFen: 100_000n,
        stage: won ? 'won' : 'lost',
        stageAt: new Date(decidedAt),
        createdBy: member.id,
        createdAt: addedAt,
        updatedAt: new Date(decidedAt),
      });
    const at = new Date(lookedAt - silentDays * DAY_MS);
    const conversationId = id('0c0c0000', n);
    const messageId = id('0e0e0000', n);
    said.conversations.push({ id: conversationId, contactId, memberId: member.id, lastMessageAt: at, messageCount: 1 });
    const message = { id: messageId, conversationId, sourceId, key: `history-${seed}-${n}`, at, text: words };
    said.messages.push({ ...message, sender: 'contact', kind: 'text' });
    if (asksPrice)
      said.signals.push({ messageId, kind: 'asks_price' satisfies SignalKind, contactId, at, quote: words });
  }
  await deps.db.contact.createMany({ data: rows.contacts });
  await deps.db.follow.createMany({ data: rows.follows });
  await deps.db.customer.createMany({ data: rows.customers });
  await deps.db.binding.createMany({ data: rows.bindings });
  await deps.db.opportunity.createMany({ data: rows.opportunities });
  await deps.db.conversation.createMany({ data: said.conversations });
  await deps.db.message.createMany({ data: said.messages });
  await deps.db.messageSignal.createMany({ data: said.signals });
  return contactIds;
}
