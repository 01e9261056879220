import fc from 'fast-check';
import { expect, test } from 'vitest';
import { learn, type Fact, type Standing } from '#server/contact/follow.ts';

const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 0, 0, second));
const second = fc.integer({ min: 0, max: 8 }).map(at);
const channel = fc.constantFrom(null, 'booth', 'website');

/** What events and profiles say; `listed` and `unlisted` are looked up now and so come in order by themselves. */
const fact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({ kind: fc.constant('added' as const), at: second, half: fc.boolean(), channel }),
  fc.record({
    kind: fc.constant('removed' as const),
    at: second,
    by: fc.constantFrom('member' as const, 'contact' as const),
    transferred: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('consented' as const),
    at: second,
    consent: fc.constantFrom('agreed' as const, 'refused' as const),
  }),
  // Profiles are told by one platform, which has one answer.
  fc.record({ kind: fc.constant('shown' as const), at: fc.constant(at(3)), channel: fc.constant('booth') }),
);

test('facts learnt in any order, any number of times, end in one standing', () => {
  fc.assert(
    fc.property(fc.array(fact, { minLength: 1, maxLength: 12 }), fc.infiniteStream(fc.nat()), (facts, chance) => {
      const disorder = [...facts, ...facts, ...facts]
        .map((one) => ({ one, place: chance.next().value ?? 0 }))
        .sort((a, b) => a.place - b.place)
        .map(({ one }) => one);
      expect(learnAll(disorder)).toEqual(learnAll(inOrder(facts)));
    }),
    { numRuns: 3000 },
  );
});

test('10,000 events, three times each and out of order, end where those in order do', () => {
  fc.assert(
    fc.property(fc.array(fact, { minLength: 10_000, maxLength: 10_000, size: 'max' }), (facts) => {
      const disorder = [...facts.toReversed(), ...facts, ...facts.toReversed()];
      expect(learnAll(disorder)).toEqual(learnAll(inOrder(facts)));
    }),
    { numRuns: 1, endOnFailure: true },
  );
});

test.each<[string, Fact[], Standing['state']]>([
  ['an add', [added(1)], 'active'],
  ['an add the member has not confirmed', [added(1, true)], 'pending'],
  ['an add and its confirmation', [added(1, true), added(2)], 'active'],
  ['both told in one second', [added(1), added(1, true)], 'active'],
  ['an add, then a removal', [added(1), removed(2)], 'removed_by_contact'],
  ['a removal and an add in one second', [removed(1), added(1)], 'removed_by_contact'],
  ['an older add told after a removal', [removed(2), added(1)], 'removed_by_contact'],
  ['a removal, then a new add', [added(1), removed(2), added(3)], 'active'],
  ['a profile that still shows who removed the member', [removed(2), shown(1)], 'removed_by_contact'],
  ['a profile of somebody unheard of', [shown(1)], 'active'],
  ['a follow no longer listed', [shown(1), { kind: 'unlisted', at: at(5) }], 'removed_by_member'],
  ['an unconfirmed follow not listed', [added(1, true), { kind: 'unlisted', at: at(5) }], 'pending'],
  ['one thought gone and listed again', [removed(2, 'member'), { kind: 'listed', at: at(5) }], 'active'],
  ['one who removed the member, listed still', [removed(2), { kind: 'listed', at: at(5) }], 'removed_by_contact'],
])('%s leaves them %s', (_, facts, state) => {
  expect(learnAll(facts)?.state).toBe(state);
});

test('consent is kept whatever becomes of the follow', () => {
  const standing = learnAll([{ kind: 'consented', at: at(2), consent: 'agreed' }, added(1), removed(3)]);
  expect(standing).toMatchObject({ state: 'removed_by_contact', archiveConsent: 'agreed' });
});

function learnAll(facts: Fact[]): Standing | null {
  return facts.reduce<Standing | null>(learn, null);
}

function inOrder(facts: Fact[]): Fact[] {
  return [...facts].sort((a, b) => (a.at?.getTime() ?? 0) - (b.at?.getTime() ?? 0));
}

function added(when: number, half = false): Fact {
  return { kind: 'added', at: at(when), half, channel: null };
}

function removed(when: number, by: 'member' | 'contact' = 'contact'): Fact {
  return { kind: 'removed', at: at(when), by, transferred: false };
}

function shown(when: number): Fact {
  return { kind: 'shown', at: at(when), channel: null };
}
