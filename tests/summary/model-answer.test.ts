import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { jsonIn, jsonSchema } from '#server/base/model-call.ts';
import { checkAnswer } from '#server/summary/check-answer.ts';
import { summaryAnswer } from '#server/summary/summary-answer.ts';
import type { ReadableMessage } from '#server/summary/summary.ts';
import { sourcesOf } from '#tests/support/told-summary.ts';

const at = new Date('2026-03-01T02:00:00Z');
const byShortId = new Map<string, ReadableMessage>([
  ['c1', { id: 'one', sender: 'contact', at, text: '你好，50人版一年多少钱？' }],
  ['m2', { id: 'two', sender: 'member', at, text: '您好，我周五前把报价单发您' }],
]);

/** What is kept of an answer in a form models are known to give; null when it is none. */
function keptOf(name: string) {
  const parsed = summaryAnswer.safeParse(jsonIn(readFileSync(`tests/fixtures/model/${name}.txt`, 'utf8')));
  if (!parsed.success) return null;
  const { statements, signals, tagNames, droppedCount } = checkAnswer(
    parsed.data,
    sourcesOf(byShortId, { tagNames: ['价格敏感'] }),
  );
  return { statements: statements.map(({ text }) => text), signals: signals.length, tagNames, droppedCount };
}

test.each([
  [
    'fenced',
    { statements: ['需要 50 人版', '销售周五前给报价单'], signals: 1, tagNames: ['价格敏感'], droppedCount: 0 },
  ],
  ['thinking', { statements: ['需要 50 人版'], signals: 1, tagNames: [], droppedCount: 0 }],
  ['foreign-quotes', { statements: [], signals: 0, tagNames: ['价格敏感'], droppedCount: 4 }],
  ['truncated', null],
  ['invented-kinds', null],
])('of the answer %s is kept what it proves', (name, kept) => {
  expect(keptOf(name)).toEqual(kept);
});

test('the form asked of the model is one that strict endpoints take: every property required, none beside them', () => {
  const objects = objectsIn(jsonSchema(summaryAnswer));
  expect(objects.length).toBeGreaterThan(3);
  for (const { properties, required, additionalProperties } of objects) {
    expect(required).toEqual(Object.keys(properties as object));
    expect(additionalProperties).toBe(false);
  }
  expect(JSON.stringify(objects)).not.toMatch(/"(default|maxLength|maxItems|pattern)":/);
});

function objectsIn(node: unknown): Record<string, unknown>[] {
  if (typeof node !== 'object' || node === null) return [];
  const below = Object.values(node).flatMap(objectsIn);
  return (node as { type?: unknown }).type === 'object' ? [node as Record<string, unknown>, ...below] : below;
}
