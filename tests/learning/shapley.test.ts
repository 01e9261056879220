import { expect, test } from 'vitest';
import { growTrees, treesDefaults, type Tree } from '#server/learning/boosted-trees.ts';
import { applyBins, fitBins } from '#server/learning/bins.ts';
import { treesExplainer } from '#server/learning/explain.ts';
import { allRows } from '#server/learning/table.ts';
import { generatedHistory } from './history.ts';

test('what the trees give each feature is its Shapley value, as counted out over every order of the features', () => {
  const history = generatedHistory(600, 5);
  const rows = allRows(history);
  const binned = applyBins(fitBins(history, rows), history.columns, rows);
  const { model } = growTrees(binned, history.label, { ...treesDefaults, roundsMax: 6, columnShare: 1 });
  const explainer = treesExplainer(model);
  const width = binned.features.length;
  for (let row = 0; row < 20; row++) {
    const codes = binned.codes.subarray(row * width, (row + 1) * width);
    const given = new Float64Array(width);
    explainer.addTo(codes, given, 1);
    const counted = shapleyByDefinition(model.trees, codes, width);
    for (let j = 0; j < width; j++) expect(given[j]).toBeCloseTo(counted[j] ?? 0, 10);
  }
});

/** Straight from the definition: the mean, over all sets of the others, of what knowing the feature adds. */
function shapleyByDefinition(trees: readonly Tree[], codes: Uint8Array, width: number): number[] {
  const worth = Array.from({ length: 1 << width }, (_, known) =>
    trees.reduce((sum, tree) => sum + expected(tree, 0, codes, known), 0),
  );
  return Array.from({ length: width }, (_, j) => {
    let value = 0;
    for (let set = 0; set < worth.length; set++) {
      if (set & (1 << j)) continue;
      const members = set.toString(2).replaceAll('0', '').length;
      const share = (factorial(members) * factorial(width - members - 1)) / factorial(width);
      value += share * ((worth[set | (1 << j)] ?? 0) - (worth[set] ?? 0));
    }
    return value;
  });
}

function expected(tree: Tree, node: number, codes: Uint8Array, known: number): number {
  const [left = 0, right = 0] = [tree.left[node], tree.right[node]];
  if (left === 0) return tree.value[node] ?? 0;
  const feature = tree.feature[node] ?? 0;
  const bin = codes[feature] ?? 0;
  if (known & (1 << feature)) {
    const goesLeft = bin >= (tree.from[node] ?? 0) && bin <= (tree.to[node] ?? 0);
    return expected(tree, goesLeft ? left : right, codes, known);
  }
  const [a, b] = [tree.rows[left] ?? 0, tree.rows[right] ?? 0];
  return (a * expected(tree, left, codes, known) + b * expected(tree, right, codes, known)) / (a + b);
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
