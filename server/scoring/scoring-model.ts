import { z } from 'zod';
import { compile, type Scorer } from '#server/learning/compile.ts';
import { pointsOf } from '#server/learning/explain.ts';
import { trainedModel, type TrainedModel } from '#server/learning/trained-model.ts';
import type { SaidSignal } from '#server/summary/signal-store.ts';
import { columnsOf, rawRowOf, type FeatureBlock, type Lexicon } from './feature-block.ts';
import { featureOf } from './features.ts';
import { modelCard, type featureGroups, type ScoringTarget } from './model-api.ts';
import { said, type Said } from './said.ts';
import type { Factor } from './factor.ts';

/** What is kept of a model, packed: what it learned, and the words its vectors name by number. */
export const modelBody = z.object({
  model: trainedModel,
  lexicon: z.record(z.string(), z.array(z.string())),
});
export type ModelBody = z.infer<typeof modelBody>;

/** A shift of what the model says, learned from outcomes that came after it: later ones stand on those before. */
export const recalibrations = z.array(
  z.object({ at: z.iso.datetime(), until: z.iso.datetime(), slope: z.number(), shift: z.number() }),
);
export type Recalibration = z.infer<typeof recalibrations>[number];

/** What was found about a model when it was trained. */
export const modelFindings = modelCard
  .pick({ figures: true, ruleFigures: true, deciles: true, calibration: true, features: true, fairness: true })
  .extend({ leaks: z.array(z.string()) });
export type ModelFindings = z.infer<typeof modelFindings>;

export const modelDrift = modelCard.shape.drift;
export const modelDecision = modelCard.shape.decision;
export type ModelDecision = NonNullable<z.infer<typeof modelDecision>>;

/** A model ready to score, as it was recalibrated so many times. */
export interface LoadedModel {
  id: string;
  target: ScoringTarget;
  version: number;
  method: string;
  scorer: Scorer;
  lexicon: Lexicon;
}

/** lead@7; lead@7.2 once it was recalibrated twice. */
export const methodOf = (target: ScoringTarget, version: number, recalibrated: number): string =>
  `${target}@${version}${recalibrated > 0 ? `.${recalibrated}` : ''}`;

/** How often the model had been recalibrated when it made a score by this method. */
export const recalibratedIn = (method: string): number => Number(method.split('.')[1] ?? 0);

export const isRules = (method: string): boolean => method.startsWith('rules@');

export function loadModel(
  row: { id: string; target: ScoringTarget; version: number },
  { model, lexicon }: ModelBody,
  shifts: readonly Recalibration[],
): LoadedModel {
  const last = shifts.at(-1);
  const shifted: TrainedModel = last ? { ...model, refresh: { slope: last.slope, shift: last.shift } } : model;
  const method = methodOf(row.target, row.version, shifts.length);
  return { ...row, method, scorer: compile(shifted), lexicon };
}

/** 0 to 100, for each of a block whose words are the model's. */
export function valuesOf({ scorer }: LoadedModel, block: FeatureBlock): Uint8Array {
  return Uint8Array.from(scorer.scoreColumns(columnsOf(block)), (probability) => Math.round(100 * probability));
}

const REASONS_MAX = 8;

/**
 * Why the model says what it says of a vector: where everybody starts, what moves most, and the rest in one. The points
 * add up to the score, exactly.
 */
export function reasonsOf(
  { scorer, lexicon }: LoadedModel,
  vector: ArrayLike<number>,
  signals: readonly SaidSignal[],
): { value: number; factors: Factor[] } {
  const points = pointsOf(scorer.explain(rawRowOf(vector, lexicon)), { top: REASONS_MAX });
  const factors: Factor[] = [
    { key: 'start', points: points.base, ...said('start', '起点'), pointer: { field: 'contact' } },
  ];
  for (const { feature: key, value, points: moved } of points.reasons)
    factors.push(reasonOf(key, value, moved, signals));
  if (points.others !== 0)
    factors.push({
      key: 'others',
      points: points.others,
      ...said('others', '其他因素'),
      pointer: { field: 'contact' },
    });
  return { value: points.score, factors };
}

function reasonOf(key: string, value: number | string | null, points: number, signals: readonly SaidSignal[]): Factor {
  const feature = featureOf.get(key);
  if (!feature) return { key, points, text: key, pointer: { field: 'contact' } };
  const said = 'signal' in feature.pointer ? feature.pointer.signal : null;
  const newest = said && value ? signals.find(({ kind }) => kind === said) : undefined;
  return {
    key,
    points,
    ...wordsOf(feature, value),
    pointer: newest
      ? { messageId: newest.messageId, quote: newest.quote }
      : { field: 'field' in feature.pointer ? feature.pointer.field : 'conversation.messages' },
  };
}

function wordsOf(feature: NonNullable<ReturnType<typeof featureOf.get>>, value: number | string | null): Said {
  if (feature.kind === 'number') return feature.say(typeof value === 'number' ? value : null);
  return feature.say(value === null ? null : String(value));
}

export const groupOf = (key: string): (typeof featureGroups)[number] => featureOf.get(key)?.group ?? 'profile';
