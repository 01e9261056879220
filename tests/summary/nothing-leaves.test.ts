import { expect, test } from 'vitest';
import { listPrompts } from '#server/base/prompt.ts';
import { leaksIn, plantedIn, watchedPrompts, watchForLeaks } from '#tests/support/leak-watch.ts';
import { personalLine } from '#tests/support/personal-lines.ts';
import { seededRandom } from '#tests/support/random.ts';

test('of 2,000 questions to the model none holds a phone, card, address or name as it was written', async () => {
  const { seed, requests, planted, leaks } = await watchForLeaks(2000);
  console.log(`leak watch seed ${seed}: ${requests} requests with ${planted} planted`);
  expect(requests).toBe(2000);
  expect(planted).toBeGreaterThan(6000);
  expect(leaks).toEqual([]);
});

test('every prompt of the product is among those questions', () => {
  expect(watchedPrompts).toEqual(
    listPrompts()
      .map(({ name }) => name)
      .toSorted(),
  );
});

test('the watch sees everything that is told in clear text', () => {
  const random = seededRandom();
  console.log(`clear text seed ${random.seed}`);
  const lines = Array.from({ length: 1000 }, () => personalLine(random));
  expect(lines.flatMap((line) => leaksIn(line.text, plantedIn([line])))).toEqual(
    plantedIn(lines).map(({ kind, text }) => `${kind} ${text}`),
  );
});
