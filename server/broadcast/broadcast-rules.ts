import { recordAudit } from '#server/base/audit.ts';
import type { Db } from '#server/base/database.ts';
import { readSetting, saveSetting } from '#server/base/setting.ts';
import { broadcastRules, type BroadcastRules } from './broadcast-rules-api.ts';

const KEY = 'broadcast.rules';

/** Careful ones, until an admin says what the company's messenger and the company allow. */
const careful: BroadcastRules = {
  perDay: 1,
  perWeek: null,
  perMonth: 'days',
  fatigue: { max: 2, days: 7 },
  quiet: { from: '21:00', to: '09:00' },
  confirmDays: 3,
  windowDays: 7,
};

export const readBroadcastRules = (db: Db): Promise<BroadcastRules> =>
  readSetting(db, KEY, broadcastRules.default(careful));

export async function saveBroadcastRules(db: Db, rules: BroadcastRules, memberId: string): Promise<BroadcastRules> {
  await saveSetting(db, KEY, rules, memberId);
  await recordAudit(db, {
    memberId,
    action: 'broadcast.rules_changed',
    subject: 'setting:broadcast.rules',
    detail: rules,
  });
  return rules;
}
