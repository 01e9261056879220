import type { z } from 'zod';
import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal, RequestInvalid } from '#server/base/refusal.ts';
import { readSetting, saveSetting } from '#server/base/setting.ts';
import { forbiddenIn } from '#server/material/find-words.ts';
import type { welcomeView } from './channel-api.ts';
import { welcomeSetting } from './welcome.ts';

export async function viewWelcome(deps: Deps): Promise<z.infer<typeof welcomeView>> {
  const { enabled, text } = await readSetting(deps.db, 'welcome', welcomeSetting);
  return { enabled, text, bytesMax: bytesMaxOf(deps) };
}

/** What contacts are greeted with from now on. Who had the company say what is in the audit log. */
export async function saveWelcome(
  deps: Deps,
  caller: Caller,
  wish: { enabled: boolean; text: string },
): Promise<z.infer<typeof welcomeView>> {
  const bytesMax = bytesMaxOf(deps);
  if (bytesMax !== null && Buffer.byteLength(wish.text) > bytesMax) {
    const message = `A welcome has at most ${bytesMax} bytes; a Chinese character takes three. Shorten it.`;
    throw new Refusal('welcome.too_long', message, 400, { bytesMax });
  }
  const problems = await forbiddenIn(deps.db, { text: wish.text, attachments: [] });
  if (problems.length > 0)
    throw new RequestInvalid(problems.map(({ path, message }) => ({ path: `body.${path}`, message })));
  await deps.db.$transaction(async (tx) => {
    await saveSetting(tx, 'welcome', wish, caller.memberId);
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'welcome.changed',
      subject: 'setting:welcome',
      detail: wish,
    });
  });
  return viewWelcome(deps);
}

/** What every platform that sends welcomes takes; null when none does. */
function bytesMaxOf(deps: Deps): number | null {
  const limits = deps.platforms.all.flatMap(({ capabilities: { welcome, welcomeBytesMax } }) =>
    welcome ? [welcomeBytesMax] : [],
  );
  return limits.length > 0 ? Math.min(...limits) : null;
}
