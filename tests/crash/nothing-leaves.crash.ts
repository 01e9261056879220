import { expect, test } from 'vitest';
import { watchForLeaks } from '#tests/support/leak-watch.ts';

const REQUESTS = 100_000;

test(
  'of 100,000 questions to the model none holds personal data as it was written',
  { timeout: 3_600_000 },
  async () => {
    const startedAt = performance.now();
    const { seed, requests, planted, leaks } = await watchForLeaks(REQUESTS, 32);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    console.log(
      `leak watch seed ${seed}: ${requests} requests with ${planted} planted in ${seconds} s, ${leaks.length} leaked`,
    );
    expect(requests).toBe(REQUESTS);
    expect(leaks).toEqual([]);
  },
);
