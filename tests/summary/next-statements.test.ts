import { expect, test } from 'vitest';
import { nextSignals, nextStatements, quotedIn } from '#server/summary/next-statements.ts';
import type { StoredStatement } from '#server/summary/summary.ts';

const now = new Date('2026-03-01T02:00:00Z');
const quote = (messageId: string, day = 1) => ({
  messageId,
  quote: '原话',
  at: `2026-02-${String(day).padStart(2, '0')}T02:00:00.000Z`,
});
const need = (text: string, messageId: string, day = 1): StoredStatement => ({
  kind: 'need',
  text,
  quotes: [quote(messageId, day)],
});
const next = (
  prior: StoredStatement[],
  checked: { statements?: StoredStatement[]; updates?: Map<string, StoredStatement>; gone?: Set<string> } = {},
) =>
  nextStatements({
    prior,
    told: new Map(prior.map((statement, at) => [`s${at + 1}`, statement])),
    checked: { statements: [], updates: new Map(), gone: new Set(), ...checked },
    now,
  });

test('what is known stays with the quotes it was checked with, and what is new joins it', () => {
  const [old, fresh] = [need('需要50人版', 'a'), need('需要对接用友', 'b')];
  expect(next([old], { statements: [fresh] })).toEqual([old, fresh]);
});

test('a statement that changed stands in its new words alone; one that was taken back falls', () => {
  const prior = [need('需要50人版', 'a'), need('需要试用', 'b'), need('需要培训', 'c')];
  const changed = need('需要80人版', 'd', 9);
  expect(next(prior, { updates: new Map([['s1', changed]]), gone: new Set(['s2']) })).toEqual([changed, prior[2]]);
});

test('the same thing said again is one statement with both quotes', () => {
  expect(next([need('需要 50 人版。', 'a')], { statements: [need('需要50人版', 'b', 2)] })).toEqual([
    { kind: 'need', text: '需要50人版', quotes: [quote('b', 2), quote('a')] },
  ]);
});

test('a promise long over is left out', () => {
  const promise = (dueAt: string): StoredStatement => ({
    ...need('给报价', dueAt),
    kind: 'promise',
    who: 'member',
    dueAt,
  });
  const recent = promise('2026-02-20T10:00:00.000Z');
  expect(next([promise('2026-02-10T10:00:00.000Z'), recent])).toEqual([recent]);
});

test('however long a chat goes on, of each kind the few said last stay', () => {
  let statements: StoredStatement[] = [];
  for (let day = 1; day <= 28; day += 1) {
    const objection: StoredStatement = { ...need(`顾虑${day}`, `o${day}`, day), kind: 'objection' };
    const step: StoredStatement = { ...need(`下一步${day}`, `n${day}`, day), kind: 'next_step' };
    statements = next(statements, { statements: [need(`需求${day}`, `m${day}`, day), objection, step] });
    expect(statements.length).toBeLessThanOrEqual(22);
  }
  expect(statements.filter(({ kind }) => kind === 'need').map(({ text }) => text)).toEqual(
    [23, 24, 25, 26, 27, 28].map((day) => `需求${day}`),
  );
  expect(statements.filter(({ kind }) => kind === 'next_step').map(({ text }) => text)).toEqual(['下一步28']);
});

test('a statement all of whose quotes were recalled falls; one with another quote stays on that', () => {
  const both = { ...need('需要50人版', 'a'), quotes: [quote('a'), quote('b')] };
  expect(quotedIn([both, need('需要试用', 'a')], new Set(['b']))).toEqual([{ ...both, quotes: [quote('b')] }]);
});

test('a message speaks for a signal once, however often it is read', () => {
  const price = { signal: 'asks_price' as const, quotes: [quote('a')] };
  expect(nextSignals([price], [price, { signal: 'positive', quotes: [quote('a')] }])).toEqual([
    price,
    { signal: 'positive', quotes: [quote('a')] },
  ]);
});
