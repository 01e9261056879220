import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { once, type Take } from '#server/base/once.ts';
import { Refusal, RequestInvalid } from '#server/base/refusal.ts';
import type { Platform } from '#server/platform/platform.ts';
import { MAYBE, newState } from './channel.ts';
import type { ChannelDraft } from './channel-api.ts';
import { channelProblems } from './check-channel.ts';
import { changeChannel, getChannel, insertChannel, listSeriesOf, wantFace, type Channel } from './channel-store.ts';
import { reviewChannels } from './review-channels.ts';

export async function createChannel(
  deps: Deps,
  caller: Caller,
  { requestKey, ...draft }: ChannelDraft & { requestKey?: string | undefined },
): Promise<Channel> {
  const asked = { memberId: caller.memberId, requestKey, deed: 'channel.create', content: draft };
  return once(deps, asked, {
    first: (take) => makeChannel(deps, caller, draft, take),
    again: (id) => getChannel(deps.db, id),
  });
}

async function makeChannel(deps: Deps, caller: Caller, draft: ChannelDraft, take: Take): Promise<Channel> {
  const platform = platformOf(deps);
  const problems = await channelProblems(deps, platform, draft, null);
  if (problems.length > 0) throw new RequestInvalid(problems);
  const made = await deps.db.$transaction((tx) =>
    take(tx, async () => {
      const channel = await insertChannel(tx, {
        ...draft,
        ...columnsOf(draft),
        platform: platform.name,
        state: newState(),
        createdBy: caller.memberId,
        at: deps.now(),
      });
      await note(tx, caller, 'channel.created', channel);
      return channel;
    }),
  );
  await reviewChannels(deps, [made]);
  await deps.jobs.add('sweep-welcomes', {}, { key: made.id });
  return getChannel(deps.db, made.id);
}

/** `version` is the one the caller saw. */
export async function editChannel(
  deps: Deps,
  caller: Caller,
  id: string,
  { version, ...draft }: Omit<ChannelDraft, 'kind'> & { version: number },
): Promise<Channel> {
  const seen = await getChannel(deps.db, id);
  refuseOver(seen);
  refuseStale(seen, version);
  const isBeingMade = seen.key === null && (seen.shownState === 'sending' || seen.shownFace === MAYBE);
  if (seen.kind === 'link' && isBeingMade && draft.name !== seen.name)
    throw new Refusal('channel.being_made', 'The platform is making this link. Change its name in a minute.', 409);
  const problems = await channelProblems(deps, deps.platforms.get(seen.platform), draft, seen);
  if (problems.length > 0) throw new RequestInvalid(problems);

  const saved = await deps.db.$transaction(async (tx) => {
    const channel = await changeChannel(tx, { id, version }, { ...columnsOf(draft), updatedAt: deps.now() });
    if (channel) await note(tx, caller, 'channel.changed', channel);
    return channel;
  });
  if (!saved) return refuseStale(await getChannel(deps.db, id), version);
  // What was refused may go through as it is now.
  if (saved.shownState === 'failed') await wantFace(deps.db, id, MAYBE, deps.now());
  await reviewChannels(deps, [await getChannel(deps.db, id)]);
  await deps.jobs.add('sweep-welcomes', {}, { key: id });
  return getChannel(deps.db, id);
}

export async function archiveChannel(deps: Deps, caller: Caller, id: string): Promise<Channel> {
  const seen = await getChannel(deps.db, id);
  if (seen.archivedAt) return seen;
  const now = deps.now();
  const archived = await deps.db.$transaction(async (tx) => {
    const series = await listSeriesOf(tx, id);
    if (series.length > 0) {
      const message = `These series let in who comes through the channel: ${series.join(', ')}. End them first.`;
      throw new Refusal('channel.in_use', message, 409, { series });
    }
    const change = { archivedAt: now, updatedAt: now };
    const channel = await changeChannel(tx, { id, version: seen.version }, change);
    if (channel) await note(tx, caller, 'channel.archived', channel);
    return channel;
  });
  if (!archived) return archiveChannel(deps, caller, id);
  await reviewChannels(deps, [archived]);
  return getChannel(deps.db, id);
}

function platformOf(deps: Deps): Platform {
  const platform = deps.platforms.all.find(({ channels }) => channels);
  if (!platform) throw new Refusal('channel.no_platform', 'No platform that is connected makes codes or links.', 422);
  return platform;
}

function refuseOver({ archivedAt }: Channel): void {
  if (archivedAt) throw new Refusal('channel.archived', 'This channel has ended. Make a new one.', 409);
}

function refuseStale(channel: Channel, version: number): Channel {
  refuseOver(channel);
  if (channel.version !== version)
    throw new Refusal('channel.stale', 'Somebody changed this channel just now. Look at it and save again.', 409);
  return channel;
}

function columnsOf<Draft extends Omit<ChannelDraft, 'kind'>>(draft: Draft) {
  return {
    ...draft,
    source: draft.source === '' ? null : draft.source,
    tagIds: [...new Set(draft.tagIds)],
    expiresAt: draft.expiresAt === null ? null : new Date(draft.expiresAt),
  };
}

async function note(
  tx: Parameters<typeof recordAudit>[0],
  caller: Caller,
  action: string,
  { id, name, duty, dailyMax, source }: Channel,
): Promise<void> {
  const detail = { name, duty, dailyMax, source };
  await recordAudit(tx, { memberId: caller.memberId, action, subject: `channel:${id}`, detail });
}
