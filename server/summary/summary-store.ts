import { z } from 'zod';
import type { Contact, Prisma, SuggestionFeedback, Summary as Row, SummaryAttempt } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import { openJson, sealJson, type FieldCipher } from '#server/base/field-cipher.ts';
import { noteSignals } from './signal-store.ts';
import type { DraftSource } from './summary-api.ts';
import { storedSignals, storedSources, storedStatements, type StoredSignal, type StoredStatement } from './summary.ts';

export interface NewSummary {
  conversationId: string;
  at: Date;
  statements: StoredStatement[];
  signals: StoredSignal[];
  /** Ids. */
  suggestedTags: string[];
  replyDraft: string | null;
  replySources?: DraftSource[];
  upToMessageId: string | null;
  /** Of the newest messages those that need not be read again. */
  readMessageIds?: string[];
  messageCount: number;
  droppedCount: number;
  runId: string | null;
  promptVersion: string;
}

export interface Summary extends Required<NewSummary> {
  id: string;
}

/** The one before it is not gone on with any more: it lets go of what it had read. */
export async function insertSummary(db: Db, cipher: FieldCipher, summary: NewSummary): Promise<Summary> {
  const { replySources = [], readMessageIds = [], ...plain } = summary;
  await noteSignals(db, cipher, summary.conversationId, summary.signals);
  const row = await db.summary.create({
    data: {
      ...plain,
      ...sealed(cipher, { ...summary, replySources }),
      readMessageIds,
    },
  });
  const { id, conversationId } = row;
  await db.summary.updateMany({
    where: { conversationId, id: { not: id }, readMessageIds: { isEmpty: false } },
    data: { readMessageIds: [] },
  });
  return toSummary(cipher, row);
}

/** Goes on with the summary there is: nothing was said that a model had to read. */
export async function carrySummary(
  db: Db,
  cipher: FieldCipher,
  { id, upToMessageId, readMessageIds, messageCount, ...told }: Summary,
): Promise<void> {
  await db.summary.update({
    where: { id },
    data: { upToMessageId, readMessageIds, messageCount, ...sealed(cipher, told) },
  });
}

function sealed(
  cipher: FieldCipher,
  told: Pick<Summary, 'statements' | 'signals' | 'replyDraft' | 'replySources'>,
): Pick<Row, 'statements' | 'signals' | 'replyDraft' | 'replySources'> {
  return {
    statements: sealJson(cipher, told.statements),
    signals: sealJson(cipher, told.signals),
    replyDraft: told.replyDraft === null ? null : cipher.encrypt(told.replyDraft),
    replySources: told.replySources.length === 0 ? null : sealJson(cipher, told.replySources),
  };
}

export async function findLatestSummary(db: Db, cipher: FieldCipher, conversationId: string): Promise<Summary | null> {
  const row = await db.summary.findFirst({ where: { conversationId }, orderBy: newestFirst });
  return row && toSummary(cipher, row);
}

function toSummary(cipher: FieldCipher, row: Row): Summary {
  return {
    ...row,
    statements: openJson(cipher, storedStatements, row.statements),
    signals: openJson(cipher, storedSignals, row.signals),
    replyDraft: row.replyDraft === null ? null : cipher.decrypt(row.replyDraft),
    replySources: row.replySources === null ? [] : openJson(cipher, storedSources, row.replySources),
  };
}

/** A reply that was proposed. */
export interface Suggestion {
  contactId: string | null;
  runId: string | null;
  promptVersion: string;
  /** Null when none was, or it is forgotten by now. */
  text: string | null;
}

/** The reply of a summary. */
export async function findSummaryReply(db: Db, cipher: FieldCipher, id: string): Promise<Suggestion | null> {
  const row = await db.summary.findUnique({
    where: { id },
    select: { runId: true, promptVersion: true, replyDraft: true, conversation: { select: { contactId: true } } },
  });
  return (
    row && {
      contactId: row.conversation.contactId,
      runId: row.runId,
      promptVersion: row.promptVersion,
      text: row.replyDraft === null ? null : cipher.decrypt(row.replyDraft),
    }
  );
}

/** The reply of a run that was asked for it alone. */
export async function findDraftedReply(db: Db, cipher: FieldCipher, runId: string): Promise<Suggestion | null> {
  const run = await db.modelRun.findUnique({
    where: { id: runId },
    select: { contactId: true, promptVersion: true, answer: true },
  });
  if (!run) return null;
  const answer = run.answer === null ? null : openJson(cipher, draftedText, run.answer);
  return { contactId: run.contactId, promptVersion: run.promptVersion, runId, text: answer?.text ?? null };
}

/** What is kept of a run is what the model said, of whatever form. */
const draftedText = z.object({ text: z.string().nullable().catch(null) }).catch({ text: null });

const newestFirst = [{ at: 'desc' }, { id: 'desc' }] satisfies Prisma.SummaryOrderByWithRelationInput[];

/** What the newest summary of each of the contact's conversations says of buying. */
export async function listSignals(db: Db, cipher: FieldCipher, contactId: string): Promise<StoredSignal[]> {
  const rows = await db.summary.findMany({
    where: { conversation: { contactId } },
    distinct: ['conversationId'],
    orderBy: newestFirst,
    select: { signals: true },
  });
  return rows.flatMap(({ signals }) => openJson(cipher, storedSignals, signals));
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

/** Conversations whose last attempt since then ended so are due now. */
export async function wakeAttempts(db: Db, outcome: string, { since, now }: { since: Date; now: Date }): Promise<void> {
  await db.summaryAttempt.updateMany({ where: { outcome, at: { gte: since } }, data: { nextAt: now } });
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

/** A draft is one member's for one contact. */
interface DraftKey {
  memberId: string;
  contactId: string;
}

export async function findDraft(
  db: Db,
  cipher: FieldCipher,
  key: DraftKey,
): Promise<{ text: string; updatedAt: Date } | null> {
  const row = await db.replyDraft.findUnique({ where: { memberId_contactId: key } });
  return row && { text: cipher.decrypt(row.text), updatedAt: row.updatedAt };
}

export async function saveDraft(
  db: Db,
  cipher: FieldCipher,
  key: DraftKey,
  draft: { text: string; updatedAt: Date },
): Promise<void> {
  const data = { ...draft, text: cipher.encrypt(draft.text) };
  await db.replyDraft.upsert({ where: { memberId_contactId: key }, create: { ...key, ...data }, update: data });
}

/** False when there is one: what a rep is writing stays. */
export async function insertDraft(
  db: Db,
  cipher: FieldCipher,
  key: DraftKey,
  draft: { text: string; updatedAt: Date },
): Promise<boolean> {
  const { count } = await db.replyDraft.createMany({
    data: { ...key, ...draft, text: cipher.encrypt(draft.text) },
    skipDuplicates: true,
  });
  return count > 0;
}

export async function deleteDraft(db: Db, key: DraftKey): Promise<void> {
  await db.replyDraft.deleteMany({ where: key });
}

export async function insertFeedback(
  db: Db,
  feedback: Pick<SuggestionFeedback, 'summaryId' | 'contactId' | 'memberId' | 'verdict' | 'at'> &
    Partial<Pick<SuggestionFeedback, 'runId' | 'promptVersion' | 'distance'>>,
): Promise<{ id: string }> {
  return db.suggestionFeedback.create({ data: feedback, select: { id: true } });
}

/** What the member lately sent as it was drafted, with every name the record knows of whom it was sent to. */
export async function listAcceptedDrafts(
  db: Db,
  cipher: FieldCipher,
  memberId: string,
  limit: number,
): Promise<{ conversationId: string; text: string; names: (string | null)[] }[]> {
  const sent = await db.suggestionFeedback.findMany({
    where: { memberId, verdict: 'sent', summaryId: { not: null } },
    orderBy: { at: 'desc' },
    take: limit * 3,
    select: { summaryId: true },
  });
  const ids = [...new Set(sent.flatMap(({ summaryId }) => summaryId ?? []))].slice(0, limit);
  const rows = await db.summary.findMany({
    where: { id: { in: ids }, replyDraft: { not: null } },
    select: { replyDraft: true, conversation: { select: { id: true, contactId: true, memberId: true } } },
  });
  return Promise.all(
    rows.map(async ({ replyDraft, conversation }) => ({
      conversationId: conversation.id,
      text: cipher.decrypt(replyDraft ?? ''),
      names: (await findSpeakers(db, conversation)).names,
    })),
  );
}
