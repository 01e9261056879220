import { MINUTE_MS } from '#server/base/duration.ts';

/** A run of archive sequence numbers, both ends included. */
export interface SeqRange {
  from: bigint;
  to: bigint;
}

export interface Hole extends SeqRange {
  reason: string;
}

/** The numbers after `after` that `seqs` lacks, up to `upTo` or else the last of `seqs`. `seqs` ascend. */
export function missingAfter(after: bigint, seqs: readonly bigint[], upTo?: bigint): SeqRange[] {
  const ranges: SeqRange[] = [];
  let expected = after + 1n;
  for (const seq of seqs) {
    if (seq > expected) ranges.push({ from: expected, to: seq - 1n });
    if (seq >= expected) expected = seq + 1n;
  }
  if (upTo !== undefined && upTo >= expected) ranges.push({ from: expected, to: upTo });
  return ranges;
}

/** Neighbours that lack for the same reason are one hole. */
export function joinHoles(holes: readonly Hole[]): Hole[] {
  const joined: Hole[] = [];
  for (const hole of [...holes].sort((a, b) => (a.from < b.from ? -1 : 1))) {
    const last = joined.at(-1);
    if (last && last.reason === hole.reason && last.to + 1n === hole.from) last.to = hole.to;
    else joined.push({ ...hole });
  }
  return joined;
}

/** The archive gives out five days: after them asking again is of no use. */
const delaysMinutes = [1, 5, 15, 60, 240, 720, 1440, 2880];

/** When to ask again after `attempts` vain attempts; null when the records are lost. */
export function nextAttemptAfter(attempts: number, now: Date): Date | null {
  const minutes = delaysMinutes[attempts];
  return minutes === undefined ? null : new Date(now.getTime() + minutes * MINUTE_MS);
}
