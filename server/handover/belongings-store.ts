import { Prisma } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';
import { followedStates, type FollowState } from '#server/contact/follow.ts';
import { openStages } from '#server/opportunity/opportunity.ts';
import type { KindCounts } from './handover-api.ts';
import { noCounts, type ItemKind } from './handover.ts';
import type { Belonging } from './plan.ts';

/** What of a belonging decides whether it can go. */
export interface Found extends Belonging {
  follow?: { platform: string; state: FollowState };
  /** Who asked, and who sits there beside the giver. */
  approval?: { requesterId: string; seats: string[] };
}

const openTasks = ['open', 'proposed'];
const openSeats = ['open', 'waiting'];

/** All of a member's that can be handed over; those of `only` where it is said. */
export async function listBelongings(
  db: Db,
  memberId: string,
  kinds: readonly ItemKind[],
  only?: readonly string[],
): Promise<Found[]> {
  const id = only ? { in: [...only] } : undefined;
  const found: { [Kind in ItemKind]: () => Promise<Found[]> } = {
    contact: () => listFollowed(db, memberId, id),
    customer: () => listOwned(db, memberId, id),
    opportunity: () => listSales(db, memberId, id),
    task: () => listTasks(db, memberId, id),
    approval: () => listApprovals(db, memberId, id),
  };
  const lists = [];
  for (const kind of kinds) lists.push(await found[kind]());
  return lists.flat();
}

type Ids = { in: string[] } | undefined;

async function listFollowed(db: Db, memberId: string, contactId: Ids): Promise<Found[]> {
  const rows = await db.follow.findMany({
    where: { memberId, contactId, state: { in: followedStates } },
    select: {
      contactId: true,
      state: true,
      contact: { select: { platform: true, bindings: { select: { customerId: true } } } },
    },
    orderBy: { contactId: 'asc' },
  });
  return rows.map(({ contactId: id, state, contact }) => ({
    kind: 'contact',
    id,
    ties: contact.bindings.map(({ customerId }) => `customer:${customerId}`),
    follow: { platform: contact.platform, state: state as FollowState },
  }));
}

async function listOwned(db: Db, ownerId: string, id: Ids): Promise<Found[]> {
  const rows = await db.customer.findMany({ where: { ownerId, id }, select: { id: true }, orderBy: { id: 'asc' } });
  return rows.map((row) => ({ kind: 'customer', id: row.id, ties: [] }));
}

async function listSales(db: Db, ownerId: string, id: Ids): Promise<Found[]> {
  const rows = await db.opportunity.findMany({
    where: { ownerId, id, stage: { in: [...openStages] } },
    select: { id: true, customerId: true, contactId: true },
    orderBy: { id: 'asc' },
  });
  return rows.map((row) => ({ kind: 'opportunity', id: row.id, ties: tiesOf(row) }));
}

async function listTasks(db: Db, assigneeId: string, id: Ids): Promise<Found[]> {
  const rows = await db.task.findMany({
    where: { assigneeId, id, state: { in: openTasks } },
    select: { id: true, customerId: true, contactId: true },
    orderBy: { id: 'asc' },
  });
  return rows.map((row) => ({ kind: 'task', id: row.id, ties: tiesOf(row) }));
}

/** What the giver asked for and what they are asked to decide. The request for this very hand-over is none of it. */
async function listApprovals(db: Db, memberId: string, id: Ids): Promise<Found[]> {
  const rows = await db.approval.findMany({
    where: {
      id,
      state: 'pending',
      kind: { not: 'customer_transfer' },
      OR: [{ requesterId: memberId }, { seats: { some: { memberId, state: { in: openSeats } } } }],
    },
    select: {
      id: true,
      customerId: true,
      contactId: true,
      requesterId: true,
      seats: { where: { state: { in: openSeats } }, select: { memberId: true } },
    },
    orderBy: { id: 'asc' },
  });
  return rows.map((row) => ({
    kind: 'approval',
    id: row.id,
    ties: tiesOf(row),
    approval: {
      requesterId: row.requesterId,
      seats: row.seats.map((seat) => seat.memberId).filter((other) => other !== memberId),
    },
  }));
}

function tiesOf({ customerId, contactId }: { customerId: string | null; contactId: string | null }): string[] {
  return [...(customerId ? [`customer:${customerId}`] : []), ...(contactId ? [`contact:${contactId}`] : [])];
}

export interface Shown {
  name: string;
  customerName: string | null;
}

/** By `kind:id`. Things are shown to whoever may see their giver's. */
export async function listNames(
  db: Db,
  cipher: FieldCipher,
  items: readonly { kind: ItemKind; id: string }[],
): Promise<Map<string, Shown>> {
  const ids = (kind: ItemKind) => ({ in: items.filter((item) => item.kind === kind).map((item) => item.id) });
  const contacts = await db.contact.findMany({
    where: { id: ids('contact') },
    select: { id: true, name: true, bindings: { select: { customer: { select: { name: true } } }, take: 1 } },
  });
  const customers = await db.customer.findMany({ where: { id: ids('customer') }, select: { id: true, name: true } });
  const sales = await db.opportunity.findMany({
    where: { id: ids('opportunity') },
    select: { id: true, title: true, customerId: true },
  });
  const tasks = await db.task.findMany({
    where: { id: ids('task') },
    select: { id: true, title: true, customerId: true },
  });
  const approvals = await db.approval.findMany({
    where: { id: ids('approval') },
    select: { id: true, title: true, customerId: true },
  });
  const about = [...sales, ...tasks, ...approvals].flatMap(({ customerId }) => (customerId ? [customerId] : []));
  const of = new Map(
    (await db.customer.findMany({ where: { id: { in: about } }, select: { id: true, name: true } })).map((one) => [
      one.id,
      one.name,
    ]),
  );
  const titled = (kind: ItemKind, rows: { id: string; title: string; customerId: string | null }[]) =>
    rows.map(({ id, title, customerId }): [string, Shown] => [
      `${kind}:${id}`,
      { name: cipher.decrypt(title), customerName: of.get(customerId ?? '') ?? null },
    ]);
  return new Map([
    ...contacts.map(({ id, name, bindings }): [string, Shown] => [
      `contact:${id}`,
      { name, customerName: bindings[0]?.customer.name ?? null },
    ]),
    ...customers.map(({ id, name }): [string, Shown] => [`customer:${id}`, { name, customerName: null }]),
    ...titled('opportunity', sales),
    ...titled('task', tasks),
    ...titled('approval', approvals),
  ]);
}

export async function countBelongings(db: Db, memberId: string): Promise<KindCounts> {
  const counts = noCounts();
  for (const { kind } of await listBelongings(db, memberId, Object.keys(counts) as ItemKind[])) counts[kind] += 1;
  return counts;
}

/** Members who left since then and still have contacts, customers, open sales, tasks or approvals; last left first. */
export async function listLeavers(
  db: Db,
  since: Date,
  memberIds: readonly string[] | null,
): Promise<{ id: string; name: string; leftAt: Date | null }[]> {
  const all = memberIds === null;
  const isMeant = Prisma.sql`(${all} OR m.id = ANY(${all ? [] : [...memberIds]}::uuid[]))`;
  return db.$queryRaw`${leaversWith(since, isMeant)} ORDER BY m."leftAt" DESC, m.id LIMIT 100`;
}

/** Of these, those nobody was told of and nobody hands over for; first left first. */
export async function listUnproposed(db: Db, since: Date): Promise<{ id: string; name: string; leftAt: Date }[]> {
  const isOpen = Prisma.sql`
    NOT EXISTS (SELECT 1 FROM "Handover" h WHERE h."fromMemberId" = m.id AND h.state <> 'withdrawn')
    AND NOT EXISTS (SELECT 1 FROM "AuditEntry" e WHERE e.subject = 'member:' || m.id AND e.action = ${PROPOSED}
      AND (e.detail->>'leftAt')::timestamptz = m."leftAt")`;
  return db.$queryRaw`${leaversWith(since, isOpen)} ORDER BY m."leftAt", m.id LIMIT 100`;
}

/** What the audit log says of a leaver whose leaders were told, with when they left: somebody may come back and leave again. */
export const PROPOSED = 'handover.proposed';

const leaversWith = (since: Date, condition: Prisma.Sql): Prisma.Sql => Prisma.sql`
  SELECT m.id, m.name, m."leftAt" FROM "Member" m
  WHERE m.status = 'left' AND m."leftAt" >= ${since} AND ${condition}
    AND (EXISTS (SELECT 1 FROM "Follow" f WHERE f."memberId" = m.id AND f.state = ANY(${followedStates}))
      OR EXISTS (SELECT 1 FROM "Customer" c WHERE c."ownerId" = m.id)
      OR EXISTS (SELECT 1 FROM "Opportunity" o WHERE o."ownerId" = m.id AND o.stage = ANY(${[...openStages]}))
      OR EXISTS (SELECT 1 FROM "Task" t WHERE t."assigneeId" = m.id AND t.state = ANY(${openTasks}))
      OR EXISTS (SELECT 1 FROM "Approval" a WHERE a.state = 'pending' AND a."requesterId" = m.id))`;
