import type { Contact, Prisma, ReplyDraft, Summary, SummaryAttempt } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import { storedSignals, type StoredSignal, type StoredStatement } from './summary.ts';

export interface NewSummary {
  conversationId: string;
  at: Date;
  statements: StoredStatement[];
  signals: StoredSignal[];
  /** Ids. */
  suggestedTags: string[];
  replyDraft: string | null;
  upToMessageId: string | null;
  messageCount: number;
  droppedCount: number;
  runId: string | null;
  promptVersion: string;
}

export async function insertSummary(db: Db, summary: NewSummary): Promise<Summary> {
  return db.summary.create({
    data: {
      ...summary,
      statements: summary.statements as unknown as Prisma.InputJsonValue,
      signals: summary.signals as unknown as Prisma.InputJsonValue,
    },
  });
}

export async function findLatestSummary(db: Db, conversationId: string): Promise<Summary | null> {
  return db.summary.findFirst({ where: { conversationId }, orderBy: newestFirst });
}

export async function findSummary(db: Db, id: string): Promise<(Summary & { contactId: string }) | null> {
  const row = await db.summary.findUnique({
    where: { id },
    include: { conversation: { select: { contactId: true } } },
  });
  return row && { ...row, contactId: row.conversation.contactId };
}

const newestFirst = [{ at: 'desc' }, { id: 'desc' }] satisfies Prisma.SummaryOrderByWithRelationInput[];

/** What the newest summary of each of the contact's conversations says of buying. */
export async function listSignals(db: Db, contactId: string): Promise<StoredSignal[]> {
  const rows = await db.summary.findMany({
    where: { conversation: { contactId } },
    distinct: ['conversationId'],
    orderBy: newestFirst,
    select: { signals: true },
  });
  return rows.flatMap(({ signals }) => storedSignals.parse(signals));
}

export async function findAttempt(db: Db, conversationId: string): Promise<SummaryAttempt | null> {
  return db.summaryAttempt.findUnique({ where: { conversationId } });
}

export async function saveAttempt(db: Db, attempt: SummaryAttempt): Promise<void> {
  const { conversationId, ...data } = attempt;
  await db.summaryAttempt.upsert({ where: { conversationId }, create: attempt, update: data });
}

/** Nothing is left to try: the model may no longer read it, or there is no model. */
export async function giveUpAttempt(db: Db, conversationId: string): Promise<void> {
  await db.summaryAttempt.updateMany({ where: { conversationId }, data: { nextAt: null } });
}

/** Conversations to be tried again, and puts them off by `leaseMs` so that the next sweep leaves them to this one. */
export async function takeDueAttempts(db: Db, now: Date, leaseMs: number, limit: number): Promise<string[]> {
  const rows = await db.$queryRaw<{ conversationId: string }[]>`
    UPDATE "SummaryAttempt" SET "nextAt" = ${new Date(now.getTime() + leaseMs)}
    WHERE "conversationId" IN (
      SELECT "conversationId" FROM "SummaryAttempt" WHERE "nextAt" <= ${now} ORDER BY "nextAt" LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ) RETURNING "conversationId"`;
  return rows.map(({ conversationId }) => conversationId);
}

/** Who speaks, and every name the record knows them and theirs by. */
export async function findSpeakers(
  db: Db,
  { contactId, memberId }: { contactId: string; memberId: string },
): Promise<{ contact: Contact; memberName: string; names: (string | null)[] }> {
  const [contact, follow, member, people] = await Promise.all([
    db.contact.findUniqueOrThrow({ where: { id: contactId } }),
    db.follow.findUnique({ where: { contactId_memberId: { contactId, memberId } }, select: { remark: true } }),
    db.member.findUnique({ where: { id: memberId }, select: { name: true } }),
    db.customer.findMany({ where: { kind: 'person', bindings: { some: { contactId } } }, select: { name: true } }),
  ]);
  const memberName = member?.name ?? '';
  const names = [contact.name, follow?.remark ?? null, memberName, ...people.map(({ name }) => name)];
  return { contact, memberName, names };
}

/** In the order given; without those that are gone or that the member has already put on the contact. */
export async function listTagsToSuggest(
  db: Db,
  ids: string[],
  of: { contactId: string; memberId: string },
): Promise<{ id: string; name: string }[]> {
  const rows = await db.tag.findMany({
    where: { id: { in: ids }, deletedAt: null, follows: { none: { follow: of } } },
    select: { id: true, name: true },
  });
  return rows.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
}

export async function findDraft(db: Db, memberId: string, contactId: string): Promise<ReplyDraft | null> {
  return db.replyDraft.findUnique({ where: { memberId_contactId: { memberId, contactId } } });
}

export async function saveDraft(db: Db, memberId: string, contactId: string, text: string, at: Date): Promise<void> {
  await db.replyDraft.upsert({
    where: { memberId_contactId: { memberId, contactId } },
    create: { memberId, contactId, text, updatedAt: at },
    update: { text, updatedAt: at },
  });
}

export async function deleteDraft(db: Db, memberId: string, contactId: string): Promise<void> {
  await db.replyDraft.deleteMany({ where: { memberId, contactId } });
}

export async function insertFeedback(
  db: Db,
  feedback: { summaryId: string | null; contactId: string; memberId: string; verdict: string; at: Date },
): Promise<void> {
  await db.suggestionFeedback.create({ data: feedback });
}
