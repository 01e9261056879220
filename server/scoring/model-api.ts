import { z } from 'zod';
import { byId, endpoint } from '#server/base/endpoint.ts';

/** lead: will this contact buy. churn: will this customer be lost. */
export const scoringTargets = ['lead', 'churn'] as const;
export type ScoringTarget = (typeof scoringTargets)[number];

/** Outcomes of each kind together, below which nothing is learned and the table of points stands. */
export const OUTCOMES_NEEDED = 200;

export const featureGroups = ['profile', 'behaviour', 'value', 'conversation', 'source', 'time'] as const;

/** Shares and areas from 0 to 1; `lift` is how many times the company's own rate. */
export const modelFigures = z.object({
  auc: z.number(),
  logLoss: z.number(),
  /** Expected calibration error over ten bins of equal size. */
  ece: z.number(),
  /** Of the tenth scored highest, the share that came true. */
  precisionAtTenth: z.number(),
  liftAtTenth: z.number(),
});

export const modelState = z.enum(['champion', 'challenger', 'rejected', 'retired']);

export const modelCard = z.object({
  id: z.uuid(),
  target: z.enum(scoringTargets),
  version: z.int(),
  state: modelState,
  method: z.enum(['logistic', 'trees', 'blend']),
  trainedAt: z.iso.datetime(),
  /** The outcomes it learned from lie between these. */
  from: z.iso.datetime(),
  until: z.iso.datetime(),
  rows: z.int(),
  positives: z.int(),
  trainSeconds: z.number(),
  /** On the newest outcomes, which it did not learn from; and the same of the table of points, there. */
  figures: modelFigures.nullable(),
  ruleFigures: modelFigures.nullable(),
  /** Highest first. */
  deciles: z.array(z.object({ decile: z.int(), rows: z.int(), rate: z.number(), lift: z.number() })),
  calibration: z.array(z.object({ predicted: z.number(), actual: z.number(), rows: z.int() })),
  /** `share` of all that moves scores; they add up to 1. */
  features: z.array(z.object({ key: z.string(), group: z.enum(featureGroups), share: z.number(), filled: z.number() })),
  /** Gender and region are no features. `swap`: by how many points a score moves when only they are swapped. */
  fairness: z.array(
    z.object({
      field: z.enum(['gender', 'region']),
      swap: z.number(),
      groups: z.array(
        z.object({
          group: z.string(),
          rows: z.int(),
          meanScore: z.number().nullable(),
          rate: z.number().nullable(),
          /** Null where there are too few to say. */
          auc: z.number().nullable(),
        }),
      ),
    }),
  ),
  /** Population stability index of the scores and of single features against what was learned; above 0.25 it has drifted. */
  drift: z
    .object({
      at: z.iso.datetime(),
      psi: z.number(),
      features: z.array(z.object({ key: z.string(), psi: z.number() })),
    })
    .nullable(),
  recalibratedAt: z.iso.datetime().nullable(),
  warnings: z.array(
    z.object({ code: z.enum(['few_outcomes', 'leak', 'drifted', 'one_sided', 'old']), feature: z.string().nullable() }),
  ),
  /** What the switch between champion and challenger found; null while there was nothing to compare with. */
  decision: z
    .object({
      at: z.iso.datetime(),
      outcome: z.enum(['promoted', 'kept', 'undecided', 'by_hand']),
      /** Log loss of the champion minus the challenger's on the same outcomes, with its 95 % interval. */
      gain: z.number().nullable(),
      low: z.number().nullable(),
      high: z.number().nullable(),
      by: z.string().nullable(),
      reason: z.string().nullable(),
    })
    .nullable(),
});
export type ModelCard = z.infer<typeof modelCard>;

export const scoringState = z.object({
  target: z.enum(scoringTargets),
  /** What scores are made by now. */
  basis: z.enum(['rules', 'model']),
  /** False when an admin has set the model aside. */
  modelOn: z.boolean(),
  outcomes: z.int(),
  outcomesNeeded: z.int(),
  champion: modelCard.nullable(),
  /** Newest first, without the champion. */
  others: z.array(modelCard),
  training: z.object({
    state: z.enum(['idle', 'running', 'failed']),
    startedAt: z.iso.datetime().nullable(),
    done: z.int(),
    total: z.int(),
    error: z.string().nullable(),
    nextAt: z.iso.datetime().nullable(),
  }),
  rescoring: z.object({
    state: z.enum(['idle', 'running']),
    at: z.iso.datetime().nullable(),
    done: z.int(),
    total: z.int(),
    seconds: z.number().nullable(),
  }),
  /** Reps who showed another value: how it came out. They are looked at, never learned from. */
  overrides: z.object({ count: z.int(), settled: z.int(), repRight: z.int(), scoreRight: z.int() }),
});
export type ScoringState = z.infer<typeof scoringState>;

export const scoringModelApi = {
  state: endpoint({
    method: 'GET',
    path: '/api/scoring-models',
    summary: 'What scores are made by, and how good it is',
    roles: ['manager', 'director', 'admin'],
    query: z.object({ target: z.enum(scoringTargets).default('lead') }),
    answer: scoringState,
  }),
  train: endpoint({
    method: 'POST',
    path: '/api/scoring-models/train',
    summary: 'Learn now instead of tonight',
    roles: ['admin'],
    body: z.object({ target: z.enum(scoringTargets) }),
    answer: z.object({ state: z.enum(['running', 'too_few']) }),
    status: 202,
  }),
  promote: endpoint({
    method: 'POST',
    path: '/api/scoring-models/:id/promote',
    summary: 'Let this model make the scores, with a reason',
    roles: ['admin'],
    params: byId,
    body: z.object({ reason: z.string().trim().min(2).max(200) }),
    answer: scoringState,
  }),
  choose: endpoint({
    method: 'PUT',
    path: '/api/settings/scoring',
    summary: 'Scores by the model where there is one, or by the table of points',
    roles: ['admin'],
    body: z.object({ target: z.enum(scoringTargets), modelOn: z.boolean(), reason: z.string().trim().min(2).max(200) }),
    answer: scoringState,
  }),
};
