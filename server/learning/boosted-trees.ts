import { z } from 'zod';
import { binCount, type Binned } from './bins.ts';
import { logLossOf, logOddsOf, sigmoid } from './odds.ts';
import { seeded } from './seeded.ts';

/**
 * A tree as lists by node, the root first. A row goes left when its bin of the feature lies from `from` to `to`; a leaf
 * has left 0. `rows` is how many rows it was learned from came by: what explanations weigh the unknown with.
 */
export const tree = z
  .object({
    feature: z.array(z.int().nonnegative()),
    from: z.array(z.int().nonnegative()),
    to: z.array(z.int().nonnegative()),
    left: z.array(z.int().nonnegative()),
    right: z.array(z.int().nonnegative()),
    value: z.array(z.number()).min(1),
    rows: z.array(z.number().nonnegative()),
  })
  .refine(isWhole, 'Every node but the leaves leads to two later ones.');
export type Tree = z.infer<typeof tree>;

export const treesModel = z.object({ base: z.number(), trees: z.array(tree) });
export type TreesModel = z.infer<typeof treesModel>;

export interface TreesOptions {
  seed: number;
  roundsMax: number;
  /** Rounds without a better validation loss before it is given up. */
  patience: number;
  learningRate: number;
  leavesMax: number;
  depthMax: number;
  /** The least curvature (p(1 − p) summed over its rows) a leaf may stand on. */
  childWeightMin: number;
  l2: number;
  rowShare: number;
  columnShare: number;
}
export const treesDefaults: TreesOptions = {
  seed: 1,
  roundsMax: 600,
  patience: 40,
  learningRate: 0.06,
  leavesMax: 31,
  depthMax: 7,
  childWeightMin: 5,
  l2: 5,
  rowShare: 0.8,
  columnShare: 0.7,
};

/** A tree of fewer columns could not see what two of them do together. */
const columnsMin = 4;

export interface Validation {
  binned: Binned;
  label: Uint8Array;
}
export interface GrownTrees {
  model: TreesModel;
  /** The validation's mean log loss before the first tree and after each, with the level put right. */
  losses: number[];
}

/** Nodes only lead to later ones, so that no row can walk in a circle. */
function isWhole(lists: { left: number[]; right: number[]; value: number[] } & Record<string, number[]>): boolean {
  const size = lists.value.length;
  if (Object.values(lists).some((list) => list.length !== size)) return false;
  return lists.left.every((left, node) => {
    const right = lists.right[node] ?? 0;
    return left === 0 ? right === 0 : left > node && right > node && left < size && right < size;
  });
}

/** Second-order boosting on histograms of bins. With a validation part it stops when that part gains no more. */
export function growTrees(
  binned: Binned,
  label: Uint8Array,
  options: TreesOptions,
  validation?: Validation,
): GrownTrees {
  const random = seeded(options.seed);
  if (options.depthMax > 10) throw new RangeError('Trees deeper than 10 could not be explained in time.');
  const happened = label.reduce((sum, each) => sum + each, 0);
  const base = logOddsOf((happened + 0.5) / (label.length + 1));
  const margins = new Float64Array(binned.rows).fill(base);
  const checked = validation && new Float64Array(validation.binned.rows).fill(base);
  const lossOf = levelledLoss(validation?.label ?? new Uint8Array());
  const losses = checked ? [lossOf(checked)] : [];
  const forest = new Forest(binned, options);
  const trees: Tree[] = [];
  let best = 0;
  for (let round = 1; round <= options.roundsMax; round++) {
    const grown = forest.grow(margins, label, random);
    trees.push(grown);
    addTree(grown, binned, margins);
    if (!validation || !checked) continue;
    addTree(grown, validation.binned, checked);
    losses.push(lossOf(checked));
    if ((losses[round] ?? 0) < (losses[best] ?? 0) - 1e-7) best = round;
    else if (round - best >= options.patience) break;
  }
  return { model: { base, trees }, losses };
}

export function treesMargins(model: TreesModel, binned: Binned, rounds = model.trees.length): Float64Array {
  const margins = new Float64Array(binned.rows).fill(model.base);
  for (const each of model.trees.slice(0, rounds)) addTree(each, binned, margins);
  return margins;
}

function addTree(grown: Tree, binned: Binned, margins: Float64Array): void {
  const width = binned.features.length;
  const { codes } = binned;
  const feature = Int32Array.from(grown.feature);
  const from = Int32Array.from(grown.from);
  const to = Int32Array.from(grown.to);
  const left = Int32Array.from(grown.left);
  const right = Int32Array.from(grown.right);
  const value = Float64Array.from(grown.value);
  for (let row = 0; row < margins.length; row++) {
    const start = row * width;
    let node = 0;
    while ((left[node] ?? 0) !== 0) {
      const bin = codes[start + (feature[node] ?? 0)] ?? 0;
      node = (bin >= (from[node] ?? 0) && bin <= (to[node] ?? 0) ? left[node] : right[node]) ?? 0;
    }
    margins[row] = (margins[row] ?? 0) + (value[node] ?? 0);
  }
}

/**
 * The mean log loss with the level put right: when times change, how often it happens moves first, and that is the
 * calibration's to follow. What counts here is whether rows are told apart.
 */
function levelledLoss(label: Uint8Array): (margins: Float64Array) => number {
  let shift = 0;
  return (margins) => {
    for (let step = 0; step < 2; step++) {
      let gradient = 0;
      let curvature = 1e-9;
      for (let row = 0; row < margins.length; row++) {
        const p = sigmoid((margins[row] ?? 0) + shift);
        gradient += p - (label[row] ?? 0);
        curvature += p * (1 - p);
      }
      shift -= Math.min(2, Math.max(-2, gradient / curvature));
    }
    let loss = 0;
    for (let row = 0; row < margins.length; row++) loss += logLossOf((margins[row] ?? 0) + shift, label[row] ?? 0);
    return loss / Math.max(1, margins.length);
  };
}

interface Split {
  gain: number;
  feature: number;
  from: number;
  to: number;
}
interface Leaf {
  node: number;
  depth: number;
  /** Its rows are rows[start] up to, not including, rows[end]. */
  start: number;
  end: number;
  gradient: number;
  curvature: number;
  histogram: Float64Array | null;
  split: Split | null;
}

/** What growing one tree after another shares: the room for rows, gradients and histograms. */
class Forest {
  readonly binned: Binned;
  readonly options: TreesOptions;
  readonly offsets: Int32Array;
  readonly counts: Int32Array;
  readonly size: number;
  readonly rows: Int32Array;
  readonly aside: Int32Array;
  readonly gradients: Float64Array;
  readonly curvatures: Float64Array;
  readonly spare: Float64Array[] = [];

  constructor(binned: Binned, options: TreesOptions) {
    this.binned = binned;
    this.options = options;
    this.counts = Int32Array.from(binned.features, binCount);
    this.offsets = new Int32Array(binned.features.length);
    let size = 0;
    for (let j = 0; j < this.counts.length; j++) {
      this.offsets[j] = size;
      size += this.counts[j] ?? 0;
    }
    this.size = size;
    this.rows = new Int32Array(binned.rows);
    this.aside = new Int32Array(binned.rows);
    this.gradients = new Float64Array(binned.rows);
    this.curvatures = new Float64Array(binned.rows);
  }

  grow(margins: Float64Array, label: Uint8Array, random: () => number): Tree {
    const { options } = this;
    const taken = this.sample(margins, label, random);
    const columns = this.sampleColumns(random);
    const grown: Tree = { feature: [], from: [], to: [], left: [], right: [], value: [], rows: [] };
    const root = this.leaf(grown, 0, 0, taken);
    root.histogram = this.histogramOf(root, columns);
    root.split = this.bestSplit(root, columns);
    const leaves = [root];
    while (leaves.length < options.leavesMax) {
      let chosen = -1;
      for (let i = 0; i < leaves.length; i++)
        if (leaves[i]?.split && (chosen < 0 || (leaves[i]?.split?.gain ?? 0) > (leaves[chosen]?.split?.gain ?? 0)))
          chosen = i;
      const leaf = leaves[chosen];
      if (!leaf?.split) break;
      leaves.splice(chosen, 1, ...this.divide(grown, leaf, leaf.split, columns));
    }
    for (const leaf of leaves) {
      const value = (-options.learningRate * leaf.gradient) / (leaf.curvature + options.l2);
      // As many digits as mean something: a model is kept as text.
      grown.value[leaf.node] = Math.round(value * 1e7) / 1e7;
      this.release(leaf);
    }
    return grown;
  }

  /** Gradients of every row, and the rows this tree is grown from. */
  sample(margins: Float64Array, label: Uint8Array, random: () => number): number {
    const { rows, gradients, curvatures, options } = this;
    let taken = 0;
    for (let row = 0; row < margins.length; row++) {
      if (options.rowShare < 1 && random() >= options.rowShare) continue;
      const p = sigmoid(margins[row] ?? 0);
      gradients[row] = p - (label[row] ?? 0);
      curvatures[row] = Math.max(p * (1 - p), 1e-10);
      rows[taken] = row;
      taken++;
    }
    return taken;
  }

  sampleColumns(random: () => number): Int32Array {
    const all = Int32Array.from(this.counts, (_, j) => j);
    const wanted = Math.min(all.length, Math.max(columnsMin, Math.round(all.length * this.options.columnShare)));
    for (let i = 0; i < wanted; i++) {
      const other = i + Math.floor(random() * (all.length - i));
      const kept = all[i] ?? 0;
      all[i] = all[other] ?? 0;
      all[other] = kept;
    }
    return all.slice(0, wanted).sort();
  }

  leaf(grown: Tree, depth: number, start: number, end: number): Leaf {
    const node = grown.left.length;
    let gradient = 0;
    let curvature = 0;
    for (let i = start; i < end; i++) {
      const row = this.rows[i] ?? 0;
      gradient += this.gradients[row] ?? 0;
      curvature += this.curvatures[row] ?? 0;
    }
    grown.feature.push(0);
    grown.from.push(0);
    grown.to.push(0);
    grown.left.push(0);
    grown.right.push(0);
    grown.value.push(0);
    grown.rows.push(end - start);
    return { node, depth, start, end, gradient, curvature, histogram: null, split: null };
  }

  divide(grown: Tree, leaf: Leaf, split: Split, columns: Int32Array): [Leaf, Leaf] {
    const middle = this.partition(leaf, split);
    const left = this.leaf(grown, leaf.depth + 1, leaf.start, middle);
    const right = this.leaf(grown, leaf.depth + 1, middle, leaf.end);
    grown.feature[leaf.node] = split.feature;
    grown.from[leaf.node] = split.from;
    grown.to[leaf.node] = split.to;
    grown.left[leaf.node] = left.node;
    grown.right[leaf.node] = right.node;
    if (left.depth < this.options.depthMax) {
      // Only the smaller child is counted: the other is what remains of the parent.
      const [small, large] = middle - leaf.start < leaf.end - middle ? [left, right] : [right, left];
      small.histogram = this.histogramOf(small, columns);
      large.histogram = leaf.histogram;
      leaf.histogram = null;
      if (large.histogram) subtract(large.histogram, small.histogram);
      small.split = this.bestSplit(small, columns);
      large.split = this.bestSplit(large, columns);
    }
    this.release(leaf);
    return [left, right];
  }

  release(leaf: Leaf): void {
    if (leaf.histogram) this.spare.push(leaf.histogram);
    leaf.histogram = null;
  }

  /** The rows that go left come first, in the order they were; where the right ones begin is returned. */
  partition({ start, end }: Leaf, { feature, from, to }: Split): number {
    const { rows, aside, binned } = this;
    const width = binned.features.length;
    const { codes } = binned;
    let left = start;
    let right = 0;
    for (let i = start; i < end; i++) {
      const row = rows[i] ?? 0;
      const bin = codes[row * width + feature] ?? 0;
      if (bin >= from && bin <= to) {
        rows[left] = row;
        left++;
      } else {
        aside[right] = row;
        right++;
      }
    }
    rows.set(aside.subarray(0, right), left);
    return left;
  }

  histogramOf({ start, end }: Leaf, columns: Int32Array): Float64Array {
    const { rows, gradients, curvatures, offsets, binned } = this;
    const width = binned.features.length;
    const { codes } = binned;
    const histogram = this.spare.pop()?.fill(0) ?? new Float64Array(2 * this.size);
    for (let i = start; i < end; i++) {
      const row = rows[i] ?? 0;
      const gradient = gradients[row] ?? 0;
      const curvature = curvatures[row] ?? 0;
      const first = row * width;
      for (let c = 0; c < columns.length; c++) {
        const j = columns[c] ?? 0;
        const at = 2 * ((offsets[j] ?? 0) + (codes[first + j] ?? 0));
        histogram[at] = (histogram[at] ?? 0) + gradient;
        histogram[at + 1] = (histogram[at + 1] ?? 0) + curvature;
      }
    }
    return histogram;
  }

  /** Between any two bins, with what is not known on either side. */
  bestSplit(leaf: Leaf, columns: Int32Array): Split | null {
    const { histogram, gradient, curvature } = leaf;
    const { l2, childWeightMin } = this.options;
    if (!histogram || curvature < 2 * childWeightMin) return null;
    const whole = (gradient * gradient) / (curvature + l2);
    const best: Split = { gain: 1e-6, feature: -1, from: 0, to: 0 };
    for (let c = 0; c < columns.length; c++) {
      const j = columns[c] ?? 0;
      const first = 2 * (this.offsets[j] ?? 0);
      const bins = this.counts[j] ?? 0;
      const unknownGradient = histogram[first] ?? 0;
      const unknownCurvature = histogram[first + 1] ?? 0;
      let leftGradient = 0;
      let leftCurvature = 0;
      for (let bin = 1; bin < bins; bin++) {
        leftGradient += histogram[first + 2 * bin] ?? 0;
        leftCurvature += histogram[first + 2 * bin + 1] ?? 0;
        // What is not known goes right, then left; when there is none, to the heavier side.
        for (let side = 1; side >= 0; side--) {
          const g = side === 1 ? leftGradient : leftGradient + unknownGradient;
          const h = side === 1 ? leftCurvature : leftCurvature + unknownCurvature;
          const restH = curvature - h;
          if (h < childWeightMin || restH < childWeightMin) continue;
          const restG = gradient - g;
          const gain = (g * g) / (h + l2) + (restG * restG) / (restH + l2) - whole;
          const isSame = gain === best.gain && best.feature === j && best.to === bin;
          const isHeavier = isSame && side === 0 && h > restH;
          if (!(gain > best.gain) && !isHeavier) continue;
          best.gain = gain;
          best.feature = j;
          best.from = side;
          best.to = bin;
        }
      }
    }
    return best.feature < 0 ? null : best;
  }
}

function subtract(from: Float64Array, what: Float64Array): void {
  for (let i = 0; i < from.length; i++) from[i] = (from[i] ?? 0) - (what[i] ?? 0);
}
