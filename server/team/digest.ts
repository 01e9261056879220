import { HOUR_MS } from '#server/base/duration.ts';
import { dateOf, dayOf, instantOf, weekdayOf, type Day } from '#server/base/shanghai.ts';
import type { FollowUpSetting } from './team-api.ts';

/** What is later than this is no morning digest any more. */
const LATE_HOURS = 4;
export const DIGEST_SHOWN = 3;

/**
 * The day whose digest is due now; null when there is none. Monday to Friday: which holidays the state moves is not known
 * here.
 */
export function digestDay({ enabled, hour }: FollowUpSetting['digest'], now: Date): Day | null {
  const day = dayOf(now);
  const from = instantOf(day, hour * 60);
  const isTime = now >= from && now.getTime() < from.getTime() + LATE_HOURS * HOUR_MS;
  return enabled && isTime && weekdayOf(day) <= 5 ? day : null;
}

export function digestKey(memberId: string, day: Day): string {
  const { year, month, date } = dateOf(day);
  return `digest:${memberId}:${year}-${String(month).padStart(2, '0')}-${String(date).padStart(2, '0')}`;
}

/** Some of a list, the first ones by their names, and how many there are. */
export interface Some {
  total: number;
  names: string[];
}

export interface Digest {
  overdue: Some;
  today: Some;
  /** Promised in a chat, due by tonight, and not taken yet. */
  promises: Some;
  silent: Some;
  /** Null for who leads nobody. */
  team: { overdue: number; byMember: Some } | null;
  approvals: number;
}

export const nothing: Some = { total: 0, names: [] };

export function isEmpty({ overdue, today, promises, silent, team, approvals }: Digest): boolean {
  return [overdue, today, promises, silent].every(({ total }) => total === 0) && !team?.overdue && approvals === 0;
}
