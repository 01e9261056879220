import { z } from 'zod';
import type { Approval as ApprovalRow, ApprovalSeat, Prisma } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import { openJson, sealJson, type FieldCipher } from '#server/base/field-cipher.ts';
import { contactsIn } from '#server/contact/contact-store.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import type { Approval, ApprovalState, Risk, Step } from './approval.ts';
import { unknownApproval } from './approval-refusal.ts';
import type { ApprovalKind } from './approval-api.ts';
import type { ApprovalPolicy } from './policy-api.ts';
import { insertHistory, type WrittenEntry } from './history-store.ts';
import type { Level, Seat } from './seat.ts';

type Row = ApprovalRow & { seats: ApprovalSeat[] };

/** Two who ask with the same key at once come one after the other. */
export async function lockRequestKey(tx: Db, requestKey: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`approval-request:${requestKey}`}, 0))`;
}

/** After `lockRequestKey`. */
export async function insertApproval(
  tx: Db,
  cipher: FieldCipher,
  approval: Approval,
  more: { requestKey: string; copies: string[]; form: ApprovalPolicy['form'] },
): Promise<void> {
  const { names: _, seats, amountFen, levels, content, ...columns } = approval;
  await tx.approval.create({
    data: {
      ...columns,
      ...sealed(cipher, approval),
      content: sealJson(cipher, content),
      levels: storedLevels(levels),
      amountFen: amountFen === null ? null : BigInt(amountFen),
      updatedAt: approval.createdAt,
      requestKey: more.requestKey,
      formPlatform: more.form?.platform ?? null,
      ...(more.form ? { form: { template: more.form.template, labels: more.form.labels } } : {}),
      formState: approval.mode === 'form' && approval.state === 'pending' ? 'owed' : 'none',
      seats: { create: seats },
      copies: { create: more.copies.map((memberId) => ({ memberId })) },
    },
  });
}

export async function findApprovalByKey(db: Db, cipher: FieldCipher, requestKey: string): Promise<Approval | null> {
  const row = await db.approval.findUnique({ where: { requestKey }, include: withSeats });
  return row ? only(await withNames(db, cipher, [row])) : null;
}

/** Whoever asks must be allowed to see it: see `visibleTo`. Nothing is checked here. */
export async function findApproval(db: Db, cipher: FieldCipher, id: string): Promise<Approval | null> {
  const row = await db.approval.findUnique({ where: { id }, include: withSeats });
  return row ? only(await withNames(db, cipher, [row])) : null;
}

/** Until the transaction ends, nobody else decides anything about it. */
export async function lockApproval(tx: Db, cipher: FieldCipher, id: string): Promise<Approval> {
  await tx.$executeRaw`SELECT 1 FROM "Approval" WHERE id = ${id}::uuid FOR UPDATE`;
  const approval = await findApproval(tx, cipher, id);
  if (!approval) throw unknownApproval();
  return approval;
}

/** Saves what a transition sets, on a row that is locked; answers what was written down. */
export async function saveStep(
  tx: Db,
  cipher: FieldCipher,
  id: string,
  step: Step,
  now: Date,
): Promise<WrittenEntry[]> {
  const { change, seats, history } = step;
  if (Object.keys(change).length > 0 || seats.length > 0) {
    const { levels, ...columns } = change;
    const data = { ...columns, ...sealed(cipher, change), ...(levels ? { levels: storedLevels(levels) } : {}) };
    await tx.approval.update({ where: { id }, data: { ...data, updatedAt: now } });
  }
  for (const { level, memberId, ...seat } of seats) {
    await tx.approvalSeat.upsert({
      where: { approvalId_level_memberId: { approvalId: id, level, memberId } },
      create: { approvalId: id, level, memberId, ...seat },
      update: seat,
    });
  }
  return insertHistory(tx, cipher, id, history);
}

/** Of these members, those with an account where cards are shown. */
export async function listReachedByCard(db: Db, platforms: string[], memberIds: string[]): Promise<Set<string>> {
  if (platforms.length === 0 || memberIds.length === 0) return new Set();
  const rows = await db.memberIdentity.findMany({
    where: { memberId: { in: memberIds }, platform: { in: platforms }, member: { status: 'active' } },
    select: { memberId: true },
  });
  return new Set(rows.map(({ memberId }) => memberId));
}

export interface ApprovalFilter {
  kind?: ApprovalKind | undefined;
  risk?: Risk | undefined;
  state?: ApprovalState | undefined;
  subject?: string | undefined;
}

/** Newest first. */
export async function listApprovals(
  db: Db,
  cipher: FieldCipher,
  where: Prisma.ApprovalWhereInput,
  filter: ApprovalFilter,
  page: { after: { createdAt: Date; id: string } | null; limit: number },
): Promise<Approval[]> {
  const { after } = page;
  const rows = await db.approval.findMany({
    where: {
      AND: [
        where,
        filter,
        after
          ? { OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }] }
          : {},
      ],
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: page.limit,
    include: withSeats,
  });
  return withNames(db, cipher, rows);
}

/** The newest about each subject. */
export async function listNewestAbout(db: Db, cipher: FieldCipher, subjects: string[]): Promise<Map<string, Approval>> {
  const newest = await db.approval.findMany({
    where: { subject: { in: subjects } },
    distinct: ['subject'],
    orderBy: [{ subject: 'asc' }, { createdAt: 'desc' }, { id: 'desc' }],
    include: withSeats,
  });
  const approvals = await withNames(db, cipher, newest);
  return new Map(approvals.map((approval) => [approval.subject ?? '', approval]));
}

/** Names of what these are about. */
export async function listSubjectNames(
  db: Db,
  approvals: Pick<Approval, 'customerId' | 'contactId'>[],
): Promise<{ customers: Map<string, string>; contacts: Map<string, string> }> {
  const ids = (pick: (approval: (typeof approvals)[number]) => string | null) => ({
    where: { id: { in: [...new Set(approvals.map(pick))].filter((id) => id !== null) } },
    select: { id: true, name: true },
  });
  const customers = await db.customer.findMany(ids(({ customerId }) => customerId));
  const contacts = await db.contact.findMany(ids(({ contactId }) => contactId));
  const byId = (rows: { id: string; name: string }[]) => new Map(rows.map(({ id, name }) => [id, name]));
  return { customers: byId(customers), contacts: byId(contacts) };
}

/** The contact in scope that was bound to the customer first. */
export async function findFirstContact(db: Db, scope: Scope, customerId: string): Promise<string | null> {
  const binding = await db.binding.findFirst({
    where: { customerId, contact: contactsIn(scope) },
    orderBy: [{ madeAt: 'asc' }, { contactId: 'asc' }],
  });
  return binding?.contactId ?? null;
}

/** Undecided ones the clock has something to do with: late seats, seats of whoever left, is away or asked, and those that are over. */
export async function listDue(db: Db, now: Date, after: string, limit: number): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT a.id FROM "Approval" a WHERE a.state = 'pending' AND a.id > ${after}::uuid AND (
      a."expiresAt" <= ${now}
      OR EXISTS (
        SELECT 1 FROM "ApprovalSeat" s JOIN "Member" m ON m.id = s."memberId"
        WHERE s."approvalId" = a.id AND s.state = 'open' AND (
          s."dueAt" <= ${now}
          OR m.status = 'left'
          OR s."memberId" = a."requesterId"
          OR EXISTS (SELECT 1 FROM "ApprovalDelegate" d
            WHERE d."memberId" = s."memberId" AND d."fromAt" <= ${now} AND d."untilAt" > ${now} AND d."toMemberId" <> a."requesterId"
              AND NOT EXISTS (SELECT 1 FROM "ApprovalSeat" t WHERE t."approvalId" = a.id AND t.level = s.level
                AND t."memberId" = d."toMemberId" AND t.state <> 'passed_on'))
        )))
    ORDER BY a.id LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

export async function listOpenOf(db: Db, memberId: string): Promise<string[]> {
  const rows = await db.approval.findMany({
    where: { state: 'pending', seats: { some: { memberId, state: 'open' } } },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

const withSeats = { seats: { orderBy: [{ level: 'asc' }, { id: 'asc' }] } } satisfies Prisma.ApprovalInclude;

async function withNames(db: Db, cipher: FieldCipher, rows: Row[]): Promise<Approval[]> {
  const names = await listMemberNames(
    db,
    rows.flatMap((row) => [
      row.requesterId,
      row.decidedBy,
      ...row.seats.flatMap(({ memberId, standsFor }) => [memberId, standsFor]),
    ]),
  );
  return rows.map((row) => toApproval(cipher, row, names));
}

const storedLevels = (levels: Level[]) => levels as unknown as Prisma.InputJsonArray;

function only(approvals: Approval[]): Approval | null {
  return approvals[0] ?? null;
}

/** What members wrote is encrypted at rest. */
function sealed(
  cipher: FieldCipher,
  texts: { title?: string; reason?: string; question?: string | null },
): { title?: string; reason?: string; question?: string | null } {
  const { title, reason, question } = texts;
  return {
    ...(title === undefined ? {} : { title: cipher.encrypt(title) }),
    ...(reason === undefined ? {} : { reason: cipher.encrypt(reason) }),
    ...(question === undefined ? {} : { question: question === null ? null : cipher.encrypt(question) }),
  };
}

function toApproval(cipher: FieldCipher, row: Row, names: ReadonlyMap<string, string>): Approval {
  return {
    id: row.id,
    kind: row.kind as ApprovalKind,
    state: row.state as ApprovalState,
    mode: row.mode as Approval['mode'],
    requesterId: row.requesterId,
    customerId: row.customerId,
    contactId: row.contactId,
    subject: row.subject,
    title: cipher.decrypt(row.title),
    reason: cipher.decrypt(row.reason),
    content: openJson(cipher, z.unknown(), row.content),
    measure: row.measure,
    amountFen: row.amountFen === null ? null : Number(row.amountFen),
    risk: row.risk as Risk,
    levels: row.levels as unknown as Level[],
    level: row.level,
    seats: row.seats.map((seat): Seat => ({
      level: seat.level,
      memberId: seat.memberId,
      state: seat.state as Seat['state'],
      because: seat.because as Seat['because'],
      standsFor: seat.standsFor,
      dueAt: seat.dueAt,
      openedAt: seat.openedAt,
      decidedAt: seat.decidedAt,
    })),
    revision: row.revision,
    question: row.question === null ? null : cipher.decrypt(row.question),
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    remindedAt: row.remindedAt,
    decidedAt: row.decidedAt,
    decidedBy: row.decidedBy,
    effectState: row.effectState as Approval['effectState'],
    names,
  };
}
