import type { Deps } from '#server/base/deps.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { driftLarge } from '#server/learning/drift.ts';
import { OUTCOMES_NEEDED, type ModelCard, type ScoringState, type ScoringTarget } from './model-api.ts';
import { listModels, type KeptModel } from './model-store.ts';
import { countDecided } from './outcome-store.ts';
import { countOverrides } from './override-store.ts';
import { isModelOn } from './scoring-setting.ts';
import { nightAfter } from './train-scoring.ts';
import { readWork, type Work } from './work-store.ts';

const SHOWN_MAX = 20;
const OLD_DAYS = 60;
/** Of the rarer kind of outcome. */
const ONE_SIDED_SHARE = 0.05;
const FEW_ROWS = 2 * OUTCOMES_NEEDED;
const COUNTED_MAX = 1_000_000;

/** What scores are made by, and how good it is. */
export async function viewModels(deps: Deps, target: ScoringTarget): Promise<ScoringState> {
  const [models, modelOn, work, outcomes, overrides] = await Promise.all([
    listModels(deps.db, target),
    isModelOn(deps.db, target),
    readWork(deps.db, target),
    countOutcomes(deps, target),
    // Nobody shows another value for the risk of being lost.
    target === 'lead' ? countOverrides(deps.db) : { count: 0, settled: 0, repRight: 0, scoreRight: 0 },
  ]);
  const now = deps.now();
  const champion = models.find(({ state }) => state === 'champion');
  return {
    target,
    basis: champion && modelOn ? 'model' : 'rules',
    modelOn,
    outcomes,
    outcomesNeeded: OUTCOMES_NEEDED,
    champion: champion ? cardOf(champion, now) : null,
    others: models
      .filter((model) => model !== champion)
      .slice(0, SHOWN_MAX)
      .map((model) => cardOf(model, now)),
    training: {
      state: work.trainState === 'running' || work.trainState === 'failed' ? work.trainState : 'idle',
      startedAt: work.trainStartedAt?.toISOString() ?? null,
      done: work.trainDone,
      total: work.trainTotal,
      error: work.trainState === 'failed' ? work.trainError : null,
      nextAt: nightAfter(now).toISOString(),
    },
    rescoring: {
      state: work.rescoreRunning ? 'running' : 'idle',
      at: (work.rescoreEndedAt ?? work.rescoreStartedAt)?.toISOString() ?? null,
      done: Math.min(work.rescoreDone, work.rescoreTotal),
      total: work.rescoreTotal,
      seconds: secondsOf(work),
    },
    overrides,
  };
}

/** Those of the lead are counted as they stand; others as they were when they were last looked at. */
async function countOutcomes(deps: Deps, target: ScoringTarget): Promise<number> {
  if (target === 'lead') return countDecided(deps.db, COUNTED_MAX);
  return (await readWork(deps.db, target)).outcomes;
}

function secondsOf({ rescoreStartedAt, rescoreEndedAt }: Work): number | null {
  return rescoreStartedAt && rescoreEndedAt ? (rescoreEndedAt.getTime() - rescoreStartedAt.getTime()) / 1000 : null;
}

function cardOf(model: KeptModel, now: Date): ModelCard {
  const { leaks, ...findings } = model.findings;
  const { id, target, version, state, kind, rows, positives, trainSeconds, drift, decision } = model;
  return {
    id,
    target,
    version,
    state,
    method: kind,
    trainedAt: model.trainedAt.toISOString(),
    from: model.fromAt.toISOString(),
    until: model.untilAt.toISOString(),
    rows,
    positives,
    trainSeconds,
    ...findings,
    drift,
    recalibratedAt: model.recalibrations.at(-1)?.at ?? null,
    warnings: warningsOf(model, leaks, now),
    decision,
  };
}

function warningsOf(model: KeptModel, leaks: readonly string[], now: Date): ModelCard['warnings'] {
  const { rows, positives, drift, recalibrations, trainedAt } = model;
  const rarer = Math.min(positives, rows - positives) / Math.max(1, rows);
  const isDrifted = drift !== null && drift.psi > driftLarge && (recalibrations.at(-1)?.at ?? '') < drift.at;
  const warning = (code: ModelCard['warnings'][number]['code'], feature: string | null = null) => ({ code, feature });
  return [
    ...(rows < FEW_ROWS ? [warning('few_outcomes')] : []),
    ...leaks.map((feature) => warning('leak', feature)),
    ...(isDrifted ? [warning('drifted')] : []),
    ...(rarer < ONE_SIDED_SHARE ? [warning('one_sided')] : []),
    ...(now.getTime() - trainedAt.getTime() > OLD_DAYS * DAY_MS ? [warning('old')] : []),
  ];
}
