import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Product } from '#tests/support/product.ts';
import type { Random } from '#tests/support/random.ts';

/** Sometimes while it starts, mostly while it works. */
export async function killAtRandom(random: Random, product: Product): Promise<void> {
  if (random.chance(0.8)) {
    await product.says(/Zhike is running/);
    await sleep(random.below(1200));
  } else await sleep(random.below(1500));
  expect(product.process.exitCode, `it ended by itself: ${product.output()}`).toBeNull();
  product.process.kill('SIGKILL');
  await product.ended;
}

export function definedOf(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
