import type { Deps } from '#server/base/deps.ts';
import type { EventOf } from '#server/platform/event.ts';
import { chooseWelcome } from './choose-welcome.ts';
import { hashWelcomeCode, WELCOME_VALID_MS } from './welcome.ts';
import { findWelcome, insertWelcome } from './welcome-store.ts';

/** An add that brought a code is owed a welcome, in the fast lane: at once, and again harmlessly when its turn comes. */
export async function oweWelcome(
  deps: Deps,
  platform: string,
  event: EventOf<'contact_added'> | EventOf<'contact_consented'>,
): Promise<void> {
  const { welcomeCode, contact, member, occurredAt } = event;
  if (!welcomeCode || !deps.platforms.get(platform).capabilities.welcome) return;
  const channel = 'channel' in event ? (event.channel ?? null) : null;
  if (!(await chooseWelcome(deps, { platform, channel }))) return;
  const codeHash = hashWelcomeCode(welcomeCode);
  await insertWelcome(deps.db, {
    codeHash,
    platform,
    contactKey: contact,
    memberKey: member,
    code: deps.cipher.encrypt(welcomeCode),
    channel,
    expiresAt: new Date(Date.parse(occurredAt) + WELCOME_VALID_MS),
    createdAt: deps.now(),
  });
  const isWaiting = (await findWelcome(deps.db, codeHash))?.state === 'waiting';
  if (isWaiting) await deps.jobs.add('send-welcome', { codeHash }, { key: codeHash });
}
