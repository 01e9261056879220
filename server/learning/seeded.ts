/** Numbers in [0, 1) that are the same on every machine for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The rows in a random order. */
export function shuffled(rows: Int32Array, random: () => number): Int32Array {
  const mixed = rows.slice();
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const kept = mixed[last] ?? 0;
    mixed[last] = mixed[other] ?? 0;
    mixed[other] = kept;
  }
  return mixed;
}
