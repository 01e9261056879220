import type { Member } from '#prisma/client/client.ts';
import type { Deps } from '#server/base/deps.ts';
import type { ChannelDraft } from '#server/channel/channel-api.ts';
import { createChannel } from '#server/channel/save-channel.ts';
import { callerOf, makeMember } from '#tests/support/factories.ts';
import type { FakePlatform } from '#tests/support/fake-platform.ts';

/** Members here and on the platform. */
export async function hire(deps: Deps, platform: FakePlatform, ...keys: string[]): Promise<Member[]> {
  const members: Member[] = [];
  for (const key of keys) {
    platform.addMember(key);
    members.push(await makeMember(deps, { key, name: `成员 ${key}` }));
  }
  return members;
}

export function always(...members: Member[]): ChannelDraft['duty'] {
  return { shifts: [shift([1, 2, 3, 4, 5, 6, 7], '00:00', '00:00', ...members)], spareIds: [] };
}

export function shift(days: number[], from: string, to: string, ...members: Member[]) {
  return { days, from, to, memberIds: members.map(({ id }) => id) };
}

export function draftOf(duty: ChannelDraft['duty'], about: Partial<ChannelDraft> = {}): ChannelDraft {
  return {
    name: '春季展会',
    kind: 'code',
    source: null,
    skipVerify: true,
    duty,
    dailyMax: null,
    tagIds: [],
    welcomes: [],
    expiresAt: null,
    ...about,
  };
}

export async function openChannel(deps: Deps, duty: ChannelDraft['duty'], about: Partial<ChannelDraft> = {}) {
  const caller = await callerOf(deps, await makeMember(deps, { role: 'marketing' }));
  return { caller, channel: await createChannel(deps, caller, draftOf(duty, about)) };
}
