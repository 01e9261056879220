import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '#server/learning/seeded.ts';
import { makeTable } from '#server/learning/table.ts';
import { train } from '#server/learning/train.ts';
import { openStages } from '#server/opportunity/opportunity.ts';
import { chooseChampion } from '#server/scoring/choose-champion.ts';
import {
  bytesOf,
  columnsOf,
  LexiconWriter,
  rawRowOf,
  vectorFrom,
  width,
  type Lexicon,
} from '#server/scoring/feature-block.ts';
import { features, stageWords } from '#server/scoring/features.ts';
import { outcomesOf } from '#server/scoring/outcome.ts';
import { ruleValueOf } from '#server/scoring/rule-value.ts';
import { factorView } from '#server/scoring/scoring-api.ts';
import { loadModel, methodOf, reasonsOf, recalibratedIn, valuesOf } from '#server/scoring/scoring-model.ts';
import { nightAfter } from '#server/scoring/train-scoring.ts';

const seed = Date.now() % 2 ** 31;
console.log(`features seed ${seed}`);

const placeOf = (key: string) => features.findIndex((feature) => feature.key === key);
const lexicon: Lexicon = { addWay: ['1', '3'], channel: ['expo'], source: ['展会', '官网'] };
const vectorWith = (known: Record<string, number>) => {
  const vector = new Float32Array(width).fill(Number.NaN);
  for (const [key, value] of Object.entries(known)) vector[placeOf(key)] = value;
  return vector;
};

/** Vectors whose outcome depends on grade, silence and a price asked. */
function learned() {
  const random = seeded(3);
  const rows = 400;
  const values = new Float32Array(rows * width).fill(Number.NaN);
  const happened = Array.from({ length: rows }, (_, row) => {
    const [grade, silent, asked, source] = [random() * 4, random() * 60, Math.floor(random() * 3), random() * 2];
    const known = { grade: Math.floor(grade), silentDays: Math.floor(silent), 'signal.asks_price': asked };
    values.set(vectorWith({ ...known, source: Math.floor(source), bound: 1 }), row * width);
    return random() < 1 / (1 + Math.exp(grade - 2 + silent / 30 - asked));
  });
  const block = { rows, ids: Buffer.alloc(16 * rows), values, lexicon };
  const { model } = train(makeTable(columnsOf(block), happened), { trees: { roundsMax: 40 } });
  return { block, body: { model, lexicon: lexicon as Record<string, string[]> } };
}
const { block, body } = learned();
const about = { id: '00000000-0000-7000-8000-000000000001', target: 'lead' as const, version: 7 };
const model = loadModel(about, body, []);

test('gender and region are no features, and each feature stands once', () => {
  const keys = features.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  expect(JSON.stringify(features)).not.toMatch(/gender|region/i);
});

test('the stages of an open sale are those a sale can have', () => {
  expect(stageWords.toSorted()).toEqual(openStages.toSorted());
});

test('every feature says what it is, known or not', () => {
  for (const feature of features) {
    const said = feature.kind === 'number' ? [null, 0, 3].map(feature.say) : [feature.say(null)];
    if (feature.kind === 'word') said.push(...feature.words.map(feature.say));
    for (const { text } of said) expect(text).toMatch(/^\P{C}{1,40}$/u);
  }
});

const anyVector = fc
  .array(fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 0, max: 90 })), { minLength: width, maxLength: width })
  .map((values) => Float32Array.from(values));

test('reasons add up to the score the same vector gets among thousands, exactly', () => {
  fc.assert(
    fc.property(anyVector, (vector) => {
      const { value, factors } = reasonsOf(model, vector, []);
      expect(factors.reduce((sum, { points }) => sum + points, 0)).toBe(value);
      const [together] = valuesOf(model, { rows: 1, ids: Buffer.alloc(16), values: vector, lexicon });
      expect(together).toBe(value);
      for (const factor of factors) expect(factorView.safeParse(factor).success).toBe(true);
    }),
    { seed, numRuns: 1000 },
  );
});

test('a score explains itself from what was kept of it, however it was recalibrated since', () => {
  const vector = block.values.subarray(0, width);
  const kept = vectorFrom(new Uint8Array(bytesOf(vector)));
  expect(kept).toEqual(vector);
  const time = '2026-03-01T00:00:00.000Z';
  const shifted = loadModel(about, body, [{ at: time, until: time, slope: 1, shift: 1 }]);
  expect([model.method, shifted.method]).toEqual(['lead@7', 'lead@7.1']);
  expect([recalibratedIn(model.method), recalibratedIn(shifted.method)]).toEqual([0, 1]);
  expect(reasonsOf(shifted, kept, []).value).toBeGreaterThan(reasonsOf(model, kept, []).value);
});

test('a reason out of the chat points at the newest message that says so, and at the chat where it is gone', () => {
  const vector = vectorWith({ grade: 0, silentDays: 1, 'signal.asks_price': 2 });
  const messageId = '00000000-0000-4000-8000-000000000009';
  const signal = { kind: 'asks_price' as const, messageId, quote: '多少钱', at: new Date() };
  const reason = (signals: (typeof signal)[]) =>
    reasonsOf(model, vector, signals).factors.find(({ key }) => key === 'signal.asks_price');
  expect(reason([signal])).toMatchObject({ text: '询价×2', pointer: { messageId, quote: '多少钱' } });
  expect(reason([])?.pointer).toEqual({ field: 'conversation.messages' });
});

test('a word the model never met counts as a rare one and is not shown as another', () => {
  const writer = new LexiconWriter(lexicon);
  const place = writer.placeOf('source', '地推');
  expect(place).toBe(2);
  expect(writer.lexicon()).toBe(lexicon);
  const row = rawRowOf(vectorWith({ source: place }), lexicon);
  expect(['展会', '官网', null]).not.toContain(row['source']);
});

test('contacts in silence are looked at when others decided, and never outnumber them unlooked at', () => {
  const day = (n: number) => new Date(Date.UTC(2025, 0, 1 + n));
  const decided = [10, 100, 200].map((n) => ({ contactId: `d${n}`, decidedAt: day(n + 14), won: n === 100 }));
  const silent = [
    { contactId: 's-old', knownSince: day(0) },
    { contactId: 's-new', knownSince: day(150) },
    { contactId: 's-too-new', knownSince: day(260) },
  ];
  const outcomes = outcomesOf(decided, silent);
  expect(
    outcomes.filter(({ contactId }) => contactId.startsWith('d')).map(({ at, happened }) => [at, happened]),
  ).toEqual([
    [day(10), false],
    [day(100), true],
    [day(200), false],
  ]);
  const quiet = outcomes.filter(({ contactId }) => contactId.startsWith('s'));
  expect(quiet.map(({ contactId }) => contactId).toSorted()).toEqual(['s-new', 's-old']);
  const moments = new Set(decided.map(({ decidedAt }) => decidedAt.getTime() - 14 * 86_400_000));
  for (const { at, happened, knownAt, contactId } of quiet) {
    expect(happened).toBe(false);
    expect(moments.has(at.getTime())).toBe(true);
    expect(at.getTime()).toBeGreaterThanOrEqual(
      silent.find((one) => one.contactId === contactId)?.knownSince.getTime() ?? 0,
    );
    expect(knownAt <= day(300)).toBe(true);
  }
});

test('the newest outcomes are of both kinds as the older ones are: no season tells how it came out', () => {
  const day = (n: number) => new Date(Date.UTC(2025, 0, 1 + n));
  const decided = Array.from({ length: 300 }, (_, n) => ({ contactId: `d${n}`, decidedAt: day(n), won: true }));
  const silent = Array.from({ length: 900 }, (_, n) => ({ contactId: `s${n}`, knownSince: day(-30) }));
  const outcomes = outcomesOf(decided, silent);
  const shareIn = (part: typeof outcomes) => part.filter(({ happened }) => happened).length / part.length;
  expect(shareIn(outcomes)).toBe(0.25);
  const newest = outcomes.filter(({ at }) => at >= day(286 - 60));
  expect(shareIn(newest)).toBeCloseTo(0.25, 1);
});

test('the table of points says of features what it says of the facts themselves', () => {
  const at = new Date('2026-03-01T02:00:00Z');
  const row = {
    company: 1,
    bound: 1,
    role: 'decision_maker',
    grade: 'A',
    silentDays: 0,
    theirs7: 3,
    unansweredDays: 0,
  };
  // 20 to start with, bound 10, decision maker 10, company 5, grade 10, active 4, recency 6, price 8.
  expect(ruleValueOf({ ...row, 'signal.asks_price': 1 }, at)).toBe(73);
  expect(ruleValueOf({ silentDays: null, theirs7: 0 }, at)).toBe(20);
  expect(ruleValueOf({ silentDays: 3, theirs7: 1, unansweredDays: 3 }, at)).toBe(18);
});

test('a challenger wins on evidence alone: too few outcomes, or too little gained, decide nothing', () => {
  const label = (count: number) => Uint8Array.from({ length: count }, (_, row) => row % 2);
  const said = (of: Uint8Array, right: number) => Float64Array.from(of, (was) => (was ? right : 1 - right));
  const many = label(400);
  expect(chooseChampion(said(many, 0.55), said(many, 0.8), many).outcome).toBe('promoted');
  expect(chooseChampion(said(many, 0.8), said(many, 0.55), many).outcome).toBe('kept');
  expect(chooseChampion(said(many, 0.7), said(many, 0.7), many).outcome).toBe('undecided');
  const few = label(40);
  expect(chooseChampion(said(few, 0.55), said(few, 0.8), few).outcome).toBe('undecided');
  expect(chooseChampion(new Float64Array(0), new Float64Array(0), new Uint8Array(0))).toEqual({
    outcome: 'undecided',
    gain: null,
    low: null,
    high: null,
  });
});

test('night is two in the morning of the company', () => {
  expect(nightAfter(new Date('2026-03-01T02:00:00Z')).toISOString()).toBe('2026-03-01T18:00:00.000Z');
  expect(nightAfter(new Date('2026-03-01T17:59:00Z')).toISOString()).toBe('2026-03-01T18:00:00.000Z');
  expect(nightAfter(new Date('2026-03-01T18:00:00Z')).toISOString()).toBe('2026-03-02T18:00:00.000Z');
  expect(methodOf('churn', 3, 0)).toBe('churn@3');
});
