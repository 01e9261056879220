export type Dice = ReturnType<typeof dice>;

/** Chance that falls the same for the same seed. Ids fall anew with each `round`, everything else does not. */
export function dice(seed: number, round: number) {
  const next = randomFrom(seed);
  const nextOfId = randomFrom(seed ^ Math.imul(round + 1, 0x9e3779b9));
  const below = (bound: number) => Math.floor(next() * bound);
  return {
    below,
    happens: (share: number) => next() < share,
    between: (low: number, high: number) => low + below(high - low + 1),
    pick: <T>(list: readonly T[]): T => {
      const item = list[below(list.length)];
      if (item === undefined) throw new Error('There is nothing to pick from.');
      return item;
    },
    id: (prefix: string, length: number) => {
      const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_';
      return prefix + Array.from({ length }, () => letters[Math.floor(nextOfId() * letters.length)]).join('');
    },
    digits: (length: number) => Array.from({ length }, () => below(10)).join(''),
  };
}

/** mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
