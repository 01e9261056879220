import fc from 'fast-check';
import { expect, test } from 'vitest';
import { factorView } from '#server/scoring/scoring-api.ts';
import { levelOf, scoreOf, type ScoreFacts } from '#server/scoring/score.ts';
import { signalKinds } from '#server/summary/summary-answer.ts';

const seed = Date.now() % 2 ** 31;
console.log(`score seed ${seed}`);

const now = new Date('2026-03-01T02:00:00Z');
const ago = (days: number) => new Date(now.getTime() - days * 86_400_000);
const nobody: ScoreFacts = { contact: { corpName: null }, bindings: [], messages: [], signals: [] };
const messageId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const said = (signal: (typeof signalKinds)[number], n: number, days = 1, quote = '多少钱') => ({
  signal,
  quotes: [{ messageId: messageId(n), quote, at: ago(days).toISOString() }],
});

/** Words nobody asked for, or that are no speech at all. */
const merely = (
  manner: 'claimed' | 'dictated',
  signal: (typeof signalKinds)[number],
  n: number,
  days = 1,
): ScoreFacts['signals'][number] => ({
  signal,
  quotes: said(signal, n, days).quotes.map((quote) => ({ ...quote, manner })),
});
const reply = (days: number) => ({ sender: 'member' as const, at: ago(days) });

const facts: fc.Arbitrary<ScoreFacts> = fc.record({
  contact: fc.record({ corpName: fc.option(fc.string()) }),
  bindings: fc.array(
    fc.record({
      role: fc.constantFrom('decision_maker', 'user', 'influencer', 'buyer', 'other', 'toString'),
      grade: fc.constantFrom('A', 'B', 'C', 'D', null, '?'),
    }),
    { maxLength: 4 },
  ),
  messages: fc.array(
    fc.record({
      sender: fc.constantFrom('contact' as const, 'member' as const),
      at: fc.integer({ min: 0, max: 90 }).map(ago),
    }),
    { maxLength: 30 },
  ),
  signals: fc.array(
    fc
      .tuple(
        fc.constantFrom(...signalKinds),
        fc.nat(20),
        fc.nat(90),
        fc.constantFrom('plain' as const, 'claimed' as const, 'dictated' as const),
      )
      .map(([signal, n, days, manner]) =>
        manner === 'plain' ? said(signal, n, days) : merely(manner, signal, n, days),
      ),
    { maxLength: 30 },
  ),
});

test('the factors shown add up to the score, and the score stays between 0 and 100', () => {
  fc.assert(
    fc.property(facts, (some) => {
      const { value, factors } = scoreOf(some, now);
      expect(factors.reduce((sum, { points }) => sum + points, 0)).toBe(value);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(100);
      expect(new Set(factors.map(({ key }) => key)).size).toBe(factors.length);
      for (const factor of factors) expect(factorView.safeParse(factor).success).toBe(true);
    }),
    { seed, numRuns: 500 },
  );
});

test('the order in which things are told does not change the score', () => {
  fc.assert(
    fc.property(facts, (some) => {
      const turned = {
        ...some,
        bindings: [...some.bindings].reverse(),
        messages: [...some.messages].reverse(),
        signals: [...some.signals].reverse(),
      };
      expect(scoreOf(turned, now).value).toBe(scoreOf(some, now).value);
    }),
    { seed },
  );
});

test('what is taken off at the top is shown as a factor', () => {
  const { value, factors } = scoreOf(
    {
      contact: { corpName: '云杉' },
      bindings: [{ role: 'decision_maker', grade: 'A' }],
      messages: Array.from({ length: 12 }, () => ({ sender: 'contact' as const, at: ago(0.1) })),
      signals: signalKinds
        .filter((kind) => kind !== 'negative' && kind !== 'postpones')
        .map((kind, n) => said(kind, n)),
    },
    now,
  );
  expect(value).toBe(100);
  expect(factors.at(-1)).toMatchObject({ key: 'ceiling', text: '封顶 100' });
});

test('a contact nothing is known of has the score of the start alone', () => {
  expect(scoreOf(nobody, now)).toMatchObject({ value: 20, factors: [{ key: 'start', points: 20 }] });
});

test('saying the same thing a hundred times counts three times at most', () => {
  const asked = (count: number) =>
    scoreOf({ ...nobody, signals: Array.from({ length: count }, (_, n) => said('asks_price', n)) }, now);
  expect(asked(1).value).toBe(28);
  expect(asked(3).value).toBe(32);
  expect(asked(100).value).toBe(32);
  expect(asked(3).factors[1]).toMatchObject({ key: 'signal.asks_price', text: '询价×3' });
});

test('the same message cited twice is one message', () => {
  expect(scoreOf({ ...nobody, signals: [said('asks_price', 1), said('asks_price', 1)] }, now).value).toBe(28);
});

test('a signal points at the newest message that says it', () => {
  const signals = [said('asks_price', 1, 5, '什么价'), said('asks_price', 2, 1, '多少钱'), said('asks_price', 3, 9)];
  expect(scoreOf({ ...nobody, signals }, now).factors[1]?.pointer).toEqual({
    messageId: messageId(2),
    quote: '多少钱',
  });
});

test('what was said two months ago says nothing about now', () => {
  expect(scoreOf({ ...nobody, signals: [said('asks_contract', 1, 61)] }, now).value).toBe(20);
});

test('a customer left without an answer for two days costs points, an answered one does not', () => {
  const waiting = { sender: 'contact' as const, at: ago(2) };
  const answer = { sender: 'member' as const, at: ago(1.9) };
  const keys = (messages: ScoreFacts['messages']) =>
    scoreOf({ ...nobody, messages }, now).factors.map(({ key }) => key);
  expect(keys([waiting])).toContain('unanswered');
  expect(keys([waiting, answer])).not.toContain('unanswered');
});

test.each([
  [70, 'high'],
  [69, 'medium'],
  [40, 'medium'],
  [39, 'low'],
])('a score of %i is %s', (value, level) => {
  expect(levelOf(value)).toBe(level);
});

test('whatever is claimed or dictated before the next reply moves the score by five points at most either way', () => {
  const claims = fc.array(
    fc
      .tuple(fc.constantFrom('claimed' as const, 'dictated' as const), fc.constantFrom(...signalKinds), fc.nat(20))
      .map(([manner, signal, n]) => merely(manner, signal, n)),
    { maxLength: 30 },
  );
  const favourable = (one: ScoreFacts['signals'][number]) => one.signal !== 'negative' && one.signal !== 'postpones';
  fc.assert(
    fc.property(facts, claims, (some, told) => {
      const before = { ...some, signals: [said('asks_price', 1)] };
      const { value } = scoreOf(before, now);
      for (const [manner, isUp] of [
        ['claimed', true],
        ['claimed', false],
        ['dictated', true],
        ['dictated', false],
      ] as const) {
        const one = told.filter((each) => each.quotes[0]?.manner === manner && favourable(each) === isUp);
        const moved = scoreOf({ ...before, signals: [...before.signals, ...one] }, now).value - value;
        expect(Math.abs(moved)).toBeLessThanOrEqual(5);
      }
    }),
    { seed },
  );
});

test('what is claimed counts in full once it is said again after a reply, and the card says so until then', () => {
  const first = merely('claimed', 'names_budget', 1, 3);
  const again = merely('claimed', 'names_budget', 2, 1);
  const once = scoreOf({ ...nobody, signals: [first] }, now);
  expect(once.value).toBe(25);
  expect(once.factors.map(({ key, points, text }) => [key, points, text])).toEqual([
    ['start', 20, '起点'],
    ['signal.names_budget', 8, '说出预算'],
    ['signal.unconfirmed', -3, '只是自称，再次说到前最多计 5 分'],
  ]);
  expect(once.factors[2]?.pointer).toEqual({ messageId: messageId(1), quote: '多少钱' });
  expect(scoreOf({ ...nobody, signals: [first, again] }, now).value).toBe(25);
  const messages = [reply(2)];
  const silent = scoreOf({ ...nobody, messages }, now).value;
  expect(scoreOf({ ...nobody, messages, signals: [first, again] }, now).value).toBe(silent + 8);
});

test('what is dictated is proof of nothing, however often it is dictated again', () => {
  const messages = [reply(8), reply(6), reply(4)];
  const kinds = ['asks_contract', 'names_budget', 'positive', 'asks_contract'] as const;
  const signals = kinds.map((kind, n) => merely('dictated', kind, n, 9 - 2 * n));
  const { value, factors } = scoreOf({ ...nobody, messages, signals }, now);
  expect(value).toBe(25);
  expect(factors.at(-1)).toMatchObject({ key: 'signal.unconfirmed' });
});

test('a plain question and a plain no count in full at once', () => {
  expect(scoreOf({ ...nobody, signals: [said('asks_price', 1)] }, now).value).toBe(28);
  expect(scoreOf({ ...nobody, signals: [said('postpones', 1)] }, now).value).toBe(10);
});
