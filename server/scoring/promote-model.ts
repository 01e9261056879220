import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { askToRescore } from './ask-to-rescore.ts';
import type { ScoringState } from './model-api.ts';
import { findModel, lockModels, saveModel, saveStates } from './model-store.ts';
import { viewModels } from './view-models.ts';

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
