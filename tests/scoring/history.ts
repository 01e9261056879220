import type { Prisma } from '#prisma/client/client.ts';
import type { Deps } from '#server/base/deps.ts';
import { insertMessages } from '#server/conversation/conversation-store.ts';
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

/**
 * A company's past: sales decided over a year, whose odds come of what was known two weeks before: the grade, the role,
 * whether a price was asked, how long they had been silent. Answers the contacts in the order of their sales.
 */
export async function makeHistory(deps: Deps, options: HistoryOptions): Promise<string[]> {
  const { seed = 7, sales, from = 400, until = 1, silent = 0, gradeOdds = { A: 1.6, B: 0.6, C: -0.6, D: -1.6 } } = options;
  const random = seeded(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const now = deps.now().getTime();
  const member = await makeMember(deps);
  const { id: sourceId } = await getSource(deps.db, 'wecom', 'archive');
  const id = (kind: string, n: number) => `${kind}-0000-7000-8000-${(seed * 100_000 + n).toString(16).padStart(12, '0')}`;
  const contactIds: string[] = [];
  const rows = {
    contacts: [] as Prisma.ContactCreateManyInput[],
    follows: [] as Prisma.FollowCreateManyInput[],
    customers: [] as Prisma.CustomerCreateManyInput[],
    bindings: [] as Prisma.BindingCreateManyInput[],
    opportunities: [] as Prisma.OpportunityCreateManyInput[],
  };
  const said: Parameters<typeof insertMessages>[3] = [];
  const signals: { key: string; kind: SignalKind; contactId: string; at: Date }[] = [];
  for (let n = 0; n < sales + silent; n++) {
    const isSale = n < sales;
    const decidedAt = now - (from - ((from - until) * n) / Math.max(1, sales - 1)) * DAY_MS;
    const lookedAt = isSale ? decidedAt - 15 * DAY_MS : now - (120 + 200 * random()) * DAY_MS;
    const grade = pick(['A', 'B', 'C', 'D']);
    const role = pick(['decision_maker', 'user', 'buyer', 'other']);
    const asksPrice = random() < 0.4;
    const silentDays = Math.floor(random() * 40);
    const odds =
      (gradeOdds[grade] ?? 0) + (role === 'decision_maker' ? 0.8 : 0) + (asksPrice ? 1.2 : -0.4) - 0.04 * (silentDays - 20);
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
    const source = pick(['展会', '官网', '转介绍']);
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
    const key = `history-${seed}-${n}`;
    const at = new Date(lookedAt - silentDays * DAY_MS);
    const pair = { contactId, memberId: member.id, kind: 'text' as const, media: null };
    said.push({ ...pair, key, sender: 'contact', at, text: '多少钱' });
    if (asksPrice) signals.push({ key, kind: 'asks_price', contactId, at });
  }
  await deps.db.contact.createMany({ data: rows.contacts });
  await deps.db.follow.createMany({ data: rows.follows });
  await deps.db.customer.createMany({ data: rows.customers });
  await deps.db.binding.createMany({ data: rows.bindings });
  await deps.db.opportunity.createMany({ data: rows.opportunities });
  await insertMessages(deps.db, deps.cipher, sourceId, said);
  const messages = await deps.db.message.findMany({ where: { key: { in: signals.map(({ key }) => key) } } });
  const idOf = new Map(messages.map((message) => [message.key, message.id]));
  await deps.db.messageSignal.createMany({
    data: signals.map(({ key, ...signal }) => ({
      ...signal,
      messageId: idOf.get(key) ?? '',
      quote: deps.cipher.encrypt('多少钱'),
    })),
  });
  return contactIds;
}
