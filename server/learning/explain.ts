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

/** One tree, laid out for explaining. */
interface Leaf {
  value: number;
  /** The features on its path, each once, with the share of rows that pass all its conditions. */
  features: Int32Array;
  passing: Float64Array;
  /** The nodes on its path: which, the side that leads here, and the place of its feature in `features`. */
  nodes: Int32Array;
  sides: Uint8Array;
  slots: Uint8Array;
  /** By which conditions a row meets (a bit each): what each feature gets. Filled when first needed; NaN until then. */
  gets: Float64Array | null;
}
interface LaidOut {
  tree: Tree;
  leaves: Leaf[];
}

/**
 * Shapley values of a sum of trees, exact, an unknown feature weighed by the rows that went either way (what TreeSHAP calls
 * path-dependent). A leaf's share depends only on which of its path's features let the row pass: at most 64 cases.
 */
export function treesExplainer(model: TreesModel): {
  base: number;
  addTo(codes: ArrayLike<number>, into: Float64Array, share: number): void;
} {
  const laidOut = model.trees.map((tree) => ({ tree, leaves: leavesOf(tree) }));
  let base = model.base;
  for (const { leaves } of laidOut)
    for (const leaf of leaves) base += leaf.value * leaf.passing.reduce((all, each) => all * each, 1);
  const wentLeft = new Uint8Array(Math.max(1, ...model.trees.map(({ left }) => left.length)));
  return {
    base,
    addTo(codes, into, share) {
      for (const each of laidOut) addTree(each, codes, into, share, wentLeft);
    },
  };
}

function addTree(
  { tree, leaves }: LaidOut,
  codes: ArrayLike<number>,
  into: Float64Array,
  share: number,
  wentLeft: Uint8Array,
): void {
  for (let node = 0; node < tree.left.length; node++) {
    const bin = codes[tree.feature[node] ?? 0] ?? 0;
    wentLeft[node] = bin >= (tree.from[node] ?? 0) && bin <= (tree.to[node] ?? 0) ? 1 : 0;
  }
  for (const leaf of leaves) {
    const size = leaf.features.length;
    let met = (1 << size) - 1;
    for (let step = 0; step < leaf.nodes.length; step++)
      if (wentLeft[leaf.nodes[step] ?? 0] !== leaf.sides[step]) met &= ~(1 << (leaf.slots[step] ?? 0));
    leaf.gets ??= new Float64Array(size << size).fill(Number.NaN);
    const start = met * size;
    if (Number.isNaN(leaf.gets[start])) fillGets(leaf, met, start, leaf.gets);
    for (let slot = 0; slot < size; slot++) {
      const feature = leaf.features[slot] ?? 0;
      into[feature] = (into[feature] ?? 0) + share * (leaf.gets[start + slot] ?? 0);
    }
  }
}

/** Shapley's sum over the sets a feature can join; sets with a condition that is not met give nothing. */
function fillGets({ value, passing, features }: Leaf, met: number, start: number, gets: Float64Array): void {
  const size = features.length;
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

/** members! (size − members − 1)! / size!: how often this many come before one, in all orders. */
function orderShare(members: number, size: number): number {
  let share = 1 / size;
  for (let i = 1; i <= members; i++) share *= i / (size - i);
  return share;
}

function leavesOf(tree: Tree): Leaf[] {
  const leaves: Leaf[] = [];
  const walk = (node: number, path: { node: number; side: number; share: number }[]) => {
    const left = tree.left[node] ?? 0;
    if (left === 0) {
      leaves.push(leafOf(tree, node, path));
      return;
    }
    const right = tree.right[node] ?? 0;
    const rows = Math.max(1e-9, (tree.rows[left] ?? 0) + (tree.rows[right] ?? 0));
    walk(left, [...path, { node, side: 1, share: (tree.rows[left] ?? 0) / rows }]);
    walk(right, [...path, { node, side: 0, share: (tree.rows[right] ?? 0) / rows }]);
  };
  walk(0, []);
  return leaves;
}

function leafOf(tree: Tree, node: number, path: { node: number; side: number; share: number }[]): Leaf {
  const featureOf = (step: { node: number }) => tree.feature[step.node] ?? 0;
  const features = [...new Set(path.map(featureOf))];
  return {
    value: tree.value[node] ?? 0,
    features: Int32Array.from(features),
    passing: Float64Array.from(features, (feature) =>
      path.filter((step) => featureOf(step) === feature).reduce((all, step) => all * step.share, 1),
    ),
    nodes: Int32Array.from(path, (step) => step.node),
    sides: Uint8Array.from(path, (step) => step.side),
    slots: Uint8Array.from(path, (step) => features.indexOf(featureOf(step))),
    gets: null,
  };
}
