import type { Opportunity as Row, OpportunityChange as ChangeRow, Prisma } from '#prisma/client/client.ts';
import type { Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { FieldCipher } from '#server/base/field-cipher.ts';
import { customersIn } from '#server/customer/customer-store.ts';
import type { OpportunityStage } from './opportunity-api.ts';
import {
  openStages,
  unknownOpportunity,
  type Facts,
  type FieldChange,
  type FieldName,
  type FieldValue,
  type Opportunity,
} from './opportunity.ts';

export interface OpportunityFilter {
  customerIds?: string[] | undefined;
  ownerId?: string | undefined;
  stages?: readonly OpportunityStage[] | undefined;
  /** In its stage since before this. */
  stageBefore?: Date | undefined;
}
/** Where a page ended. */
export interface PagePoint {
  updatedAt: Date;
  id: string;
}
export type NewOpportunity = Omit<Opportunity, 'id' | 'discountBp' | 'stage' | 'stageAt' | 'outcome' | 'version'>;

/** One field's change, by whom and by which approval. */
export interface KeptChange extends FieldChange {
  at: Date;
  memberId: string | null;
  approvalId: string | null;
}

/** Of customers in scope, and those a member in scope owns. */
function inScope(scope: Scope): Prisma.OpportunityWhereInput {
  if (scope.all) return {};
  return { OR: [{ ownerId: { in: [...scope.memberIds] } }, { customer: customersIn(scope) }] };
}

/** Last changed first. */
export async function listOpportunities(
  db: Db,
  cipher: FieldCipher,
  scope: Scope,
  filter: OpportunityFilter,
  page: { after: PagePoint | null; limit: number },
): Promise<Opportunity[]> {
  const { customerIds, ownerId, stages, stageBefore } = filter;
  const { after } = page;
  const rows = await db.opportunity.findMany({
    where: {
      ownerId,
      ...(customerIds ? { customerId: { in: customerIds } } : {}),
      ...(stages ? { stage: { in: [...stages] } } : {}),
      ...(stageBefore ? { stageAt: { lt: stageBefore } } : {}),
      AND: [
        inScope(scope),
        after
          ? { OR: [{ updatedAt: { lt: after.updatedAt } }, { updatedAt: after.updatedAt, id: { lt: after.id } }] }
          : {},
      ],
    },
    orderBy: [{ updatedAt: 'desc' }, { id: 'desc' }],
    take: page.limit,
  });
  return rows.map((row) => toOpportunity(cipher, row));
}

/** Open ones of the customers a contact is bound to, newest first. The contact's scope has been asked before. */
export async function listOpenOf(db: Db, cipher: FieldCipher, contactId: string): Promise<Opportunity[]> {
  const rows = await db.opportunity.findMany({
    where: { stage: { in: [...openStages] }, customer: { bindings: { some: { contactId } } } },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: 50,
  });
  return rows.map((row) => toOpportunity(cipher, row));
}

/** Throws `opportunity.unknown`, too for one outside the scope: that it exists is not told. */
export async function getOpportunity(db: Db, cipher: FieldCipher, scope: Scope, id: string): Promise<Opportunity> {
  const row = await db.opportunity.findFirst({ where: { id, AND: inScope(scope) } });
  if (!row) throw unknownOpportunity();
  return toOpportunity(cipher, row);
}

/** Until the transaction ends nobody changes it. Null when there is none. For effects, which ask for nobody. */
export async function lockOpportunity(tx: Db, cipher: FieldCipher, id: string): Promise<Opportunity | null> {
  await tx.$queryRaw`SELECT 1 FROM "Opportunity" WHERE id = ${id}::uuid FOR UPDATE`;
  const row = await tx.opportunity.findUnique({ where: { id } });
  return row && toOpportunity(cipher, row);
}

/** Until the transaction ends nobody else opens a request about it. */
export async function lockRequests(tx: Db, id: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`opportunity-request:${id}`}, 0))`;
}

export async function insertOpportunity(db: Db, cipher: FieldCipher, made: NewOpportunity): Promise<Opportunity> {
  const { amountFen, expectedOn, title, facts, ...columns } = made;
  const row = await db.opportunity.create({
    data: {
      ...columns,
      title: cipher.encrypt(title),
      amountFen: amountFen === null ? null : BigInt(amountFen),
      expectedOn: dateOf(expectedOn),
      facts: sealFacts(cipher, facts),
      stageAt: made.createdAt,
    },
  });
  return toOpportunity(cipher, row);
}

/** False when somebody changed it since it was read. The row and its history change together: pass a transaction. */
export async function saveOpportunity(
  tx: Db,
  cipher: FieldCipher,
  before: Opportunity,
  after: Opportunity,
  changes: KeptChange[],
): Promise<boolean> {
  const { count } = await tx.opportunity.updateMany({
    where: { id: before.id, version: before.version },
    data: {
      ownerId: after.ownerId,
      title: cipher.encrypt(after.title),
      amountFen: after.amountFen === null ? null : BigInt(after.amountFen),
      discountBp: after.discountBp,
      stage: after.stage,
      stageAt: after.stageAt,
      expectedOn: dateOf(after.expectedOn),
      outcome: after.outcome === null ? null : cipher.encrypt(after.outcome),
      facts: sealFacts(cipher, after.facts),
      version: after.version,
      updatedAt: after.updatedAt,
    },
  });
  if (count === 0) return false;
  await tx.opportunityChange.createMany({
    data: changes.map(({ field, before: was, after: is, ...about }) => ({
      ...about,
      opportunityId: before.id,
      version: after.version,
      field,
      ...(was === null ? {} : { before: sealValue(cipher, field, was) }),
      ...(is === null ? {} : { after: sealValue(cipher, field, is) }),
    })),
  });
  return true;
}

export interface ReadChange extends KeptChange {
  version: number;
}

/** Newest first. The opportunity's scope has been asked before. */
export async function listChanges(
  db: Db,
  cipher: FieldCipher,
  opportunityId: string,
  sinceVersion = 0,
): Promise<ReadChange[]> {
  const rows = await db.opportunityChange.findMany({
    where: { opportunityId, version: { gt: sinceVersion } },
    orderBy: { id: 'desc' },
    take: 200,
  });
  return rows.map((row) => toChange(cipher, row));
}

/** Whether its terms ever came of an approval. */
export async function wereTermsGranted(db: Db, opportunityId: string): Promise<boolean> {
  const granted = { opportunityId, field: 'terms', approvalId: { not: null } };
  return (await db.opportunityChange.count({ where: granted })) > 0;
}

export interface Names {
  customers: Map<string, string>;
  contacts: Map<string, string>;
  members: Map<string, string>;
}

/** The names opportunities are shown with, all in one statement: the sidebar asks for them each time it opens. */
export async function listNames(
  db: Db,
  opportunities: readonly Opportunity[],
  memberIds: string[] = [],
): Promise<Names> {
  const names: Names = { customers: new Map(), contacts: new Map(), members: new Map() };
  const of = (pick: (one: Opportunity) => string | null) => [
    ...new Set(opportunities.map(pick).filter((id) => id !== null)),
  ];
  const members = [...new Set([...of(({ ownerId }) => ownerId), ...memberIds])];
  if (opportunities.length + members.length === 0) return names;
  const rows = await db.$queryRaw<{ of: keyof Names; id: string; name: string }[]>`
    SELECT 'customers' AS of, id, name FROM "Customer" WHERE id = ANY(${of(({ customerId }) => customerId)}::uuid[])
    UNION ALL
    SELECT 'contacts', id, name FROM "Contact" WHERE id = ANY(${of(({ contactId }) => contactId)}::uuid[])
    UNION ALL
    SELECT 'members', id, name FROM "Member" WHERE id = ANY(${members}::uuid[])`;
  for (const row of rows) names[row.of].set(row.id, row.name);
  return names;
}

const sealedFields: ReadonlySet<FieldName> = new Set([
  'title',
  'outcome',
  'need',
  'budget',
  'decisionMaker',
  'terms',
] as const);

function sealValue(cipher: FieldCipher, field: FieldName, value: string | number): string | number {
  return sealedFields.has(field) ? cipher.encrypt(String(value)) : value;
}

function sealFacts(cipher: FieldCipher, facts: Facts): Record<string, string> {
  const known = Object.entries(facts) as [keyof Facts, string | null][];
  return Object.fromEntries(known.flatMap(([name, text]) => (text === null ? [] : [[name, cipher.encrypt(text)]])));
}

function openFacts(cipher: FieldCipher, sealed: Prisma.JsonValue): Facts {
  const kept = sealed as Partial<Record<keyof Facts, string>>;
  const open = (name: keyof Facts) => (kept[name] === undefined ? null : cipher.decrypt(kept[name]));
  return { need: open('need'), budget: open('budget'), decisionMaker: open('decisionMaker'), terms: open('terms') };
}

/** A column of days holds the midnight of UTC. */
const dateOf = (day: string | null): Date | null => (day === null ? null : new Date(`${day}T00:00:00.000Z`));

function toOpportunity(cipher: FieldCipher, row: Row): Opportunity {
  return {
    ...row,
    title: cipher.decrypt(row.title),
    amountFen: row.amountFen === null ? null : Number(row.amountFen),
    stage: row.stage as OpportunityStage,
    expectedOn: row.expectedOn?.toISOString().slice(0, 10) ?? null,
    outcome: row.outcome === null ? null : cipher.decrypt(row.outcome),
    facts: openFacts(cipher, row.facts),
  };
}

function toChange(cipher: FieldCipher, row: ChangeRow): ReadChange {
  const field = row.field as FieldName;
  const read = (value: Prisma.JsonValue): FieldValue => {
    if (value === null) return null;
    return sealedFields.has(field) ? cipher.decrypt(String(value)) : (value as string | number);
  };
  const { version, at, memberId, approvalId } = row;
  return { version, at, memberId, approvalId, field, before: read(row.before), after: read(row.after) };
}
