import { recordAudit } from '#server/base/audit.ts';
import type { Deps } from '#server/base/deps.ts';
import { DAY_MS, HOUR_MS } from '#server/base/duration.ts';
import { withLock } from '#server/base/lock.ts';
import { plainError } from '#server/base/plain-error.ts';
import { dayOf, instantOf } from '#server/base/shanghai.ts';
import { compile } from '#server/learning/compile.ts';
import { driftLarge } from '#server/learning/drift.ts';
import { measure, type Metrics } from '#server/learning/metrics.ts';
import type { Trained } from '#server/learning/train.ts';
import { fitRefresh } from '#server/learning/train.ts';
import type { RawRow } from '#server/learning/table.ts';
import { chooseChampion, probabilitiesOfPoints, type Finding } from './choose-champion.ts';
import { columnsOf, rawRowOf, vectorOf } from './feature-block.ts';
import { features } from './features.ts';
import { gatherRows, someRows, tableOf, type GatheredRows } from './gather-rows.ts';
import { learn } from './learn.ts';
import { measureFairness } from './measure-fairness.ts';
import { OUTCOMES_NEEDED, type ScoringTarget } from './model-api.ts';
import {
  findChampion,
  forgetRejected,
  insertModel,
  listModels,
  lockModels,
  readModel,
  saveModel,
  saveStates,
  type KeptModel,
} from './model-store.ts';
import type { Outcome } from './outcome.ts';
import { groupOf, methodOf, type ModelFindings } from './scoring-model.ts';
import { saveWork, readWork } from './work-store.ts';

/** What a model of a target learns from and what it must be better than. */
export interface Subject {
  target: ScoringTarget;
  /** Outcomes there are, up to `most`. */
  countOutcomes(deps: Deps, most: number): Promise<number>;
  /** In the order of the moments they are looked at. */
  listOutcomes(deps: Deps, now: Date): Promise<Outcome[]>;
  /** What the table of points says of such a row, 0 to 100. */
  ruleValueOf(row: RawRow, at: Date): number;
  /** Another model makes the values from now on. */
  rescore(deps: Deps): Promise<void>;
}

export const trainEveryMs = HOUR_MS;
/** Of the company's clock. */
const NIGHT_HOUR = 2;
const COUNTED_MAX = 1_000_000;
/** New outcomes below which neither drift nor calibration can be told from chance. */
const DRIFT_ROWS_MIN = 100;
const FEATURE_DRIFT_ROWS_MIN = 500;
const KIND_ROWS_MIN = 10;
const REJECTED_KEPT = 10;
const LOST_MS = HOUR_MS;
const ASK_AGAIN_MS = 30_000;

/** When the night's work is taken up next, or was to be taken up last. */
export function nightAfter(now: Date): Date {
  const tonight = instantOf(dayOf(now), NIGHT_HOUR * 60);
  return tonight > now ? tonight : instantOf(dayOf(now) + 1, NIGHT_HOUR * 60);
}
const nightBefore = (now: Date): Date => new Date(nightAfter(now).getTime() - DAY_MS);

/**
 * Once a night, or when an admin asks: looks whether the champion's world has moved and sets its calibration right, learns
 * a challenger from what is new, and lets it take the place where the newest outcomes speak for it. Below
 * OUTCOMES_NEEDED nothing is learned. Safe to run twice: a run that was killed is run again from its beginning.
 */
export async function trainScoring(deps: Deps, subject: Subject, { asked }: { asked: boolean }): Promise<void> {
  const { target } = subject;
  const isDone = await withLock(deps.pool, `train-scoring:${target}`, async () => {
    const now = deps.now();
    const work = await readWork(deps.db, target);
    const isNight = work.nightlyAt === null ? false : work.nightlyAt < nightBefore(now);
    // Nobody else learns while this lock is held: one that is said to is one that died, and nobody ran it again.
    const isLost = work.trainState === 'running' && now.getTime() - (work.trainStartedAt?.getTime() ?? 0) > LOST_MS;
    const outcomes = await subject.countOutcomes(deps, COUNTED_MAX);
    // The first night is awaited: what just started has other things to do.
    await saveWork(deps.db, target, { outcomes, ...(isNight || !work.nightlyAt ? { nightlyAt: now } : {}) });
    const isWanted = asked || isLost;
    if (!isWanted && !isNight) return;
    if (outcomes < OUTCOMES_NEEDED) {
      await saveWork(deps.db, target, { trainState: 'idle', trainError: null });
      tell(deps);
      return;
    }
    try {
      await run(deps, subject, { isWanted, now });
      await saveWork(deps.db, target, { trainState: 'idle', trainError: null });
    } catch (error) {
      deps.log.error({ err: error, kind: target }, 'learning failed');
      await saveWork(deps.db, target, { trainState: 'failed', trainError: plainError(error).message });
    }
    tell(deps);
  });
  // What is under way may have begun before the newest outcome, or only count. Without a key: its own would hold it back.
  if (!isDone && asked) await deps.jobs.add('train-scoring', { target, asked }, { delayMs: ASK_AGAIN_MS });
}

async function run(deps: Deps, subject: Subject, { isWanted, now }: { isWanted: boolean; now: Date }): Promise<void> {
  const { target } = subject;
  const outcomes = await subject.listOutcomes(deps, now);
  const newest = latest(outcomes);
  const [newestModel] = await listModels(deps.db, target);
  const champion = await findChampion(deps.db, target);
  const hasNews = !newestModel || (newest && newest > newestModel.untilAt);
  if (!hasNews && !isWanted) return;
  await saveWork(deps.db, target, {
    trainState: 'running',
    trainStartedAt: now,
    trainDone: 0,
    trainTotal: outcomes.length,
    trainError: null,
  });
  tell(deps);
  let told = 0;
  const rows = await gatherRows(deps, outcomes, async (done) => {
    if (done - told < outcomes.length / 20) return;
    told = done;
    await saveWork(deps.db, target, { trainDone: done });
    tell(deps);
  });
  const isRecalibrated = champion ? await watchDrift(deps, champion, rows) : false;
  const isPromoted = hasBothKinds(rows) ? await challenge(deps, subject, rows) : false;
  if (isRecalibrated || isPromoted) await subject.rescore(deps);
}

const latest = (outcomes: readonly Outcome[]): Date | null =>
  outcomes.reduce<Date | null>((most, { knownAt }) => (!most || knownAt > most ? knownAt : most), null);

const hasBothKinds = ({ outcomes }: GatheredRows): boolean => {
  const happened = outcomes.filter((outcome) => outcome.happened).length;
  return Math.min(happened, outcomes.length - happened) >= KIND_ROWS_MIN;
};

/** Learns a challenger and says what the newest outcomes say of it. True when it is the champion now. */
async function challenge(deps: Deps, subject: Subject, rows: GatheredRows): Promise<boolean> {
  const { target } = subject;
  const startedAt = performance.now();
  const table = tableOf(rows);
  const { trained, leaks } = await learn(table);
  const trainSeconds = (performance.now() - startedAt) / 1000;
  const scorer = compile(trained.model);
  const held = heldRows(rows, trained);
  const label = labelOf(held);
  const ruleSays = probabilitiesOfPoints(
    held.outcomes.map(({ at }, row) =>
      subject.ruleValueOf(rawRowOf(vectorOf(held.block, row), held.block.lexicon), at),
    ),
    label,
  );
  const said = trained.heldOut.probabilities;
  const findings: ModelFindings = {
    ...figuresOf(measure(said, label)),
    ruleFigures: figuresOf(measure(ruleSays, label)).figures,
    features: featuresOf(scorer.importance(table.columns), rows),
    fairness: await measureFairness(deps, scorer.scoreColumns, held, said),
    leaks: [...new Set(leaks)],
  };
  return deps.db.$transaction(
    async (tx) => {
      await lockModels(tx, target);
      const champion = await findChampion(tx, target);
      const finding = await compareWith(deps, champion, { held, said, ruleSays });
      await saveStates(tx, target, 'challenger', 'rejected');
      if (finding.outcome === 'promoted') await saveStates(tx, target, 'champion', 'retired');
      const made = await insertModel(
        tx,
        {
          target,
          state: stateAfter(finding),
          kind: trained.model.report.chosen,
          trainedAt: deps.now(),
          fromAt: rows.outcomes[0]?.at ?? deps.now(),
          untilAt: latest(rows.outcomes) ?? deps.now(),
          rows: rows.block.rows,
          positives: trained.model.report.happened,
          trainSeconds,
          findings,
        },
        { model: trained.model, lexicon: { ...rows.block.lexicon } as Record<string, string[]> },
      );
      const at = deps.now().toISOString();
      await saveModel(tx, made.id, { decision: { at, ...finding, by: null, reason: null } });
      await recordAudit(tx, {
        memberId: null,
        action: `scoring.challenger_${finding.outcome}`,
        subject: `scoring-model:${made.id}`,
        detail: { target, version: made.version, gain: finding.gain, low: finding.low, high: finding.high },
      });
      await forgetRejected(tx, target, REJECTED_KEPT);
      return finding.outcome === 'promoted';
    },
    { timeout: 120_000 },
  );
}

function stateAfter({ outcome }: Finding): KeptModel['state'] {
  switch (outcome) {
    case 'promoted':
      return 'champion';
    case 'kept':
      return 'rejected';
    case 'undecided':
      return 'challenger';
    default:
      throw new Error(`Nothing follows from ${String(outcome satisfies never)}.`);
  }
}

/** Against the champion, where there is one, on what came after it; against the table of points otherwise. */
async function compareWith(
  deps: Deps,
  champion: KeptModel | null,
  { held, said, ruleSays }: { held: GatheredRows; said: Float64Array; ruleSays: Float64Array },
): Promise<Finding> {
  if (!champion) return chooseChampion(ruleSays, said, labelOf(held));
  const method = methodOf(champion.target, champion.version, champion.recalibrations.length);
  const loaded = await readModel(deps.db, champion.id, method);
  if (!loaded) return chooseChampion(ruleSays, said, labelOf(held));
  const isNews = ({ knownAt }: Outcome) => knownAt > champion.untilAt;
  const news = someRows(held, isNews);
  const ofChallenger = said.filter((_, row) => {
    const outcome = held.outcomes[row];
    return outcome !== undefined && isNews(outcome);
  });
  return chooseChampion(loaded.scorer.scoreColumns(columnsOf(news.block)), ofChallenger, labelOf(news));
}

/** The rows in the order the held-out figures stand in. */
function heldRows(rows: GatheredRows, { heldOut }: Trained): GatheredRows {
  const outcomes = Array.from(heldOut.rows, (row) => rows.outcomes[row]).filter((outcome) => outcome !== undefined);
  const width = rows.block.values.length / Math.max(1, rows.block.rows);
  const values = new Float32Array(outcomes.length * width);
  for (const [n, row] of heldOut.rows.entries()) values.set(vectorOf(rows.block, row), n * width);
  const ids = Buffer.concat(Array.from(heldOut.rows, (row) => rows.block.ids.subarray(16 * row, 16 * row + 16)));
  return { outcomes, block: { rows: outcomes.length, ids, values, lexicon: rows.block.lexicon } };
}

const labelOf = ({ outcomes }: GatheredRows) => Uint8Array.from(outcomes, ({ happened }) => Number(happened));

function figuresOf(found: Metrics): Pick<ModelFindings, 'figures' | 'deciles' | 'calibration'> {
  const rate = found.happened / Math.max(1, found.rows);
  return {
    figures: {
      auc: found.auc ?? 0.5,
      logLoss: found.logLoss,
      ece: found.ece,
      precisionAtTenth: found.precisionTop10,
      liftAtTenth: found.lift[0] ?? 0,
    },
    deciles: found.lift.map((lift, n) => ({
      decile: n + 1,
      rows: Math.round(((n + 1) * found.rows) / 10) - Math.round((n * found.rows) / 10),
      rate: lift * rate,
      lift,
    })),
    calibration: found.calibration.map(({ rows, said, happened }) => ({ rows, predicted: said, actual: happened })),
  };
}

function featuresOf(
  importance: { feature: string; mean: number }[],
  { block }: GatheredRows,
): ModelFindings['features'] {
  const all = importance.reduce((sum, { mean }) => sum + mean, 0);
  return importance.map(({ feature: key, mean }) => {
    const place = features.findIndex((feature) => feature.key === key);
    let filled = 0;
    for (let row = 0; row < block.rows; row++) if (!Number.isNaN(vectorOf(block, row)[place])) filled++;
    return { key, group: groupOf(key), share: all === 0 ? 0 : mean / all, filled: filled / Math.max(1, block.rows) };
  });
}

/**
 * Whether outcomes after the champion's training look like those it learned from (PSI). Where they do not, its
 * probabilities are moved to what they say. The calendar drifts by itself and says nothing. True when it was recalibrated.
 */
async function watchDrift(deps: Deps, champion: KeptModel, rows: GatheredRows): Promise<boolean> {
  const { target, recalibrations } = champion;
  const model = await readModel(deps.db, champion.id, methodOf(target, champion.version, recalibrations.length));
  const from = recalibrations.at(-1)?.until ?? champion.untilAt.toISOString();
  const news = someRows(rows, ({ knownAt }) => knownAt.toISOString() > from);
  if (!model || news.block.rows < DRIFT_ROWS_MIN || !hasBothKinds(news)) return false;
  const columns = columnsOf(news.block);
  const found = model.scorer.drift(columns);
  const moved = found.features.filter(({ name }) => groupOf(name) !== 'time');
  const drift = {
    at: deps.now().toISOString(),
    psi: found.score,
    features: moved.slice(0, 10).map(({ name: key, psi }) => ({ key, psi })),
  };
  const isFeatureMoved = news.block.rows >= FEATURE_DRIFT_ROWS_MIN && (moved[0]?.psi ?? 0) > driftLarge;
  const isSeen = found.score > driftLarge || isFeatureMoved;
  await deps.db.$transaction(async (tx) => {
    await lockModels(tx, target);
    await saveModel(tx, champion.id, { drift });
    if (!isSeen) return;
    const before = recalibrations.at(-1) ?? { slope: 1, shift: 0 };
    const fitted = fitRefresh(model.scorer.scoreColumns(columns), labelOf(news));
    await saveModel(tx, champion.id, {
      recalibrations: [
        ...recalibrations,
        {
          at: deps.now().toISOString(),
          until: (latest(news.outcomes) ?? deps.now()).toISOString(),
          slope: fitted.slope * before.slope,
          shift: fitted.slope * before.shift + fitted.shift,
        },
      ],
    });
    await recordAudit(tx, {
      memberId: null,
      action: 'scoring.recalibrated',
      subject: `scoring-model:${champion.id}`,
      detail: { target, version: champion.version, psi: found.score, rows: news.block.rows },
    });
  });
  return isSeen;
}

const tell = (deps: Deps) => deps.live.publish('desk', { part: 'scoring' });
