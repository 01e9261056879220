import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { toContactMessage } from '#server/material/to-contact-message.ts';
import { findAccountKey } from '#server/member/member-store.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { mustBe, mustManage, type Broadcast } from './broadcast.ts';
import { getBroadcast, lockBroadcast, saveBroadcast } from './broadcast-store.ts';
import { mustPass } from './check-broadcast.ts';
import { checkContent } from './check-content.ts';

/** Shows the caller, in their own messenger, what contacts would get. */
export async function testBroadcast(
  deps: Deps,
  caller: Caller,
  { id, variant: key }: { id: string; variant: 'A' | 'B' | 'C' | 'D' },
): Promise<Broadcast> {
  const broadcast = await getBroadcast(deps.db, id);
  mustManage(caller, broadcast);
  mustBe(broadcast, ['draft'], 'tested');
  const platform = deps.platforms.get(broadcast.platform);
  const account = await findAccountKey(deps.db, broadcast.platform, caller.memberId);
  if (!platform.groupSends || account === null)
    throw new Refusal(
      'broadcast.no_own_account',
      'You have no account of your own where this is sent. Let a colleague who has one test it.',
      422,
    );
  const { frozen, contentHash, checks } = await checkContent(deps, deps.db, broadcast);
  const at = broadcast.content.variants.findIndex((one) => one.key === key);
  const variant = frozen.variants.find((one) => one.key === key);
  if (!variant) throw new Refusal('broadcast.variant_unknown', `There is no variant ${key}.`, 422);
  mustPass(checks.filter(({ path }) => path.startsWith(`content.variants.${at}.`)));
  const message = await toContactMessage(deps, platform, variant, { member: caller.name });
  const { reached } = await platform.groupSends.preview(account, message);
  if (!reached)
    throw new Refusal(
      'broadcast.test_unreached',
      'The app cannot reach you there. Ask an admin to let the app see you.',
      422,
    );
  const tested = await deps.db.$transaction(async (tx) => {
    const now = deps.now();
    await lockBroadcast(tx, id);
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'broadcast.tested',
      subject: `broadcast:${id}`,
      detail: { variant: key },
    });
    return saveBroadcast(tx, id, { testedHash: contentHash, testedAt: now }, now);
  });
  announceBroadcasts(deps);
  return tested;
}
