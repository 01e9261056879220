import { z } from 'zod';
import { featureBins, type FeatureBins } from './bins.ts';
import { treesModel, type TreesModel } from './boosted-trees.ts';
import { calibration } from './calibration.ts';
import { spread } from './drift.ts';
import { logisticModel, weightsFit, type LogisticModel } from './logistic.ts';
import { metrics } from './metrics.ts';

export const modelKinds = ['logistic', 'trees', 'blend'] as const;
export type ModelKind = (typeof modelKinds)[number];

/** What was tried on rows that were held out, and what was taken. */
const trainReport = z.object({
  rows: z.int(),
  happened: z.int(),
  /** time: on rows newer than those learned from. folds: on each fifth, learned from the rest. */
  validation: z.enum(['time', 'folds']),
  candidates: z.array(
    z.object({ kind: z.enum(modelKinds), logLoss: z.number(), auc: z.number().nullable(), shareOfTrees: z.number() }),
  ),
  chosen: z.enum(modelKinds),
  rounds: z.int().nonnegative(),
  calibrations: z.object({ platt: z.number(), beta: z.number(), isotonic: z.number() }),
  /** Of the chosen one on held-out rows, with a calibration that had not seen them either. */
  heldOut: metrics,
});
export type TrainReport = z.infer<typeof trainReport>;

/**
 * Plain data, to be kept as JSON. A row's margin is logistic's times `shares.logistic` plus the trees' times
 * `shares.trees`; then comes the calibration, and on its log odds the refresh.
 */
export const trainedModel = z
  .object({
    version: z.literal(1),
    features: z.array(featureBins),
    logistic: logisticModel.nullable(),
    trees: treesModel.nullable(),
    shares: z.object({ logistic: z.number().nonnegative(), trees: z.number().nonnegative() }),
    calibration,
    /** Set when outcomes newer than the training said so. */
    refresh: z.object({ slope: z.number().nonnegative(), shift: z.number() }).nullable(),
    spread,
    report: trainReport,
  })
  .refine(fitsFeatures, 'Weights and trees speak of the features, and of no others.');
export type TrainedModel = z.infer<typeof trainedModel>;

function fitsFeatures({
  features,
  logistic,
  trees,
}: {
  features: FeatureBins[];
  logistic: LogisticModel | null;
  trees: TreesModel | null;
}): boolean {
  const fits = (feature: number) => feature < features.length;
  return (
    (!logistic || weightsFit(logistic, features)) &&
    (!trees ||
      trees.trees.every((tree) => tree.left.every((left, node) => left === 0 || fits(tree.feature[node] ?? 0))))
  );
}
