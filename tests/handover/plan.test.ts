import fc from 'fast-check';
import { expect, test } from 'vitest';
import { itemKinds } from '#server/handover/handover-api.ts';
import { assign, keyOf, type Belonging } from '#server/handover/plan.ts';

const customers = ['c1', 'c2', 'c3', 'c4', 'c5'];

/** Things of a few customers, some of which are about contacts of others. */
const belongings = fc
  .uniqueArray(
    fc.record({
      kind: fc.constantFrom(...itemKinds),
      id: fc.integer({ min: 1, max: 60 }).map(String),
      ties: fc.array(
        fc.oneof(
          fc.constantFrom(...customers).map((id) => `customer:${id}`),
          fc.integer({ min: 1, max: 60 }).map((id) => `contact:${id}`),
        ),
        { maxLength: 2 },
      ),
    }),
    { selector: keyOf, maxLength: 60 },
  )
  .map((all): Belonging[] => all);
const takers = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 });

test('everything goes to exactly one taker, and nothing is lost or made up', () => {
  fc.assert(
    fc.property(belongings, takers, (all, to) => {
      for (const rule of [{ by: 'spread', to } as const, { by: 'one', to: to[0] ?? '' } as const]) {
        const assigned = assign(all, rule);
        expect(assigned.map(keyOf).toSorted()).toEqual(all.map(keyOf).toSorted());
        expect(to).toEqual(expect.arrayContaining(assigned.map((one) => one.to)));
      }
    }),
    { numRuns: 500 },
  );
});

test('what is about one customer or contact goes to one taker', () => {
  fc.assert(
    fc.property(belongings, takers, (all, to) => {
      const takerOf = new Map(assign(all, { by: 'spread', to }).map((one) => [keyOf(one), one.to]));
      const byTie = new Map<string, Set<string | undefined>>();
      for (const one of all) {
        for (const tie of [keyOf(one), ...one.ties]) {
          byTie.set(tie, (byTie.get(tie) ?? new Set()).add(takerOf.get(keyOf(one))));
        }
      }
      for (const [, several] of byTie) expect(several.size).toBe(1);
    }),
    { numRuns: 500 },
  );
});

test('no taker gets more than another by more than the largest group', () => {
  fc.assert(
    fc.property(belongings, takers, (all, to) => {
      const assigned = assign(all, { by: 'spread', to });
      const loads = to.map((taker) => assigned.filter((one) => one.to === taker).length);
      const alone = all.map((one) => ({ ...one, ties: [] }));
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(largestGroup(all));
      const evenLoads = to.map((taker) => assign(alone, { by: 'spread', to }).filter((one) => one.to === taker).length);
      expect(Math.max(...evenLoads) - Math.min(...evenLoads)).toBeLessThanOrEqual(1);
    }),
    { numRuns: 300 },
  );
});

test('the same plan comes of the same things in any order', () => {
  fc.assert(
    fc.property(belongings, takers, (all, to) => {
      const sorted = (things: Belonging[]) =>
        assign(things, { by: 'spread', to })
          .map((one) => `${keyOf(one)} ${one.to}`)
          .toSorted();
      expect(sorted(all.toReversed())).toEqual(sorted(all));
    }),
    { numRuns: 200 },
  );
});

test('by hand only what is listed goes, each to whom it was given', () => {
  const all: Belonging[] = [
    { kind: 'customer', id: '1', ties: [] },
    { kind: 'customer', id: '2', ties: [] },
  ];
  const listed = [{ kind: 'customer' as const, id: '2', to: 'b' }];
  expect(assign(all, { by: 'hand', items: listed })).toEqual(listed);
});

test.each([
  ['handover.item_unknown', [{ kind: 'customer' as const, id: '9', to: 'b' }]],
  [
    'handover.item_twice',
    [
      { kind: 'customer' as const, id: '1', to: 'a' },
      { kind: 'customer' as const, id: '1', to: 'b' },
    ],
  ],
])('a list with something impossible in it is refused: %s', (code, items) => {
  const all: Belonging[] = [{ kind: 'customer', id: '1', ties: [] }];
  expect(() => assign(all, { by: 'hand', items })).toThrow(expect.objectContaining({ code }));
});

/** Written from the meaning, not from the plan: what a walk over shared ties reaches. */
function largestGroup(all: readonly Belonging[]): number {
  const names = (one: Belonging) => [keyOf(one), ...one.ties];
  let largest = 0;
  for (const start of all) {
    const reached = new Set([start]);
    const known = new Set(names(start));
    for (let before = -1; before !== reached.size;) {
      before = reached.size;
      for (const one of all) {
        if (reached.has(one) || !names(one).some((name) => known.has(name))) continue;
        reached.add(one);
        for (const name of names(one)) known.add(name);
      }
    }
    largest = Math.max(largest, reached.size);
  }
  return largest;
}
