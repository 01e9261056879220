import { recordAudit } from '#server/base/audit.ts';
import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import { nextAttemptAfter } from '#server/notice/notice.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { ContactChannels } from '#server/platform/contact-channel.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { faceOf, linkName, MAYBE, NOTHING, type Wanted } from './channel.ts';
import {
  claimChannel,
  findChannel,
  postponeChannels,
  settleChannel,
  type Channel,
  type ShownOutcome,
} from './channel-store.ts';
import { nudgeChannels, wantedOf } from './review-channels.ts';

/** The clocks of a platform and ours differ. */
const CLOCKS_APART_MS = 5 * MINUTE_MS;
const FAILED_AGAIN_MS = 60 * MINUTE_MS;

/**
 * Makes the platform show what it should of a channel. One that may have been made by a call nobody heard the end of is
 * looked for before it is made again. What goes wrong is on the row, which says when it is tried again: nobody else's work
 * waits for it.
 */
export async function showChannel(deps: Deps, { channelId }: { channelId: string }): Promise<void> {
  const channel = await findChannel(deps.db, channelId);
  if (channel?.shownState !== 'owed') return;
  const wanted = (await wantedOf(deps, [channel])).get(channelId) ?? null;
  const face = faceOf(wanted);
  if (!(await claimChannel(deps.db, channel, face, deps.now()))) return;
  const outcome = await show(deps, channel, wanted).catch((error: unknown) => afterError(deps, channel, error));
  const state = await settleChannel(deps.db, { id: channelId, face, now: deps.now() }, outcome);
  deps.live.publish('desk', { part: 'channels' });
  if (state === 'owed' && outcome.shownState !== 'owed') await nudgeChannels(deps, [channelId]);
}

async function show(deps: Deps, channel: Channel, wanted: Wanted | null): Promise<ShownOutcome> {
  const ways = waysOf(deps, channel);
  // Without the platform nothing can be changed there.
  if (!ways) return failed(deps, 'The platform is not connected.');
  const face = faceOf(wanted);
  const mayBeThere = channel.shownFace === MAYBE;
  const found = channel.key === null && mayBeThere ? await ways.find() : null;
  const key = channel.key ?? found?.key ?? null;
  if (!wanted) {
    if (key !== null) await gently(ways.remove(key));
    return { shownState: 'shown', shownFace: NOTHING, key: null, url: null, onDuty: [], lastError: null };
  }
  if (wanted.members.length === 0) return failed(deps, 'Nobody who is named can receive contacts.');
  const shown = { shownState: 'shown' as const, shownFace: face, onDuty: wanted.memberIds, lastError: null };
  if (key === null) return { ...shown, ...(await ways.create(wanted)) };
  if (channel.shownFace !== face) await ways.update(key, wanted);
  return { ...shown, ...found };
}

/** What was refused may be mended on the platform itself, and nobody tells us so. */
const failed = (deps: Deps, lastError: string): ShownOutcome => ({
  shownState: 'failed',
  lastError,
  nextAttemptAt: new Date(deps.now().getTime() + FAILED_AGAIN_MS),
});

interface Ways {
  find(): Promise<Made | null>;
  create(wanted: Wanted): Promise<Made>;
  update(key: PlatformKey, wanted: Wanted): Promise<void>;
  remove(key: PlatformKey): Promise<void>;
}

interface Made {
  key: PlatformKey;
  url: string;
}

/** A code and a link, done to alike. */
function waysOf(deps: Deps, channel: Channel): Ways | null {
  const { platform, kind, state, createdAt } = channel;
  const channels: ContactChannels | null | undefined = deps.platforms.all.find(
    ({ name }) => name === platform,
  )?.channels;
  if (!channels) return null;
  const since = new Date(createdAt.getTime() - CLOCKS_APART_MS);
  switch (kind) {
    case 'code': {
      const draft = ({ members, name, skipVerify }: Wanted) => ({ members, state, note: name, skipVerify });
      const made = ({ key, imageUrl }: { key: PlatformKey; imageUrl: string }): Made => ({ key, url: imageUrl });
      return {
        find: async () => {
          const found = await channels.findCode({ state, since });
          return found && made(found);
        },
        create: async (wanted) => made(await channels.createCode(draft(wanted))),
        update: (key, wanted) => channels.updateCode(key, draft(wanted)),
        remove: (key) => channels.removeCode(key),
      };
    }
    case 'link': {
      const draft = ({ name, members, skipVerify }: Wanted) => ({
        name: linkName({ name, state }),
        members,
        skipVerify,
      });
      const made = ({ key, url }: Made): Made => ({ key, url: channels.linkUrl(url, state) });
      return {
        find: async () => {
          const found = await channels.findLink({ name: linkName(channel), since });
          return found && made(found);
        },
        create: async (wanted) => made(await channels.createLink(draft(wanted))),
        update: (key, wanted) => channels.updateLink(key, draft(wanted)),
        remove: (key) => channels.removeLink(key),
      };
    }
  }
}

/** What is gone need not be removed. */
async function gently(removing: Promise<void>): Promise<void> {
  try {
    await removing;
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind !== 'not_found') throw error;
  }
}

async function afterError(deps: Deps, channel: Channel, error: unknown): Promise<ShownOutcome> {
  const now = deps.now();
  const again = { shownState: 'owed' as const, nextAttemptAt: nextAttemptAfter(channel.attempts + 1, now) };
  if (!(error instanceof PlatformError)) {
    deps.log.error({ err: error }, 'a channel was not shown');
    return { ...again, shownFace: MAYBE, lastError: 'Showing it failed on our side.' };
  }
  const lastError = [error.call, error.kind, error.code].filter(Boolean).join(' ');
  switch (error.kind) {
    case 'unknown':
      return { ...again, shownFace: MAYBE, lastError };
    case 'rate_limited': {
      const until = new Date(now.getTime() + Math.max(error.retryAfterMs, MINUTE_MS));
      await postponeChannels(deps.db, channel.platform, new Date(until.getTime() + MINUTE_MS));
      return { ...again, nextAttemptAt: until, lastError };
    }
    case 'unavailable':
    case 'forbidden':
      return { ...again, lastError };
    case 'not_found':
      if (channel.key === null) return failed(deps, lastError);
      // Somebody took it away in the platform's own console. What hangs on a wall is dead: another is made.
      await recordAudit(deps.db, {
        memberId: null,
        action: 'channel.lost',
        subject: `channel:${channel.id}`,
        detail: { url: channel.url },
      });
      return { shownState: 'owed', shownFace: NOTHING, key: null, url: null, nextAttemptAt: now, lastError };
    case 'rejected':
      return failed(deps, lastError);
  }
}
