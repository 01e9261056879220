import { z } from 'zod';
import type { Db } from '#server/base/database.ts';
import { readSetting } from '#server/base/setting.ts';
import type { ScoringTarget } from './model-api.ts';
import { findChampionMethod, readModel } from './model-store.ts';
import type { LoadedModel } from './scoring-model.ts';

export const settingKey = (target: ScoringTarget) => `scoring.${target}`;
/** Models may be used unless an admin has set them aside. */
export const scoringSetting = z.object({ modelOn: z.boolean() }).default({ modelOn: true });

export async function isModelOn(db: Db, target: ScoringTarget): Promise<boolean> {
  return (await readSetting(db, settingKey(target), scoringSetting)).modelOn;
}

/** The model that makes scores now; null where the table of points does. */
export async function currentModel(db: Db, target: ScoringTarget): Promise<LoadedModel | null> {
  const [modelOn, champion] = await Promise.all([isModelOn(db, target), findChampionMethod(db, target)]);
  return modelOn && champion ? readModel(db, champion.id, champion.method) : null;
}
