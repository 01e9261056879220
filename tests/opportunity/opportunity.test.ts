import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { netOf } from '#server/base/net-of.ts';
import { Refusal } from '#server/base/refusal.ts';
import { opportunityStages, type OpportunityStage } from '#server/opportunity/opportunity-api.ts';
import {
  changed,
  daysSince,
  differences,
  fieldsOf,
  gatesOf,
  isOpen,
  missingFor,
  move,
  mustAllowException,
  openStages,
  type Opportunity,
} from '#server/opportunity/opportunity.ts';

const NOW = new Date('2026-03-04T02:00:00.000Z');
const owner = { memberId: 'owner', role: 'rep' as const };
const colleague = { memberId: 'colleague', role: 'rep' as const };
const manager = { memberId: 'manager', role: 'manager' as const };

const make = (given: Partial<Opportunity> = {}): Opportunity => ({
  id: 'a',
  customerId: 'c',
  contactId: null,
  ownerId: 'owner',
  title: '50 人版',
  amountFen: null,
  discountBp: 0,
  stage: 'discovery',
  stageAt: NOW,
  expectedOn: null,
  outcome: null,
  facts: { need: null, budget: null, decisionMaker: null, terms: null },
  version: 1,
  createdBy: 'owner',
  createdAt: NOW,
  updatedAt: NOW,
  ...given,
});

const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: null });
const stage = fc.constantFrom(...opportunityStages);
const sale = fc
  .record({
    stage,
    amountFen: maybe(fc.integer({ min: 0, max: 1_000_000_000_000 })),
    expectedOn: maybe(fc.constant('2026-03-31')),
    discountBp: fc.integer({ min: 0, max: 10_000 }),
    facts: fc.record({
      need: maybe(fc.constant('要')),
      budget: maybe(fc.constant('20 万')),
      decisionMaker: maybe(fc.constant('刘总')),
      terms: maybe(fc.constant('月结')),
    }),
  })
  .map(make);
const caller = fc.constantFrom(owner, colleague, manager);

function outcomeOf(act: () => unknown): string {
  try {
    act();
    return 'done';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

describe('before a stage it must be known what it asks for', () => {
  const known = {
    facts: { need: '要', budget: '20 万', decisionMaker: '刘总', terms: null },
    amountFen: 1,
    expectedOn: '2026-03-31',
  };
  const without = (fact: 'need' | 'budget' | 'decisionMaker') =>
    make({ ...known, amountFen: null, facts: { ...known.facts, [fact]: null } });

  test.each([
    ['solution', without('need'), ['need']],
    ['quoted', without('budget'), ['budget']],
    ['quoted', make({ ...known, facts: { ...known.facts, budget: null } }), []],
    ['quoted', without('decisionMaker'), ['decision_maker']],
    ['negotiation', make({ ...known, amountFen: null, expectedOn: null }), ['amount', 'expected_on']],
    ['negotiation', make(), ['need', 'budget', 'decision_maker', 'amount', 'expected_on']],
    ['negotiation', make(known), []],
    ['won', make(), ['amount']],
    ['won', make({ amountFen: 1 }), []],
    ['lost', make(), []],
  ] as const)('%s', (to, given, missing) => {
    expect(missingFor(given, to)).toEqual(missing);
  });

  test('to win or lose, the reason', () => {
    for (const to of ['won', 'lost'] as const) {
      expect(outcomeOf(() => move(make({ amountFen: 1 }), { stage: to }, owner))).toBe('opportunity.outcome');
      expect(move(make({ amountFen: 1 }), { stage: to, outcome: '价格' }, owner)).toEqual({
        missing: [],
        change: { stage: to, outcome: '价格' },
      });
    }
  });

  test('what is open at a stage is open at every stage before it', () => {
    fc.assert(
      fc.property(sale, (given) => {
        const open = openStages.map((to) => missingFor(given, to).length === 0);
        expect(open.lastIndexOf(true)).toBe(open.filter(Boolean).length - 1);
      }),
    );
  });

  test('to learn more never shuts a gate', () => {
    fc.assert(
      fc.property(sale, sale, stage, (one, other, to) => {
        const { need, budget, decisionMaker, terms } = one.facts;
        const more = make({
          ...one,
          amountFen: one.amountFen ?? other.amountFen,
          expectedOn: one.expectedOn ?? other.expectedOn,
          facts: {
            need: need ?? other.facts.need,
            budget: budget ?? other.facts.budget,
            decisionMaker: decisionMaker ?? other.facts.decisionMaker,
            terms: terms ?? other.facts.terms,
          },
        });
        const before = missingFor(one, to);
        expect(missingFor(more, to).filter((fact) => !before.includes(fact))).toEqual([]);
      }),
    );
  });
});

describe('a sale moves', () => {
  test('back on the way whatever is known', () => {
    fc.assert(
      fc.property(sale, fc.constantFrom(...openStages), (given, to) => {
        fc.pre(
          isOpen(given) && openStages.indexOf(to) < openStages.indexOf(given.stage as (typeof openStages)[number]),
        );
        expect(move(given, { stage: to }, colleague).missing).toEqual([]);
      }),
    );
  });

  test('only where the screen says it may, and the screen says what is missing as the move does', () => {
    fc.assert(
      fc.property(sale, stage, caller, (given, to, by) => {
        const gate = gatesOf(given, by).find((one) => one.stage === to);
        const act = () => move(given, { stage: to, outcome: '价格' }, by);
        const missing = outcomeOf(act) === 'done' ? act().missing : undefined;
        expect(missing).toEqual(gate?.missing);
      }),
    );
  });

  test('from an end only back on the way: never from won to lost at once', () => {
    const ends = ['won', 'lost'] as const;
    for (const from of ends)
      for (const to of ends)
        expect(
          outcomeOf(() => move(make({ stage: from, amountFen: 1 }), { stage: to, outcome: '价格' }, manager)),
        ).toBe(from === to ? 'opportunity.same_stage' : 'opportunity.closed');
  });

  test.each([
    ['lost', owner, 'done'],
    ['lost', colleague, 'opportunity.reopen'],
    ['lost', manager, 'done'],
    ['won', owner, 'opportunity.reopen'],
    ['won', colleague, 'opportunity.reopen'],
    ['won', manager, 'done'],
  ] as const)('a %s one is reopened by its owner or who leads as it was lost or won', (from, by, expected) => {
    const given = make({ stage: from, outcome: '价格' });
    expect(outcomeOf(() => move(given, { stage: 'discovery' }, by))).toBe(expected);
  });

  test('reopened without the reason for which it was lost', () => {
    expect(move(make({ stage: 'lost', outcome: '价格' }), { stage: 'discovery' }, owner).change).toEqual({
      stage: 'discovery',
      outcome: null,
    });
  });

  test('past a gate by exception on the way only', () => {
    const allowed = opportunityStages.filter((to) => outcomeOf(() => mustAllowException(to)) === 'done');
    expect(allowed).toEqual([...openStages]);
  });
});

test('what a change leaves is what its history says, and one version more', () => {
  const value: Record<string, fc.Arbitrary<string | number | null | undefined>> = {
    title: fc.option(fc.constant('别的'), { nil: undefined }),
    amountFen: fc.option(maybe(fc.nat()), { nil: undefined }),
    need: fc.option(maybe(fc.constant('更多')), { nil: undefined }),
    stage: fc.option(stage, { nil: undefined }),
  };
  fc.assert(
    fc.property(sale, fc.record(value), (given, change) => {
      const changes = differences(given, change);
      const later = new Date(NOW.getTime() + 1000);
      const after = changed(given, changes, later);
      const now = fieldsOf(after);
      for (const [field, before] of Object.entries(fieldsOf(given))) {
        const noted = changes.find((one) => one.field === field) ?? { before, after: before };
        expect([noted.before, noted.after]).toEqual([before, now[field as keyof typeof now]]);
      }
      expect(after.version).toBe(given.version + 1);
      expect(after.stageAt).toBe(after.stage === given.stage ? NOW : later);
    }),
  );
});

test('the net amount is the amount less the discount, to the nearest fen, and exact for the largest', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000_000_000 }), fc.integer({ min: 0, max: 10_000 }), (amount, bp) => {
      const exact = (BigInt(amount) * BigInt(10_000 - bp) * 2n + 10_000n) / 20_000n;
      const half = (BigInt(amount) * BigInt(bp) * 2n) % 20_000n === 10_000n;
      expect(Math.abs(netOf(amount, bp) - Number(exact))).toBeLessThanOrEqual(half ? 1 : 0);
    }),
  );
  expect(netOf(1_280_000, 1500)).toBe(1_088_000);
  expect(netOf(1_280_000, 10_000)).toBe(0);
  expect(netOf(1_280_000, 0)).toBe(1_280_000);
});

test('days in a stage are whole days that passed', () => {
  const since = (iso: string) => daysSince(new Date(iso), NOW);
  expect([since('2026-03-04T02:00:00Z'), since('2026-03-03T02:00:01Z'), since('2026-03-03T02:00:00Z')]).toEqual([
    0, 0, 1,
  ]);
  expect(since('2026-03-05T00:00:00Z')).toBe(0);
});

test('every stage is told apart', () => {
  const all: OpportunityStage[] = [...openStages, 'won', 'lost'];
  expect(all).toEqual([...opportunityStages]);
});
