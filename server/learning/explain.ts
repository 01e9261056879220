import type { Tree, TreesModel } from './boosted-trees.ts';

/** What each feature did to a row's log odds: base plus all contributions is the margin. */
export interface Explanation {
  base: number;
  margin: number;
  contributions: Contribution[];
  /** Where the score starts for a row nothing is known of. */
  baseProbability: number;
  probability: number;
  /** 0 to 100. */
  score: number;
}
export interface Contribution {
  feature: string;
  value: number | string | null;
  contribution: number;
}

export interface Reason {
  feature: string;
  value: number | string | null;
  points: number;
}
/** base + all reasons + others is the score, to the last digit. */
export interface Points {
  score: number;
  base: number;
  reasons: Reason[];
  others: number;
}

export const scoreOf = (probability: number) => Math.round(100 * probability);

/**
 * The score as a sum of points: the margin's way from base to row is straight, so every log odds of it is worth the same
 * share of the points between. Rounded so that nothing is lost (largest remainder); the strongest first, the rest as others.
 */
export function pointsOf(
  explanation: Explanation,
  { top = 5, decimals = 0 }: { top?: number; decimals?: 0 | 1 } = {},
): Points {
  const unit = 10 ** decimals;
  const base = scoreOf(explanation.baseProbability);
  const units = spreadOut(
    explanation.contributions.map(({ contribution }) => contribution),
    (explanation.score - base) * unit,
    slopeOf(explanation) * unit,
  );
  const all = explanation.contributions
    .map(({ feature, value, contribution }, i) => ({ feature, value, units: units[i] ?? 0, contribution }))
    .sort((a, b) => Math.abs(b.units) - Math.abs(a.units) || Math.abs(b.contribution) - Math.abs(a.contribution));
  const told = all.slice(0, top).filter((each) => each.units !== 0);
  const rest = all.filter((each) => !told.includes(each));
  return {
    score: explanation.score,
    base,
    reasons: told.map(({ feature, value, units }) => ({ feature, value, points: units / unit })),
    others: rest.reduce((sum, each) => sum + each.units, 0) / unit,
  };
}

/** Points per log odds on the way from base to row. */
function slopeOf({ base, margin, baseProbability, probability }: Explanation): number {
  const way = margin - base;
  if (Math.abs(way) > 1e-6) return (100 * (probability - baseProbability)) / way;
  return 100 * probability * (1 - probability);
}

/** Whole numbers near slope times each amount that add up to the total: what rounding leaves over goes where it hurts least. */
function spreadOut(amounts: readonly number[], total: number, slope: number): number[] {
  if (amounts.length === 0) return [];
  const exact = amounts.map((amount) => slope * amount);
  // Base and score are rounded by themselves; that half point at most is shared by size.
  const weight = exact.reduce((sum, each) => sum + Math.abs(each), 0);
  const missing = total - exact.reduce((sum, each) => sum + each, 0);
  const wanted = exact.map(
    (each) => each + (weight === 0 ? missing / exact.length : (missing * Math.abs(each)) / weight),
  );
  const whole = wanted.map(Math.floor);
  let over = Math.round(total - whole.reduce((sum, each) => sum + each, 0));
  const byRemainder = wanted
    .map((each, i) => ({ i, left: each - (whole[i] ?? 0) }))
    .sort((a, b) => b.left - a.left || a.i - b.i);
  for (let turn = 0; over > 0; turn = (turn + 1) % byRemainder.length, over--) {
    const at = byRemainder[turn]?.i ?? 0;
    whole[at] = (whole[at] ?? 0) + 1;
  }
  for (let turn = byRemainder.length - 1; over < 0; turn = (turn || byRemainder.length) - 1, over++) {
    const at = byRemainder[turn]?.i ?? 0;
    whole[at] = (whole[at] ?? 0) - 1;
  }
  return whole;
}

/**
 * Shapley values of a sum of trees, exact, an unknown feature weighed by the rows that went either way (what TreeSHAP calls
 * path-dependent). What a leaf gives depends only on which of its path's features let the row pass: at most 128 cases,
 * each worked out when it is first met.
 */
export function treesExplainer(model: TreesModel): {
  base: number;
  addTo(codes: ArrayLike<number>, into: Float64Array, share: number): void;
} {
  const flat = flatten(model.trees);
  const passed = new Int32Array(flat.left.length);
  let gets: Float64Array | null = null;
  return {
    base:
      model.base + flat.leaves.reduce((sum, { value, passing }) => sum + value * passing.reduce((a, b) => a * b, 1), 0),
    addTo(codes, into, share) {
      gets ??= new Float64Array(flat.cases).fill(Number.NaN);
      addTrees(flat, passed, gets, codes, into, share);
    },
  };
}

interface Leaf {
  value: number;
  /** The features on its path, each once, with the share of rows that meet all its conditions. */
  features: number[];
  passing: number[];
}
/** The nodes of all trees in one list, parents before children; a leaf has left −1. */
interface Flat {
  roots: Uint8Array;
  feature: Int32Array;
  from: Int32Array;
  to: Int32Array;
  left: Int32Array;
  right: Int32Array;
  /** In a node: its feature's place among those on the path. In a leaf: how many those are. */
  slot: Int32Array;
  leaves: Leaf[];
  /** In a leaf: its place in `leaves`, where its features begin in `features` and its cases in the list of cases. */
  leafAt: Int32Array;
  featuresAt: Int32Array;
  casesAt: Int32Array;
  features: Int32Array;
  cases: number;
}

function addTrees(
  { roots, feature, from, to, left, right, slot, leaves, leafAt, featuresAt, casesAt, features }: Flat,
  passed: Int32Array,
  gets: Float64Array,
  codes: ArrayLike<number>,
  into: Float64Array,
  share: number,
): void {
  for (let node = 0; node < left.length; node++) {
    if (roots[node]) passed[node] = -1;
    const met = passed[node] ?? 0;
    const goLeft = left[node] ?? 0;
    if (goLeft >= 0) {
      const bin = codes[feature[node] ?? 0] ?? 0;
      const without = met & ~(1 << (slot[node] ?? 0));
      const isLeft = bin >= (from[node] ?? 0) && bin <= (to[node] ?? 0);
      passed[goLeft] = isLeft ? met : without;
      passed[right[node] ?? 0] = isLeft ? without : met;
      continue;
    }
    const size = slot[node] ?? 0;
    if (size === 0) continue;
    const which = met & ((1 << size) - 1);
    const start = (casesAt[node] ?? 0) + which * size;
    if (Number.isNaN(gets[start])) fillCase(leaves[leafAt[node] ?? 0], which, gets, start);
    const first = featuresAt[node] ?? 0;
    for (let i = 0; i < size; i++) {
      const j = features[first + i] ?? 0;
      into[j] = (into[j] ?? 0) + share * (gets[start + i] ?? 0);
    }
  }
}

/** Shapley's sum over the sets a feature can join; sets with a condition that is not met give nothing. */
function fillCase(leaf: Leaf | undefined, met: number, gets: Float64Array, start: number): void {
  if (!leaf) return;
  const { value, passing } = leaf;
  const size = passing.length;
  for (let slot = 0; slot < size; slot++) {
    const own = 1 << slot;
    let sum = 0;
    for (let set = 0; set < 1 << size; set++) {
      if (set & own || set & ~met) continue;
      let product = 1;
      let members = 0;
      for (let other = 0; other < size; other++) {
        if (other === slot) continue;
        if (set & (1 << other)) members++;
        else product *= passing[other] ?? 0;
      }
      sum += product * orderShare(members, size);
    }
    gets[start + slot] = value * sum * ((met & own ? 1 : 0) - (passing[slot] ?? 0));
  }
}

/** members! (size − members − 1)! / size!: how often exactly these come before one, in all orders. */
function orderShare(members: number, size: number): number {
  let share = 1 / size;
  for (let i = 1; i <= members; i++) share *= i / (size - i);
  return share;
}

function flatten(trees: readonly Tree[]): Flat {
  const size = trees.reduce((sum, { left }) => sum + left.length, 0);
  const list = () => new Int32Array(size);
  const flat: Flat = {
    roots: new Uint8Array(size),
    feature: list(),
    from: list(),
    to: list(),
    left: list().fill(-1),
    right: list(),
    slot: list(),
    leaves: [],
    leafAt: list(),
    featuresAt: list(),
    casesAt: list(),
    features: new Int32Array(),
    cases: 0,
  };
  const features: number[] = [];
  let first = 0;
  for (const tree of trees) {
    flat.roots[first] = 1;
    layOut(tree, 0, first, { features: [], passing: [] }, flat, features);
    first += tree.left.length;
  }
  return { ...flat, features: Int32Array.from(features) };
}

function layOut(
  tree: Tree,
  node: number,
  first: number,
  path: Omit<Leaf, 'value'>,
  flat: Flat,
  features: number[],
): void {
  const at = first + node;
  const [left = 0, right = 0, feature = 0] = [tree.left[node], tree.right[node], tree.feature[node]];
  if (left === 0) {
    const size = path.features.length;
    flat.slot[at] = size;
    flat.leafAt[at] = flat.leaves.length;
    flat.featuresAt[at] = features.length;
    flat.casesAt[at] = flat.cases;
    flat.cases += size << size;
    features.push(...path.features);
    flat.leaves.push({ value: tree.value[node] ?? 0, ...path });
    return;
  }
  const known = path.features.indexOf(feature);
  const slot = known < 0 ? path.features.length : known;
  flat.feature[at] = feature;
  flat.from[at] = tree.from[node] ?? 0;
  flat.to[at] = tree.to[node] ?? 0;
  flat.left[at] = first + left;
  flat.right[at] = first + right;
  flat.slot[at] = slot;
  const rows = Math.max(1e-9, (tree.rows[left] ?? 0) + (tree.rows[right] ?? 0));
  for (const child of [left, right]) {
    const passing = [...path.passing];
    passing[slot] = (passing[slot] ?? 1) * ((tree.rows[child] ?? 0) / rows);
    layOut(
      tree,
      child,
      first,
      { features: known < 0 ? [...path.features, feature] : path.features, passing },
      flat,
      features,
    );
  }
}
