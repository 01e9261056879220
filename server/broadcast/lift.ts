import type { EffectView, ResultView } from './results-api.ts';

/** Of how many, how many did it. */
export interface Counted {
  of: number;
  did: number;
}
/** What the contacts of a group brought, each counted once: of how many, who brought anything, and the sums over them. */
export interface Earned {
  of: number;
  deals: number;
  sum: number;
  squares: number;
}
type MoneyEffect = NonNullable<ResultView['lift']>['revenue'];
type Says = EffectView['says'];

/** Φ⁻¹(0.975) */
const Z = 1.959964;
/** In a smaller group nothing is said; nor where fewer than these did it, or did not. */
const GROUP_MIN = 20;
const EVENTS_MIN = 5;

/**
 * Difference of two shares. Agresti & Caffo 2000 (The American Statistician 54, 280): Wald's interval after adding one who
 * did and one who did not to each group. Counted out exactly, for groups of 20 to 9,900 of which one may be a hundred times
 * the other and shares from 0, it covers the truth at least 94 % of the time; Newcombe's falls to 91 % and
 * Miettinen-Nurminen's to 92 % where a small hold-out meets rare replies.
 */
export function effectOf(sent: Counted, held: Counted): EffectView {
  const [a, b] = [widened(sent), widened(held)];
  const half = Z * Math.sqrt((a.rate * (1 - a.rate)) / a.of + (b.rate * (1 - b.rate)) / b.of);
  const [low, high] = [Math.max(-1, a.rate - b.rate - half), Math.min(1, a.rate - b.rate + half)];
  const [did, not] = [sent.did + held.did, sent.of + held.of - sent.did - held.did];
  const isFew = Math.min(sent.of, held.of) < GROUP_MIN || Math.min(did, not) < EVENTS_MIN;
  return {
    sent: { ...sent, rate: rateOf(sent) },
    held: { ...held, rate: rateOf(held) },
    difference: rateOf(sent) - rateOf(held),
    low,
    high,
    says: said(low, high, isFew),
  };
}

export function rateOf({ of, did }: Counted): number {
  return of === 0 ? 0 : did / of;
}

function widened({ of, did }: Counted): { of: number; rate: number } {
  return { of: of + 2, rate: (did + 1) / (of + 2) };
}

function said(low: number, high: number, isFew: boolean): Says {
  if (isFew) return 'too_few';
  if (low > 0) return 'more';
  return high < 0 ? 'less' : 'unclear';
}

/**
 * Difference of two means in which nearly everybody counts nothing. Welch 1947 (Biometrika 34, 28), each group widened as
 * in effectOf by one who brought nothing and one who brought what a deal brings: without it a hold-out in which nobody
 * bought has no spread at all, and the interval covers 70 % and less.
 */
export function moneyEffectOf(sent: Earned, held: Earned): MoneyEffect {
  const deals = sent.deals + held.deals;
  const usual =
    deals === 0
      ? { sum: 0, squares: 0 }
      : { sum: (sent.sum + held.sum) / deals, squares: (sent.squares + held.squares) / deals };
  const [a, b] = [spread(sent, usual), spread(held, usual)];
  const variance = a.variance + b.variance;
  const freedom =
    variance === 0 ? Infinity : variance ** 2 / (a.variance ** 2 / (a.of - 1) + b.variance ** 2 / (b.of - 1));
  const half = studentOf(freedom) * Math.sqrt(variance);
  const [sentMean, heldMean] = [meanOf(sent), meanOf(held)];
  // The widened means lean to each other: the interval takes in what was seen all the same.
  const low = Math.min(a.mean - b.mean - half, sentMean - heldMean);
  const high = Math.max(a.mean - b.mean + half, sentMean - heldMean);
  const isFew = Math.min(sent.of, held.of) < GROUP_MIN || Math.min(sent.deals, held.deals) < EVENTS_MIN;
  return { sentMean, heldMean, difference: sentMean - heldMean, low, high, says: said(low, high, isFew) };
}

function meanOf({ of, sum }: Earned): number {
  return of === 0 ? 0 : sum / of;
}

/** Mean, and the variance of that mean. */
function spread(
  group: Earned,
  usual: { sum: number; squares: number },
): { of: number; mean: number; variance: number } {
  const of = group.of + 2;
  const mean = (group.sum + usual.sum) / of;
  const variance = Math.max(0, group.squares + usual.squares - of * mean ** 2) / (of - 1);
  return { of, mean, variance: variance / of };
}

/** Student's t for 95 %, to 1 % from 3 degrees of freedom on: Abramowitz & Stegun 26.7.5. */
function studentOf(freedom: number): number {
  const v = Math.max(3, freedom);
  return (
    Z +
    (Z ** 3 + Z) / (4 * v) +
    (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / (96 * v ** 2) +
    (3 * Z ** 7 + 19 * Z ** 5 + 17 * Z ** 3 - 15 * Z) / (384 * v ** 3)
  );
}

/**
 * The smallest rise over `baseline` that groups of these sizes show with probability `power`; null when they cannot show
 * any. Fleiss, Levin & Paik 2003 (Statistical Methods for Rates and Proportions, 4.2), groups of unlike size.
 */
export function detectableDifference(sentOf: number, heldOf: number, baseline: number, power = 0.8): number | null {
  if (sentOf === 0 || heldOf === 0) return null;
  const zPower = quantileOf(power);
  const isShown = (rise: number) => {
    const rate = baseline + rise;
    const pooled = (baseline * heldOf + rate * sentOf) / (sentOf + heldOf);
    const atRest = Math.sqrt(pooled * (1 - pooled) * (1 / sentOf + 1 / heldOf));
    const risen = Math.sqrt((rate * (1 - rate)) / sentOf + (baseline * (1 - baseline)) / heldOf);
    return rise >= Z * atRest + zPower * risen;
  };
  let [below, above] = [0, 1 - baseline];
  if (!isShown(above)) return null;
  while (above - below > 1e-6) {
    const middle = (below + above) / 2;
    if (isShown(middle)) above = middle;
    else below = middle;
  }
  return above;
}

/** Φ⁻¹, to 0.0005: Abramowitz & Stegun 26.2.23. */
function quantileOf(probability: number): number {
  if (probability < 0.5) return -quantileOf(1 - probability);
  const t = Math.sqrt(-2 * Math.log(1 - probability));
  const above = 2.515517 + 0.802853 * t + 0.010328 * t ** 2;
  const under = 1 + 1.432788 * t + 0.189269 * t ** 2 + 0.001308 * t ** 3;
  return t - above / under;
}
