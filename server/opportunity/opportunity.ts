import type { Caller, Role } from '#server/base/caller.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { GateFact, OpportunityStage } from './opportunity-api.ts';

export interface Facts {
  need: string | null;
  budget: string | null;
  decisionMaker: string | null;
  terms: string | null;
}

/** A sale that may come of a customer. */
export interface Opportunity {
  id: string;
  customerId: string;
  contactId: string | null;
  ownerId: string;
  title: string;
  /** At list price. */
  amountFen: number | null;
  /** What was granted: 1500 is 15 %. */
  discountBp: number;
  stage: OpportunityStage;
  stageAt: Date;
  /** A day of the calendar: 2026-03-31. */
  expectedOn: string | null;
  /** Why it was won or lost. */
  outcome: string | null;
  facts: Facts;
  version: number;
  createdBy: string;
  createdAt: Date;
  updatedAt: Date;
}

/** What may change of it, flat: the facts beside the columns. */
export type Fields = Pick<
  Opportunity,
  'title' | 'amountFen' | 'discountBp' | 'stage' | 'expectedOn' | 'outcome' | 'ownerId'
> &
  Facts;
export type FieldName = keyof Fields;
export type FieldValue = string | number | null;
export interface FieldChange {
  field: FieldName;
  before: FieldValue;
  after: FieldValue;
}

export const unknownOpportunity = () =>
  new Refusal('opportunity.unknown', 'There is no such opportunity, or it is not among those you can see.', 404);

/** The way of a sale. Won and lost are where it ends. */
export const openStages = ['discovery', 'solution', 'quoted', 'negotiation'] as const;
type OpenStage = (typeof openStages)[number];
const isOpenStage = (stage: OpportunityStage): stage is OpenStage => (openStages as readonly string[]).includes(stage);
export const isOpen = ({ stage }: Pick<Opportunity, 'stage'>): boolean => isOpenStage(stage);

type Known = Pick<Opportunity, 'amountFen' | 'expectedOn' | 'facts'>;
const isKnown: Record<GateFact, (sale: Known) => boolean> = {
  need: ({ facts }) => facts.need !== null,
  // An amount says more than a budget.
  budget: ({ facts, amountFen }) => facts.budget !== null || amountFen !== null,
  decision_maker: ({ facts }) => facts.decisionMaker !== null,
  amount: ({ amountFen }) => amountFen !== null,
  expected_on: ({ expectedOn }) => expectedOn !== null,
  terms: ({ facts }) => facts.terms !== null,
};

/** What each stage asks for beyond those before it on the way. */
const asked: Record<OpenStage, readonly GateFact[]> = {
  discovery: [],
  solution: ['need'],
  quoted: ['budget', 'decision_maker'],
  negotiation: ['amount', 'expected_on'],
};

/**
 * What is still missing before the sale may enter `to`. On the way a stage asks for all that those before it ask, so that
 * none is skipped by a jump. A sale that is won is a fact, however it came about: it needs its amount. A lost one needs
 * nothing but the reason, which the move itself brings.
 */
export function missingFor(sale: Known, to: OpportunityStage): GateFact[] {
  switch (to) {
    case 'won':
      return isKnown.amount(sale) ? [] : ['amount'];
    case 'lost':
      return [];
    default: {
      const upTo = openStages.slice(0, openStages.indexOf(to) + 1);
      return upTo.flatMap((stage) => asked[stage]).filter((fact) => !isKnown[fact](sale));
    }
  }
}

/** Moving back on the way is free: what was known once may have turned out wrong. */
const isBack = (from: OpportunityStage, to: OpportunityStage): boolean =>
  isOpenStage(from) && isOpenStage(to) && openStages.indexOf(to) < openStages.indexOf(from);

/** Where it could move to for this caller, with what is missing; a closed one only back on the way, by who may reopen it. */
export function gatesOf(
  sale: Pick<Opportunity, 'stage' | 'ownerId'> & Known,
  caller: Pick<Caller, 'memberId' | 'role'>,
): { stage: OpportunityStage; missing: GateFact[] }[] {
  if (!isOpen(sale) && !mayReopen(sale, caller)) return [];
  return reachable(sale.stage).map((stage) => ({
    stage,
    missing: isBack(sale.stage, stage) ? [] : missingFor(sale, stage),
  }));
}

function reachable(from: OpportunityStage): OpportunityStage[] {
  const stages: OpportunityStage[] = isOpenStage(from) ? [...openStages, 'won', 'lost'] : [...openStages];
  return stages.filter((stage) => stage !== from);
}

const leading: ReadonlySet<Role> = new Set(['manager', 'director', 'admin']);

/** A lost sale comes back with the customer: its owner takes it up again. One that is won was counted: that is for who leads. */
function mayReopen(
  { stage, ownerId }: Pick<Opportunity, 'stage' | 'ownerId'>,
  { memberId, role }: Pick<Caller, 'memberId' | 'role'>,
): boolean {
  return leading.has(role) || (stage === 'lost' && ownerId === memberId);
}

export interface Move {
  stage: OpportunityStage;
  outcome?: string | undefined;
}

/**
 * What a move changes, and what its gate still misses. Reopening drops the outcome; the history keeps it. Throws where
 * no gate would let it through.
 */
export function move(
  sale: Opportunity,
  { stage, outcome }: Move,
  caller: Pick<Caller, 'memberId' | 'role'>,
): { missing: GateFact[]; change: Partial<Fields> } {
  if (stage === sale.stage)
    throw new Refusal('opportunity.same_stage', 'It is at this stage already. Choose another.', 422, { stage });
  if (!reachable(sale.stage).includes(stage)) throw closed(sale.stage);
  if (!isOpen(sale) && !mayReopen(sale, caller))
    throw new Refusal(
      'opportunity.reopen',
      'A lost opportunity is reopened by its owner or whoever leads, a won one by a manager, a director or an admin.',
      403,
    );
  if (isOpenStage(stage))
    return {
      missing: isBack(sale.stage, stage) ? [] : missingFor(sale, stage),
      change: { stage, outcome: null },
    };
  if (outcome === undefined)
    throw new Refusal('opportunity.outcome', 'Say why it was won or lost.', 422, { field: 'outcome' });
  return { missing: missingFor(sale, stage), change: { stage, outcome } };
}

/** A gate may be passed by exception on the way only: a won sale has an amount, or nobody could count it. */
export function mustAllowException(to: OpportunityStage): void {
  if (isOpenStage(to)) return;
  throw new Refusal('opportunity.no_exception', 'A won opportunity needs its amount: no exception replaces it.', 422, {
    field: 'amountFen',
  });
}

export const gateShut = (stage: OpportunityStage, missing: readonly GateFact[]) =>
  new Refusal(
    'opportunity.gate',
    `Before ${stage} this must be known: ${missing.join(', ')}. Fill it in, or ask for an exception.`,
    409,
    { stage, missing },
  );

export function mustBeOpen(sale: Pick<Opportunity, 'stage'>): void {
  if (!isOpen(sale)) throw closed(sale.stage);
}

const closed = (stage: OpportunityStage) =>
  new Refusal('opportunity.closed', `This opportunity is ${stage}. Reopen it first.`, 409, { stage });

/** What `change` would really change. */
export function differences(
  sale: Opportunity,
  change: { [Field in FieldName]?: FieldValue | undefined },
): FieldChange[] {
  const now = fieldsOf(sale);
  return (Object.entries(change) as [FieldName, FieldValue | undefined][]).flatMap(([field, after]) =>
    after === undefined || after === now[field] ? [] : [{ field, before: now[field], after }],
  );
}

export function fieldsOf(sale: Opportunity): Fields {
  const { title, amountFen, discountBp, stage, expectedOn, outcome, ownerId, facts } = sale;
  return { title, amountFen, discountBp, stage, expectedOn, outcome, ownerId, ...facts };
}

/** The sale after `change`. */
export function changed(sale: Opportunity, changes: readonly FieldChange[], at: Date): Opportunity {
  const { need, budget, decisionMaker, terms, ...columns } = {
    ...fieldsOf(sale),
    ...(Object.fromEntries(changes.map(({ field, after }) => [field, after])) as Partial<Fields>),
  };
  const isMoved = columns.stage !== sale.stage;
  return {
    ...sale,
    ...columns,
    facts: { need, budget, decisionMaker, terms },
    stageAt: isMoved ? at : sale.stageAt,
    version: sale.version + 1,
    updatedAt: at,
  };
}

/** An open sale that stood still longer than this is said to stall. */
const stalledAfterDays = 7;

export const daysSince = (since: Date, now: Date): number =>
  Math.max(0, Math.floor((now.getTime() - since.getTime()) / DAY_MS));

/** Whatever entered its stage before this stalls. */
export const stalledBefore = (now: Date): Date => new Date(now.getTime() - stalledAfterDays * DAY_MS);

/** What a request about it is known by: `Approval.subject`. */
export const subjectOf = (id: string): string => `opportunity:${id}`;

/** As the bands of a policy count. */
export const yuanOf = (amountFen: number): number => amountFen / 100;

const AMOUNT_FEN_MAX = 1_000_000_000_000;

/** Who decides goes by the amount: one that is unknown counts as the largest there can be, or leaving it out would pay. */
export const measureOfException = ({ amountFen }: Pick<Opportunity, 'amountFen'>): number =>
  yuanOf(amountFen ?? AMOUNT_FEN_MAX);

export const needsAmount = () =>
  new Refusal('opportunity.amount_needed', 'Enter the amount first: who decides goes by it.', 422, {
    field: 'amountFen',
  });
