import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { saveSetting } from '#server/base/setting.ts';
import { askToRescore } from './ask-to-rescore.ts';
import type { ScoringState, ScoringTarget } from './model-api.ts';
import { lockModels } from './model-store.ts';
import { isModelOn, settingKey } from './scoring-setting.ts';
import { viewModels } from './view-models.ts';

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
