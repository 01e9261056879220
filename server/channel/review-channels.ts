import type { Deps } from '#server/base/deps.ts';
import { dayOf, instantOf } from '#server/base/shanghai.ts';
import { findAccounts } from '#server/member/member-store.ts';
import { faceOf, isOver, onDuty, type Wanted } from './channel.ts';
import { countToday, wantFace, type Channel } from './channel-store.ts';

/** Works out whom each should lead to now; the platform is told only where that changed. Answers those owed. */
export async function reviewChannels(deps: Deps, channels: readonly Channel[]): Promise<string[]> {
  const owed: string[] = [];
  const wanted = await wantedOf(deps, channels);
  for (const channel of channels) {
    const face = faceOf(wanted.get(channel.id) ?? null);
    if (face === channel.wantedFace) continue;
    await wantFace(deps.db, channel.id, face, deps.now());
    owed.push(channel.id);
  }
  await nudgeChannels(deps, owed);
  return owed;
}

export async function nudgeChannels(deps: Deps, channelIds: readonly string[]): Promise<void> {
  await deps.jobs.addAll(
    'show-channel',
    channelIds.map((channelId) => ({ payload: { channelId }, options: { key: channelId } })),
  );
}

/** What the platforms should show at this moment. */
export async function wantedOf(deps: Deps, channels: readonly Channel[]): Promise<Map<string, Wanted | null>> {
  const now = deps.now();
  const named = [...new Set(channels.flatMap(({ duty }) => membersOf(duty)))];
  const accounts = await findAccounts(deps.db, named);
  const limited = channels.filter(({ dailyMax }) => dailyMax !== null).map(({ state }) => state);
  const counts = new Map(
    (await countToday(deps.db, limited, startOfDay(now))).map(({ state, memberId, count }) => [
      `${state} ${memberId}`,
      count,
    ]),
  );
  return new Map(
    channels.map((channel) => {
      const { id, name, skipVerify, duty, dailyMax, state, platform } = channel;
      const limits = deps.platforms.all.find((candidate) => candidate.name === platform)?.channels?.limits;
      if (isOver(channel, now) || !limits) return [id, null];
      const keys = new Map(
        accounts.filter((account) => account.platform === platform).map(({ memberId, key }) => [memberId, key]),
      );
      const staff = {
        isThere: (memberId: string) => keys.has(memberId),
        today: (memberId: string) => counts.get(`${state} ${memberId}`) ?? 0,
      };
      const memberIds = onDuty(duty, { at: now, dailyMax, staff, membersMax: limits.membersMax });
      const members = memberIds.flatMap((memberId) => keys.get(memberId) ?? []);
      return [id, { name, skipVerify, memberIds, members }];
    }),
  );
}

export function membersOf({ shifts, spareIds }: Channel['duty']): string[] {
  return [...new Set([...shifts.flatMap(({ memberIds }) => memberIds), ...spareIds])];
}

/** Of the company. */
export function startOfDay(now: Date): Date {
  return instantOf(dayOf(now), 0);
}
