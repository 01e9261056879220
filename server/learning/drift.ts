import { z } from 'zod';
import { binCount, type Binned } from './bins.ts';

/** How the rows a model was learned from were spread: what later rows are held against. */
export const spread = z.object({
  /** By feature, the share of rows in each bin. */
  features: z.array(z.array(z.number())),
  /** Margins that cut the rows into tenths. */
  margins: z.array(z.number()),
});
export type Spread = z.infer<typeof spread>;

export interface Drift {
  /** Population stability index: under 0.1 nothing moved, above 0.25 much did. */
  score: number;
  features: { name: string; psi: number }[];
}
/** Above this, in either, what the model learned of is no longer what it is asked about. */
export const driftLarge = 0.25;

export function spreadOf(binned: Binned, margins: Float64Array): Spread {
  const sorted = margins.slice().sort();
  return {
    features: binned.features.map((_, j) => sharesOf(binned, j).map((share) => Math.round(share * 1e6) / 1e6)),
    margins: Array.from({ length: 9 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / 10)] ?? 0),
  };
}

export function driftOf(then: Spread, binned: Binned, margins: Float64Array): Drift {
  return {
    score: marginDrift(then, margins),
    features: binned.features
      .map(({ name }, j) => ({ name, psi: stabilityIndex(...grouped(then.features[j] ?? [], sharesOf(binned, j))) }))
      .sort((a, b) => b.psi - a.psi),
  };
}

function marginDrift(then: Spread, margins: Float64Array): number {
  // Tenths that end at the same margin are one group.
  const cuts = then.margins.filter((cut, i) => i === 0 || cut > (then.margins[i - 1] ?? 0));
  const before = cuts.map(
    (cut, i) => (then.margins.lastIndexOf(cut) - (i === 0 ? -1 : then.margins.lastIndexOf(cuts[i - 1] ?? 0))) / 10,
  );
  const now = Array.from({ length: cuts.length + 1 }, () => 0);
  for (const margin of margins) {
    const group = cuts.findIndex((cut) => margin < cut);
    const at = group < 0 ? cuts.length : group;
    now[at] = (now[at] ?? 0) + 1 / Math.max(1, margins.length);
  }
  return stabilityIndex([...before, 1 - before.reduce((sum, each) => sum + each, 0)], now);
}

export function stabilityIndex(then: readonly number[], now: readonly number[]): number {
  const least = 1e-4;
  return then.reduce((sum, share, i) => {
    const [a, b] = [Math.max(share, least), Math.max(now[i] ?? 0, least)];
    return sum + (b - a) * Math.log(b / a);
  }, 0);
}

/** Neighbouring bins go together until a group holds a twentieth: what is smaller moves by chance alone. Bin 0 stands alone. */
function grouped(then: readonly number[], now: readonly number[]): [number[], number[]] {
  const [before, after]: [number[], number[]] = [[then[0] ?? 0], [now[0] ?? 0]];
  let [heldBefore, heldAfter] = [0, 0];
  for (let bin = 1; bin < then.length; bin++) {
    heldBefore += then[bin] ?? 0;
    heldAfter += now[bin] ?? 0;
    if (heldBefore < 0.05 && bin < then.length - 1) continue;
    before.push(heldBefore);
    after.push(heldAfter);
    [heldBefore, heldAfter] = [0, 0];
  }
  return [before, after];
}

function sharesOf(binned: Binned, place: number): number[] {
  const feature = binned.features[place];
  const counts = Array.from({ length: feature ? binCount(feature) : 0 }, () => 0);
  for (let at = place; at < binned.codes.length; at += binned.features.length) {
    const bin = binned.codes[at] ?? 0;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((count) => count / Math.max(1, binned.rows));
}
