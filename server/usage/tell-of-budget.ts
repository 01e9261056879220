import { z } from 'zod';
import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import { spentOn } from '#server/base/model-day.ts';
import { readModelSetting } from '#server/base/model-setting.ts';
import { readSetting, saveSetting } from '#server/base/setting.ts';
import { dayOf } from '#server/base/shanghai.ts';
import { insertNotices } from '#server/notice/notice-store.ts';
import { nudgeNotices } from '#server/notice/nudge-notices.ts';
import { budgetText } from './budget-words.ts';
import { listAdmins, lockModelSetting } from './usage-store.ts';
import { lineAt, yuan, type Line } from './usage.ts';

export const tellOfBudgetEveryMs = MINUTE_MS;
const KEY = 'model-line-told';
const told = z.object({ day: z.int(), line: z.enum(['below', 'soft', 'hard']) }).prefault({ day: 0, line: 'below' });

/** Admins are told once a day of each line that what the model cost has come to. */
export async function tellOfBudget(deps: Deps): Promise<void> {
  const day = dayOf(deps.now());
  const setting = await readModelSetting(deps.db, deps.config);
  const spentYuan = yuan(await spentOn(deps.db, day));
  const line = lineAt(spentYuan, setting);
  // A line of nothing is a switch, and whoever set it knows.
  if (line === 'below' || spentYuan === 0) return;
  const notices = await deps.db.$transaction(async (tx) => {
    await lockModelSetting(tx);
    const last = await readSetting(tx, KEY, told);
    if (last.day === day && rank[last.line] >= rank[line]) return [];
    const made = (await listAdmins(tx)).map(({ id, locale }) => ({
      key: `model-line:${line}:${day}:${id}`,
      memberId: id,
      text: budgetText(locale, line, { ...setting, spentYuan }),
      path: '/desk.html#/usage',
    }));
    await insertNotices(tx, deps.cipher, made, deps.now());
    await saveSetting(tx, KEY, { day, line }, null);
    return made;
  });
  if (notices.length === 0) return;
  await nudgeNotices(
    deps,
    notices.map(({ key }) => key),
  );
  deps.live.publish('admin', { part: 'usage' });
}

const rank: Record<Line, number> = { below: 0, soft: 1, hard: 2 };
