import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { readSetting, saveSetting } from '#server/base/setting.ts';
import { followUpSetting, type FollowUpSetting } from './team-api.ts';

const KEY = 'follow-up';

const setting = followUpSetting.prefault({
  silentDays: { A: 7, B: 14, C: 30, D: 60 },
  digest: { enabled: true, hour: 9 },
});

export async function readFollowUp(db: Db): Promise<FollowUpSetting> {
  return readSetting(db, KEY, setting);
}

export async function saveFollowUp(deps: Deps, caller: Caller, wish: FollowUpSetting): Promise<FollowUpSetting> {
  await deps.db.$transaction(async (tx) => {
    await saveSetting(tx, KEY, wish, caller.memberId);
    const subject = `setting:${KEY}`;
    await recordAudit(tx, { memberId: caller.memberId, action: 'follow_up.changed', subject, detail: wish });
  });
  return readFollowUp(deps.db);
}
