import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileSegment } from '#server/segment/compile-segment.ts';
import { countWaterfall } from '#server/segment/count-store.ts';
import {
  operatorsOf,
  segmentFields,
  type Operator,
  type SegmentCondition,
  type SegmentRule,
} from '#server/segment/segment-api.ts';
import { checkRule, conditionsOf, fieldTypeOf } from '#server/segment/segment.ts';
import { seededRandom } from '#tests/support/random.ts';
import { useWorld } from '#tests/support/world.ts';
import { evaluate, readRows } from './evaluate.ts';
import {
  channels,
  corpNames,
  customFields,
  industries,
  populate,
  regions,
  sources,
  systemNames,
  type Population,
} from './population.ts';

const world = useWorld();
const random = seededRandom();

/** Every value that can be said of a field; null where its type says all. */
function valuesOf(field: string, known: Population): (string | number)[] | null {
  switch (field) {
    case 'contact.type':
      return ['messenger', 'colleague'];
    case 'contact.gender':
      return [0, 1, 2];
    case 'contact.corp_name':
      return [...corpNames.filter(Boolean), '科技', '%', '_', '\\', "'", 'Acme', '云'];
    case 'follow.member':
    case 'customer.owner':
      return known.memberIds;
    case 'follow.add_way':
      return [0, 1, 2, 3];
    case 'follow.channel':
      return [...channels, '\'; DROP TABLE "Contact"; --'];
    case 'follow.tag':
      return known.tagIds;
    case 'binding.role':
      return ['decision_maker', 'user', 'influencer', 'buyer', 'other'];
    case 'customer.kind':
      return ['organisation', 'person'];
    case 'customer.stage':
      return ['new', 'contacted', 'qualified', 'quoted', 'won', 'lost'];
    case 'customer.grade':
      return ['A', 'B', 'C', 'D'];
    case 'customer.source':
      return [...sources, '$1'];
    case 'customer.region':
      return [...regions, '440300', '440000', '330000'];
    case 'customer.industry':
      return [...industries, 'I', 'C'];
    case 'broadcast.received':
    case 'broadcast.replied':
      return known.broadcastIds;
    case 'list.member':
      return known.listIds;
    case 'custom.system':
      return [...systemNames, '%', '_', 'SAP', '友'];
    case 'custom.size':
      return ['小', '中', '大', '特大'];
    default:
      return null;
  }
}

const numbersOf: Record<string, number[]> = {
  'rfm.recency': [0, 1, 7, 30, 31.5, 180, 400],
  'rfm.frequency': [-1, 0, 1, 2, 0.5],
  'rfm.monetary': [-1, 0, 0.01, 1000, 3000, 849.99, 8000],
  'score.value': [0, 30, 50.5, 60, 100],
  'custom.budget': [-3, 0, 5, 12.5, 1e6],
};

function conditionOf(field: string, known: Population): fc.Arbitrary<SegmentCondition> {
  const type = fieldTypeOf(field, customFields);
  if (!type) throw new Error(field);
  const values = valuesOf(field, known) ?? [];
  const pickNumber = fc.constantFrom(...(numbersOf[field] ?? [0]));
  const value = (operator: Operator): fc.Arbitrary<SegmentCondition['value']> => {
    switch (operator) {
      case 'is_any':
      case 'is_none':
        return fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
      case 'contains':
      case 'starts_with':
        return fc.constantFrom(...values);
      case 'equals':
        return type === 'number' ? pickNumber : fc.constantFrom(...values);
      case 'at_least':
      case 'at_most':
        return pickNumber;
      case 'between':
        return fc.tuple(pickNumber, pickNumber).map((pair) => pair.toSorted((a, b) => a - b));
      case 'before':
      case 'after':
        return fc.constantFrom('2025-01-01', '2025-09-30', '2026-02-27', '2026-03-01', '2026-04-02', '2024-02-29');
      case 'within_days':
      case 'not_within_days':
        return fc.constantFrom(1, 2, 7, 30, 31, 365, 3660);
      default:
        return fc.constant(undefined);
    }
  };
  return fc
    .constantFrom<Operator[]>(...operatorsOf[type])
    .chain((operator) =>
      value(operator).map((said) => ({ field, operator, ...(said === undefined ? {} : { value: said }) })),
    );
}

const allFields = [...Object.keys(segmentFields), ...customFields.map(({ key }) => `custom.${key}`)];

function ruleOf(known: Population): fc.Arbitrary<SegmentRule> {
  const condition = fc.oneof(...allFields.map((field) => conditionOf(field, known)));
  const level = (depth: number): fc.Arbitrary<SegmentRule> =>
    depth === 0
      ? condition
      : fc.oneof(
          { weight: 2, arbitrary: condition },
          { weight: 3, arbitrary: fc.array(level(depth - 1), { maxLength: 3 }).map((all) => ({ all })) },
          { weight: 3, arbitrary: fc.array(level(depth - 1), { maxLength: 3 }).map((any) => ({ any })) },
          { weight: 2, arbitrary: level(depth - 1).map((not) => ({ not })) },
        );
  return level(4);
}

const placeholder = /\$(\d+)::/g;
const wholeList = (value: unknown): string[] => [value].flat().map(String);

/** One statement, whose values are all beside it. */
function expectOneParameterised({ text, values }: { text: string; values: unknown[] }, rule: SegmentRule): void {
  expect(text).not.toContain(';');
  const places = new Set([...text.matchAll(placeholder)].map(([, place]) => Number(place)));
  expect([...places].toSorted((a, b) => a - b)).toEqual(values.map((_, at) => at + 1));
  // What is left without the placeholders holds no value; our own words (stages, states) are found by no rule here.
  const bare = text.replace(/\$\d+/g, '');
  const own = /^(won|active|contact|user|[\d.-]+|[A-Z]|_|%|\\|')$/;
  const said = conditionsOf(rule).flatMap(({ condition }) => wholeList(condition.value ?? []));
  expect(said.filter((value) => !own.test(value) && bare.includes(value))).toEqual([]);
}

test('500 random rules take in whom a plain reading of the same rows takes in', async () => {
  const { deps } = world;
  const known = await populate(deps, random, 300);
  const rows = await readRows(deps);
  const total = rows.length;
  let neitherAllNorNobody = 0;
  const asked = new Set<string>();
  await fc.assert(
    fc.asyncProperty(ruleOf(known), async (rule) => {
      checkRule(rule, customFields);
      const statement = compileSegment(rule, { now: deps.now() });
      expectOneParameterised(statement, rule);
      const { rows: found } = await deps.pool.query<{ id: string }>(statement.text, statement.values);
      const expected = evaluate(rows, rule, deps.now());
      expect(found.map(({ id }) => id).sort()).toEqual(expected);
      if (expected.length > 0 && expected.length < total) neitherAllNorNobody += 1;
      for (const { condition } of conditionsOf(rule)) asked.add(`${condition.field} ${condition.operator}`);
    }),
    { numRuns: 500, seed: random.seed | 0 },
  );
  console.log(
    `seed ${random.seed}: ${neitherAllNorNobody} of 500 rules split the contacts, ${asked.size} questions asked`,
  );
  expect(neitherAllNorNobody).toBeGreaterThan(150);
});

test('every question that can be asked of a field is answered as a plain reading answers it', async () => {
  const { deps } = world;
  const known = await populate(deps, random, 150);
  const rows = await readRows(deps);
  for (const field of allFields) {
    const rules = fc.sample(conditionOf(field, known), { numRuns: 12, seed: random.seed | 0 });
    for (const rule of rules) {
      const { text, values } = compileSegment(rule, { now: deps.now() });
      const { rows: found } = await deps.pool.query<{ id: string }>(text, values);
      expect(found.map(({ id }) => id).sort(), `seed ${random.seed}: ${JSON.stringify(rule)}`).toEqual(
        evaluate(rows, rule, deps.now()),
      );
    }
  }
});

test('the waterfall of random rules counts whom a plain reading takes in, alone and after those before', async () => {
  const { deps } = world;
  const known = await populate(deps, random, 150);
  const rows = await readRows(deps);
  await fc.assert(
    fc.asyncProperty(ruleOf(known), ruleOf(known), async (one, other) => {
      const alone = [one, other].map((rule) => evaluate(rows, rule, deps.now()));
      const both = evaluate(rows, { all: [one, other] }, deps.now());
      expect(await countWaterfall(deps.pool, [one, other], deps.now())).toEqual({
        total: rows.length,
        parts: [
          { alone: alone[0]?.length, left: alone[0]?.length },
          { alone: alone[1]?.length, left: both.length },
        ],
      });
    }),
    { numRuns: 60, seed: random.seed | 0 },
  );
});

test('who is not in a segment is in its opposite', async () => {
  const { deps } = world;
  const known = await populate(deps, random, 100);
  await fc.assert(
    fc.asyncProperty(ruleOf(known), async (rule) => {
      const one = compileSegment(rule, { now: deps.now() });
      const other = compileSegment({ not: rule }, { now: deps.now() });
      const [inside, outside] = await Promise.all([
        deps.pool.query<{ id: string }>(one.text, one.values),
        deps.pool.query<{ id: string }>(other.text, other.values),
      ]);
      expect(new Set([...inside.rows, ...outside.rows].map(({ id }) => id)).size).toBe(100);
      expect(inside.rows.length + outside.rows.length).toBe(100);
    }),
    { numRuns: 50, seed: random.seed | 0 },
  );
});
