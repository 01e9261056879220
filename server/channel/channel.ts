import { createHash, randomBytes } from 'node:crypto';
import { MINUTE_MS } from '#server/base/duration.ts';
import { dayOf, instantOf, weekdayOf } from '#server/base/shanghai.ts';
import type { ChannelWelcome, channelKinds, Duty } from './channel-api.ts';

export type ChannelKind = (typeof channelKinds)[number];
export type ShownState = 'owed' | 'sending' | 'shown' | 'failed';

/** No call takes this long: whoever made one is gone, and what it did is not known. */
export const SENDING_MAX_MS = 5 * MINUTE_MS;
/** Face of what should not be there, or is not. */
export const NOTHING = '';
/** Face of what may be there: a call went out and no answer came. */
export const MAYBE = 'maybe';

/** Nobody guesses it, so that nobody comes in by a channel they were not given. 18 characters. */
export function newState(): string {
  return `zk${randomBytes(12).toString('base64url')}`;
}

/** What links are found again by. The end of the state keeps two of one name apart. */
export function linkName({ name, state }: { name: string; state: string }): string {
  return `${[...name].slice(0, 19).join('')} ${state.slice(-10)}`;
}

export interface Hours {
  days: number[];
  from: string;
  to: string;
}

const DAY_MINUTES = 24 * 60;

/** In the company's time zone. Hours that end before they begin, or as they begin, go over midnight. */
export function isWithin({ days, from, to }: Hours, at: Date): boolean {
  const day = dayOf(at);
  const minute = Math.floor((at.getTime() - instantOf(day, 0).getTime()) / MINUTE_MS);
  const start = minutesOf(from);
  const end = minutesOf(to) === 0 ? DAY_MINUTES : minutesOf(to);
  const isDay = (which: number) => days.includes(weekdayOf(which));
  if (start < end) return isDay(day) && start <= minute && minute < end;
  return (isDay(day) && minute >= start) || (isDay(day - 1) && minute < end);
}

function minutesOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
}

export interface Staff {
  /** Works here and has an account on the platform. */
  isThere(memberId: string): boolean;
  /** Contacts the channel brought them today. */
  today(memberId: string): number;
}

/**
 * Who receives contacts at this moment: whose shift it is and who has room, else the spare members. A code always leads to
 * somebody: when there is nobody else the daily maximum gives way, and then the hours. Of more than the platform takes,
 * those with the fewest contacts today.
 */
export function onDuty(
  { shifts, spareIds }: Duty,
  { at, dailyMax, staff, membersMax }: { at: Date; dailyMax: number | null; staff: Staff; membersMax: number },
): string[] {
  const there = (ids: string[]) => [...new Set(ids)].filter((id) => staff.isThere(id));
  const now = there(shifts.filter((shift) => isWithin(shift, at)).flatMap(({ memberIds }) => memberIds));
  const withRoom = now.filter((id) => dailyMax === null || staff.today(id) < dailyMax);
  const everyone = there(shifts.flatMap(({ memberIds }) => memberIds));
  const chosen = [withRoom, there(spareIds), now, everyone].find((ids) => ids.length > 0) ?? [];
  if (chosen.length <= membersMax) return chosen;
  return chosen.toSorted((one, other) => staff.today(one) - staff.today(other)).slice(0, membersMax);
}

/** What the platform should show of a channel; null for nothing. */
export interface Wanted {
  name: string;
  skipVerify: boolean;
  memberIds: string[];
  /** Their accounts. */
  members: string[];
}

/** The same for what the platform would show the same. */
export function faceOf(wanted: Wanted | null): string {
  if (!wanted) return NOTHING;
  const { name, skipVerify, members } = wanted;
  return createHash('sha256')
    .update(JSON.stringify([name, skipVerify, members.toSorted()]))
    .digest('base64url');
}

export function isOver(channel: { archivedAt: Date | null; expiresAt: Date | null }, now: Date): boolean {
  return channel.archivedAt !== null || (channel.expiresAt !== null && channel.expiresAt <= now);
}

/** The first welcome whose hours it is; null leaves the company's. */
export function welcomeAt(welcomes: readonly ChannelWelcome[], at: Date): ChannelWelcome['content'] | null {
  return welcomes.find(({ hours }) => hours === null || isWithin(hours, at))?.content ?? null;
}
