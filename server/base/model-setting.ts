import { z } from 'zod';
import type { Config } from './config.ts';
import type { Db } from './database.ts';
import { readSetting } from './setting.ts';

export const MODEL_SETTING = 'model';

const setting = z.object({
  on: z.boolean(),
  useCases: z.record(z.string(), z.boolean()),
  softYuan: z.number().min(0).nullable(),
  hardYuan: z.number().min(0),
});
export type ModelSetting = z.infer<typeof setting>;

/** Of the hard line: what is left of it is for questions somebody waits for. */
const SOFT_SHARE = 0.8;

/** What the model may be asked and for how much, as an admin chose it; else as the environment says. */
export async function readModelSetting(db: Db, { LLM_DAILY_BUDGET_YUAN: hardYuan }: Config): Promise<ModelSetting> {
  const softYuan = Math.round(hardYuan * SOFT_SHARE * 100) / 100;
  return readSetting(db, MODEL_SETTING, setting.prefault({ on: true, useCases: {}, softYuan, hardYuan }));
}

/** A use case nobody switched is on. */
export const isSwitchedOn = ({ on, useCases }: ModelSetting, useCase: string) => on && useCases[useCase] !== false;

/** At how many millionths of a yuan a day this question is no longer asked. */
export function lineFor({ softYuan, hardYuan }: ModelSetting, isUrgent: boolean): number {
  return Math.round(1_000_000 * (isUrgent ? hardYuan : Math.min(softYuan ?? hardYuan, hardYuan)));
}
