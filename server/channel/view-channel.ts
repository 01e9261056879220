import type { Deps } from '#server/base/deps.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import type { ChannelView } from './channel-api.ts';
import { countBrought, type Channel } from './channel-store.ts';
import { membersOf, startOfDay } from './review-channels.ts';

export async function viewChannels(deps: Deps, channels: readonly Channel[]): Promise<ChannelView[]> {
  const ids = channels.flatMap(({ duty, onDuty }) => [...membersOf(duty), ...onDuty]);
  const names = await listMemberNames(deps.db, ids);
  const brought = await countBrought(
    deps.db,
    channels.map(({ state }) => state),
    startOfDay(deps.now()),
  );
  const person = (id: string) => ({ id, name: names.get(id) ?? '' });
  return channels.map((channel) => {
    const { id, platform, kind, name, source, state, url, skipVerify, duty, dailyMax, tagIds, welcomes } = channel;
    const { today = 0, added = 0, stayed = 0 } = brought.get(state) ?? {};
    return {
      id,
      platform,
      kind,
      name,
      source,
      state,
      url,
      skipVerify,
      duty,
      dailyMax,
      tagIds,
      welcomes,
      onDuty: channel.onDuty.map(person),
      shown: { state: channel.shownState, error: channel.lastError },
      members: membersOf(duty).map(person),
      today,
      added,
      stayed,
      version: channel.version,
      expiresAt: channel.expiresAt?.toISOString() ?? null,
      archivedAt: channel.archivedAt?.toISOString() ?? null,
      createdAt: channel.createdAt.toISOString(),
      updatedAt: channel.updatedAt.toISOString(),
    };
  });
}

export async function viewChannel(deps: Deps, channel: Channel): Promise<ChannelView> {
  const [view] = await viewChannels(deps, [channel]);
  if (!view) throw new Error('One channel is one view.');
  return view;
}
