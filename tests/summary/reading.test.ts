import { expect, test } from 'vitest';
import { readingOf } from '#server/summary/reading.ts';
import type { ReadableMessage } from '#server/summary/summary.ts';

const message = (n: number, text = `第${n}条`): ReadableMessage => ({
  id: `id-${n}`,
  sender: 'contact',
  at: new Date(Date.UTC(2026, 2, 1, 2, n)),
  text,
});
const all = [1, 2, 3, 4, 5, 6].map((n) => message(n));
const read = (ids: number[], promptVersion = 'p@1') => ({
  promptVersion,
  readMessageIds: ids.map((n) => `id-${n}`),
  statements: [],
});
const reading = (prior: ReturnType<typeof read> | null, { messages = all, isAskedFor = false } = {}) => {
  const { unread, context, isAnew } = readingOf({ messages, prior, promptVersion: 'p@1', isAskedFor });
  return { unread: unread.map(({ id }) => id), context: context.map(({ id }) => id), isAnew };
};
const ids = (...numbers: number[]) => numbers.map((n) => `id-${n}`);

test('the first time everything is read', () => {
  expect(reading(null)).toEqual({ unread: ids(1, 2, 3, 4, 5, 6), context: [], isAnew: true });
});

test('then only what is new, with a little of what came before', () => {
  expect(reading(read([1, 2, 3, 4]))).toEqual({ unread: ids(5, 6), context: ids(2, 3, 4), isAnew: false });
  expect(reading(read([1, 2, 3, 4, 5, 6]))).toEqual({ unread: [], context: ids(4, 5, 6), isAnew: false });
});

test('a message that comes late with an older time is read all the same', () => {
  expect(reading(read([1, 3, 4, 5, 6]))).toEqual({ unread: ids(2), context: ids(1), isAnew: false });
});

test('a picture, which says nothing, is not read', () => {
  expect(reading(read([1]), { messages: [message(1), message(2, ' ')] }).unread).toEqual([]);
});

test('after the prompt has changed everything is read again', () => {
  expect(reading(read([1, 2, 3, 4, 5, 6], 'p@0'))).toMatchObject({ unread: ids(1, 2, 3, 4, 5, 6), isAnew: true });
});

test('who asks for it again gets everything read again, unless something is new', () => {
  const asked = { isAskedFor: true };
  expect(reading(read([1, 2, 3, 4, 5, 6]), asked)).toMatchObject({ unread: ids(1, 2, 3, 4, 5, 6), isAnew: true });
  expect(reading(read([1, 2, 3, 4, 5]), asked)).toMatchObject({ unread: ids(6), isAnew: false });
});

test('of more new messages than fit the newest are read, and context is cut before them', () => {
  const long = Array.from({ length: 40 }, (_, n) => message(n, '长'.repeat(900)));
  const { unread, context } = reading(read([0]), { messages: long });
  expect(unread).toEqual(Array.from({ length: 17 }, (_, n) => `id-${n + 23}`));
  expect(context).toEqual([]);
});
