import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alertOf, healthOf, levelOf, type Health, type HealthFacts } from '#server/health/health.ts';
import { signalKinds } from '#server/summary/summary-answer.ts';

const now = new Date('2026-03-01T02:00:00.000Z');
const DAY_MS = 86_400_000;
const ago = (days: number) => new Date(now.getTime() - days * DAY_MS);

/** Writes every three days, is answered, bought once: all is well. */
const well: HealthFacts = {
  deals: { count: 1, lastAt: ago(90), fen: 1_000_000, fenBefore: 0 },
  hasOpenOpportunity: false,
  follows: { active: 1, deletedAt: null },
  theirs: { count: 40, lastAt: ago(5), recent: 10, before: 20, usualGapDays: 3 },
  waiting: { since: null, slow: 0 },
  signals: [],
};
const said = (signal: (typeof signalKinds)[number], days: number, count = 1): HealthFacts['signals'] => [
  {
    signal,
    quotes: Array.from({ length: count }, (_, at) => ({
      messageId: `00000000-0000-4000-8000-00000000000${at}`,
      quote: '太慢了',
      at: ago(days + at).toISOString(),
    })),
  },
];
const keysOf = ({ factors }: Health) => factors.map(({ key }) => key);

test('a customer who writes as usual and is answered is well', () => {
  expect(healthOf(well, now)).toMatchObject({ level: 'good', risk: 10 });
});

test('of somebody who hardly spoke and bought nothing nothing is said', () => {
  const stranger = { ...well, deals: { ...well.deals, count: 0 }, theirs: { ...well.theirs, count: 3 } };
  const gone = { ...stranger, follows: { active: 0, deletedAt: ago(1) } };
  expect(healthOf(stranger, now)).toEqual({ level: 'unknown', risk: null, factors: [] });
  expect(healthOf(gone, now).level).toBe('unknown');
});

test('silence counts by the contact’s own habit', () => {
  const silentFor = (days: number, usualGapDays: number) =>
    keysOf(healthOf({ ...well, theirs: { ...well.theirs, lastAt: ago(days), usualGapDays } }, now)).includes('silent');
  expect(silentFor(20, 3)).toBe(true);
  expect(silentFor(20, 30)).toBe(false);
  expect(silentFor(13, 1)).toBe(false);
});

test('who deleted everybody here is at risk by that alone', () => {
  const gone = healthOf({ ...well, follows: { active: 0, deletedAt: ago(1) } }, now);
  expect(gone).toMatchObject({ level: 'risk', risk: 70 });
  expect(alertOf(gone, { follows: { active: 0, deletedAt: ago(1) } }, null, now)).toBe('open');
});

test('nobody is alarmed for one kind of reason alone', () => {
  const silent = { ...well, theirs: { count: 40, lastAt: ago(60), recent: 0, before: 20, usualGapDays: 3 } };
  const health = healthOf(silent, now);
  expect(alertOf({ ...health, level: 'risk' }, silent, null, now)).toBe(null);
  const angry = { ...silent, signals: said('negative', 20, 3) };
  expect(healthOf(angry, now).level).toBe('risk');
  expect(alertOf(healthOf(angry, now), angry, null, now)).toBe('open');
});

test('bad words of long ago count no more', () => {
  expect(keysOf(healthOf({ ...well, signals: said('negative', 61) }, now))).not.toContain('signal.negative');
  expect(keysOf(healthOf({ ...well, signals: said('negative', 59) }, now))).toContain('signal.negative');
});

test('an alert a person closed stays quiet for 30 days, unless the contact deleted us since', () => {
  const facts = {
    ...well,
    theirs: { count: 40, lastAt: ago(60), recent: 0, before: 20, usualGapDays: 3 },
    signals: said('negative', 20, 3),
  };
  const health = healthOf(facts, now);
  const closed = (days: number) => ({ state: 'dismissed' as const, at: ago(days + 1), closedAt: ago(days) });
  expect(alertOf(health, facts, closed(29), now)).toBe(null);
  expect(alertOf(health, facts, closed(31), now)).toBe('open');
  const gone = { follows: { active: 0, deletedAt: ago(1) } };
  expect(alertOf(health, gone, closed(29), now)).toBe('open');
});

test('who deleted us is told of once: what somebody closed after that comes back no more', () => {
  const gone = { ...well, follows: { active: 0, deletedAt: ago(100) } };
  const health = healthOf(gone, now);
  expect(alertOf(health, gone, null, now)).toBe('open');
  const closed = { state: 'done' as const, at: ago(100), closedAt: ago(60) };
  expect(alertOf({ ...health, level: 'risk' }, gone, closed, now)).toBe(null);
});

test('an open alert goes away by itself only when the risk is well down', () => {
  const open = { state: 'open' as const, at: ago(3), closedAt: null };
  const at = (risk: number | null): Health => ({ level: levelOf(risk), risk, factors: [] });
  expect(alertOf(at(50), well, open, now)).toBe(null);
  expect(alertOf(at(35), well, open, now)).toBe(null);
  expect(alertOf(at(34), well, open, now)).toBe('over');
  expect(alertOf(at(null), well, open, now)).toBe('over');
  expect(alertOf(at(90), well, open, now)).toBe(null);
});

test('a model’s risk is a probability, for which the lines are lower than for points', () => {
  expect([19, 20, 39, 40].map((risk) => levelOf(risk, 'model'))).toEqual(['good', 'watch', 'watch', 'risk']);
  expect([34, 35, 59, 60].map((risk) => levelOf(risk))).toEqual(['good', 'watch', 'watch', 'risk']);
});

test('whatever is known, the reasons add up to the risk and it is within 0 and 100', () => {
  const date = fc.option(fc.integer({ min: 0, max: 800 }).map(ago));
  const count = fc.integer({ min: 0, max: 200 });
  const facts: fc.Arbitrary<HealthFacts> = fc.record({
    deals: fc.record({ count, lastAt: date, fen: count.map((n) => n * 1e5), fenBefore: count.map((n) => n * 1e5) }),
    hasOpenOpportunity: fc.boolean(),
    follows: fc.record({ active: fc.integer({ min: 0, max: 3 }), deletedAt: date }),
    theirs: fc.record({
      count,
      lastAt: date,
      recent: count,
      before: count,
      usualGapDays: fc.option(fc.double({ min: 0.1, max: 90, noNaN: true })),
    }),
    waiting: fc.record({ since: date, slow: fc.integer({ min: 0, max: 20 }) }),
    signals: fc
      .array(
        fc.tuple(fc.constantFrom(...signalKinds), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 5 })),
      )
      .map((all) => all.flatMap(([signal, days, times]) => said(signal, days, times))),
  });
  fc.assert(
    fc.property(facts, (known) => {
      const { risk, factors, level } = healthOf(known, now);
      if (risk === null) return level === 'unknown' && factors.length === 0;
      expect(factors.reduce((sum, { points }) => sum + points, 0)).toBe(risk);
      expect(risk).toBeGreaterThanOrEqual(0);
      expect(risk).toBeLessThanOrEqual(100);
      return true;
    }),
    { numRuns: 2000 },
  );
});
