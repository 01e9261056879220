import type { Handover as Row, HandoverItem as ItemRow, Prisma } from '#prisma/client/client.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import { itemKinds, type ItemReason } from './handover-api.ts';
import {
  settledStates,
  unknownHandover,
  type Handover,
  type HandoverState,
  type Item,
  type ItemChange,
  type ItemKind,
  type ItemState,
} from './handover.ts';
import type { Assignment } from './plan.ts';

/** Some have ten thousand customers, and all that is written about them is written together. */
export const patient = { maxWait: 60_000, timeout: 120_000 };

/** Those of a giver in scope, and those the caller made. */
function inScope({ memberId, scope }: Caller): Prisma.HandoverWhereInput {
  if (scope.all) return {};
  return { OR: [{ fromMemberId: { in: [...scope.memberIds] } }, { createdBy: memberId }] };
}

export async function insertHandover(
  tx: Db,
  handover: Pick<Handover, 'id' | 'fromMemberId' | 'leaver' | 'reason' | 'message' | 'createdBy' | 'createdAt'>,
  items: readonly Assignment[],
): Promise<void> {
  const { createdAt } = handover;
  await tx.handover.create({ data: { ...handover, updatedAt: createdAt } });
  await tx.handoverItem.createMany({
    data: items.map(({ kind, id, to }) => ({
      handoverId: handover.id,
      kind,
      subjectId: id,
      toMemberId: to,
      nextAttemptAt: createdAt,
    })),
  });
}

/** Unscoped: for jobs and effects, which ask for nobody. */
export async function findHandover(db: Db, id: string): Promise<Handover | null> {
  const row = await db.handover.findUnique({ where: { id } });
  return row && toHandover(row);
}

/** Throws `handover.unknown`, too for one outside the scope. */
export async function getHandover(db: Db, caller: Caller, id: string): Promise<Handover> {
  const row = await db.handover.findFirst({ where: { id, AND: inScope(caller) } });
  if (!row) throw unknownHandover();
  return toHandover(row);
}

/** Until the transaction ends, nobody else changes it or its items. */
export async function lockHandover(tx: Db, id: string): Promise<Handover | null> {
  await tx.$executeRaw`SELECT 1 FROM "Handover" WHERE id = ${id}::uuid FOR UPDATE`;
  return findHandover(tx, id);
}

/** Newest first. */
export async function listHandovers(
  db: Db,
  caller: Caller,
  filter: { state?: HandoverState | undefined; fromMemberId?: string | undefined },
  page: { after: string | null; limit: number },
): Promise<Handover[]> {
  const after = page.after === null ? null : await db.handover.findUnique({ where: { id: page.after } });
  const rows = await db.handover.findMany({
    where: {
      ...filter,
      AND: [
        inScope(caller),
        after
          ? { OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }] }
          : {},
      ],
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: page.limit,
  });
  return rows.map(toHandover);
}

export type HandoverChange = Partial<
  Pick<Handover, 'state' | 'leaver' | 'reason' | 'message' | 'approvalId' | 'startedAt' | 'finishedAt' | 'version'>
>;

export async function saveHandover(tx: Db, id: string, change: HandoverChange, at: Date): Promise<void> {
  await tx.handover.update({ where: { id }, data: { ...change, updatedAt: at } });
}

export interface ItemFilter {
  toMemberId?: string | undefined;
  kind?: ItemKind | undefined;
  states?: readonly ItemState[] | undefined;
  ids?: readonly string[] | undefined;
}

export async function listItems(
  db: Db,
  handoverId: string,
  { toMemberId, kind, states, ids }: ItemFilter,
  page: { after?: string | undefined; limit?: number } = {},
): Promise<Item[]> {
  const rows = await db.handoverItem.findMany({
    where: {
      handoverId,
      toMemberId,
      kind,
      ...(states ? { state: { in: [...states] } } : {}),
      id: { ...(ids ? { in: [...ids] } : {}), ...(page.after ? { gt: page.after } : {}) },
    },
    orderBy: { id: 'asc' },
    ...(page.limit ? { take: page.limit } : {}),
  });
  return rows.map(toItem);
}

export interface ItemCount {
  handoverId: string;
  toMemberId: string;
  kind: ItemKind;
  state: ItemState;
  count: number;
}

export async function countItems(db: Db, handoverIds: readonly string[]): Promise<ItemCount[]> {
  const rows = await db.handoverItem.groupBy({
    by: ['handoverId', 'toMemberId', 'kind', 'state'],
    where: { handoverId: { in: [...handoverIds] } },
    _count: { _all: true },
  });
  return rows.map(({ _count, kind, state, ...row }) => ({
    ...row,
    kind: kind as ItemKind,
    state: state as ItemState,
    count: _count._all,
  }));
}

/** Of these, those that still are in `state`. Answers how many. */
export async function saveItems(
  db: Db,
  ids: readonly string[],
  state: ItemState,
  { reason, ...change }: ItemChange,
): Promise<number> {
  if (ids.length === 0) return 0;
  const { count } = await db.handoverItem.updateMany({
    where: { id: { in: [...ids] }, state },
    data: { ...change, ...(reason === undefined ? {} : { lastError: reason }) },
  });
  return count;
}

/** Those still planned are this caller's to ask for: what is done with them is written down before. */
export async function claimItems(tx: Db, ids: readonly string[], at: { now: Date; lookUpAt: Date }): Promise<Item[]> {
  const rows = await tx.handoverItem.updateManyAndReturn({
    where: { id: { in: [...ids] }, state: 'planned' },
    data: {
      state: 'asking',
      askedAt: at.now,
      attempts: { increment: 1 },
      nextAttemptAt: at.lookUpAt,
      code: null,
      lastError: null,
    },
  });
  return rows.map(toItem);
}

/** Whatever is planned is due now. */
export async function wakeItems(tx: Db, handoverId: string, now: Date): Promise<void> {
  await tx.handoverItem.updateMany({ where: { handoverId, state: 'planned' }, data: { nextAttemptAt: now } });
}

export async function saveTaker(
  tx: Db,
  handoverId: string,
  ids: readonly string[],
  toMemberId: string,
): Promise<number> {
  const { count } = await tx.handoverItem.updateMany({
    where: { handoverId, id: { in: [...ids] } },
    data: { toMemberId },
  });
  return count;
}

export async function deleteItems(tx: Db, handoverId: string, ids: readonly string[]): Promise<number> {
  const { count } = await tx.handoverItem.deleteMany({ where: { handoverId, id: { in: [...ids] } } });
  return count;
}

/** What is to be done now, first due first. */
export async function listDueItems(
  db: Db,
  handoverId: string,
  of: { kinds: readonly ItemKind[]; states: readonly ItemState[] },
  now: Date,
  limit: number,
): Promise<Item[]> {
  const rows = await db.handoverItem.findMany({
    where: {
      handoverId,
      kind: { in: [...of.kinds] },
      state: { in: [...of.states] },
      nextAttemptAt: { lte: now },
    },
    orderBy: [{ nextAttemptAt: 'asc' }, { id: 'asc' }],
    take: limit,
  });
  return rows.map(toItem);
}

/** Running ones with something due, and those whose last item was settled by a process that died. */
export async function listDueHandovers(db: Db, now: Date, limit: number): Promise<string[]> {
  const rows = await db.handover.findMany({
    where: {
      state: 'running',
      OR: [
        { items: { some: { state: { in: ['planned', 'asking', 'waiting'] }, nextAttemptAt: { lte: now } } } },
        { items: { every: { state: { in: [...settledStates] } } } },
      ],
    },
    orderBy: { updatedAt: 'asc' },
    take: limit,
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/** Those that wait for their approval. */
export async function listAsked(db: Db, limit: number): Promise<{ id: string; approvalId: string | null }[]> {
  return db.handover.findMany({
    where: { state: 'asked' },
    orderBy: { updatedAt: 'asc' },
    take: limit,
    select: { id: true, approvalId: true },
  });
}

/** Of these subjects, those that are on their way in another hand-over. */
export async function listElsewhere(
  db: Db,
  subjectIds: readonly string[],
  exceptId: string | null,
): Promise<{ kind: ItemKind; id: string }[]> {
  const rows = await db.handoverItem.findMany({
    where: {
      // Named all of them: the index begins with it.
      kind: { in: [...itemKinds] },
      subjectId: { in: [...subjectIds] },
      ...(exceptId ? { handoverId: { not: exceptId } } : {}),
      state: { in: ['planned', 'asking', 'waiting'] },
      handover: { state: { in: ['asked', 'running'] } },
    },
    select: { kind: true, subjectId: true },
  });
  return rows.map(({ kind, subjectId }) => ({ kind: kind as ItemKind, id: subjectId }));
}

/** Contacts that were asked about between these two before, whatever came of it. */
export async function listAskedBefore(
  db: Db,
  item: { exceptId: string; fromMemberId: string; toMemberId: string; contactIds: readonly string[] },
): Promise<Set<string>> {
  const rows = await db.handoverItem.findMany({
    where: {
      kind: 'contact',
      subjectId: { in: [...item.contactIds] },
      toMemberId: item.toMemberId,
      handoverId: { not: item.exceptId },
      askedAt: { not: null },
      handover: { fromMemberId: item.fromMemberId },
    },
    select: { subjectId: true },
  });
  return new Set(rows.map(({ subjectId }) => subjectId));
}

/** Of a contact on the way, its hand-overs: what the platform just told of it is looked at now. */
export async function hurryContact(db: Db, contactId: string, now: Date): Promise<string[]> {
  // One statement: it stands in the way of every contact that comes or goes.
  const rows = await db.$queryRaw<{ handoverId: string }[]>`
    UPDATE "HandoverItem" SET "nextAttemptAt" = ${now}
    WHERE kind = 'contact' AND "subjectId" = ${contactId}::uuid AND state = 'waiting'
    RETURNING "handoverId"`;
  return [...new Set(rows.map(({ handoverId }) => handoverId))];
}

export async function listKeysOfContacts(
  db: Db,
  contactIds: readonly string[],
): Promise<Map<string, { platform: string; key: string }>> {
  const rows = await db.contact.findMany({
    where: { id: { in: [...contactIds] } },
    select: { id: true, platform: true, key: true },
  });
  return new Map(rows.map(({ id, platform, key }) => [id, { platform, key }]));
}

function toHandover(row: Row): Handover {
  return { ...row, state: row.state as HandoverState };
}

function toItem({ lastError, ...row }: ItemRow): Item {
  return {
    ...row,
    kind: row.kind as ItemKind,
    state: row.state as ItemState,
    reason: lastError as ItemReason | null,
  };
}
