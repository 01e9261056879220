import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { saveSetting } from '#server/base/setting.ts';
import { OUTCOMES_NEEDED, type ScoringState, type ScoringTarget } from './model-api.ts';
import { findModel, lockModels, saveModel, saveStates } from './model-store.ts';
import { countDecided } from './outcome-store.ts';
import { isModelOn, settingKey } from './scoring-setting.ts';
import { viewModels } from './view-models.ts';
import { readWork, saveWork } from './work-store.ts';

/** An admin lets a model make the scores that evidence did not put there, and says why. */
export async function promoteModel(
  deps: Deps,
  caller: Caller,
  { id, reason }: { id: string; reason: string },
): Promise<ScoringState> {
  const { target } = await getModel(deps, id);
  await deps.db.$transaction(async (tx) => {
    await lockModels(tx, target);
    const model = await findModel(tx, id);
    if (!model) throw unknownModel();
    if (model.state === 'champion')
      throw new Refusal('scoring.already_champion', 'This model makes the scores already.', 409);
    await saveStates(tx, target, 'champion', 'retired');
    const { gain = null, low = null, high = null } = model.decision ?? {};
    await saveModel(tx, id, {
      state: 'champion',
      decision: { at: deps.now().toISOString(), outcome: 'by_hand', gain, low, high, by: caller.name, reason },
    });
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'scoring.promoted_by_hand',
      subject: `scoring-model:${id}`,
      detail: { target, version: model.version, reason },
    });
  });
  await askToRescore(deps, target);
  return viewModels(deps, target);
}

async function getModel(deps: Deps, id: string) {
  const model = await findModel(deps.db, id);
  if (!model) throw unknownModel();
  return model;
}

const unknownModel = () => new Refusal('scoring.model_unknown', 'There is no such model.', 404);

/** Scores by the model, or by the table of points whatever models there are. */
export async function chooseBasis(
  deps: Deps,
  caller: Caller,
  { target, modelOn, reason }: { target: ScoringTarget; modelOn: boolean; reason: string },
): Promise<ScoringState> {
  const changed = await deps.db.$transaction(async (tx) => {
    await lockModels(tx, target);
    if ((await isModelOn(tx, target)) === modelOn) return false;
    await saveSetting(tx, settingKey(target), { modelOn }, caller.memberId);
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: modelOn ? 'scoring.model_on' : 'scoring.model_off',
      subject: `setting:${settingKey(target)}`,
      detail: { target, reason },
    });
    return true;
  });
  if (changed) await askToRescore(deps, target);
  return viewModels(deps, target);
}

/** What the values of a target are worked out by. */
async function askToRescore(deps: Deps, target: ScoringTarget): Promise<void> {
  await deps.jobs.add(target === 'lead' ? 'rescore-contacts' : 'watch-health', {}, { key: 'all' });
  deps.live.publish('desk', { part: 'scoring' });
}

/** Learns at once instead of tonight. */
export async function askToTrain(
  deps: Deps,
  { target }: { target: ScoringTarget },
): Promise<{
  state: 'running' | 'too_few';
}> {
  const work = await readWork(deps.db, target);
  const outcomes = target === 'lead' ? await countDecided(deps.db, OUTCOMES_NEEDED) : work.outcomes;
  if (outcomes < OUTCOMES_NEEDED) return { state: 'too_few' };
  await saveWork(deps.db, target, {
    trainState: 'running',
    trainStartedAt: deps.now(),
    trainDone: 0,
    trainError: null,
  });
  await deps.jobs.add('train-scoring', { target, asked: true }, { key: `${target} now` });
  deps.live.publish('desk', { part: 'scoring' });
  return { state: 'running' };
}
