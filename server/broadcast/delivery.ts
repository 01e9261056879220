import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '#server/base/duration.ts';
import type { PlatformErrorKind } from '#server/platform/platform-error.ts';
import type { SendResult } from '#server/platform/group-send.ts';
import type { FailureReason } from './results-api.ts';

/**
 * frozen (waits for approval) → due → sending → asked (the platform has a key for it) → confirmed (by its member) → final.
 * unknown: the answer never came; looked for before anything is tried again. Ended without a send: nobody (none of the
 * contacts can be sent to), refused, cancelled.
 */
const deliveryStates = [
  'frozen',
  'due',
  'sending',
  'unknown',
  'asked',
  'confirmed',
  'final',
  'nobody',
  'refused',
  'cancelled',
] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** Not known yet whether the platform has it. */
export const unsentStates = ['frozen', 'due', 'sending', 'unknown'] as const satisfies DeliveryState[];
/** At the platform, and its results may still change. */
export const openStates = ['asked', 'confirmed'] as const satisfies DeliveryState[];

export interface Delivery {
  id: string;
  broadcastId: string;
  memberId: string;
  platform: string;
  memberKey: string;
  variant: string;
  batch: number;
  contactCount: number;
  contactHash: string;
  contentHash: string | null;
  state: DeliveryState;
  key: string | null;
  claimedAt: Date | null;
  attempts: number;
  lastError: string | null;
  nextAttemptAt: Date;
  sentAt: Date | null;
  confirmedAt: Date | null;
  syncedAt: Date | null;
  cancelOwed: boolean;
  remindedAt: Date | null;
  reminders: number;
}

export type DeliveryChange = Partial<
  Pick<
    Delivery,
    | 'state'
    | 'key'
    | 'contentHash'
    | 'attempts'
    | 'lastError'
    | 'nextAttemptAt'
    | 'sentAt'
    | 'confirmedAt'
    | 'syncedAt'
    | 'cancelOwed'
  >
>;

/** No call takes this long: whoever claimed it is gone. */
export const SENDING_MS_MAX = MINUTE_MS;
/** A right that is missing may be given; after so many attempts nobody did. */
const FORBIDDEN_ATTEMPTS_MAX = 10;
/** A file the platform lost is brought again so often. */
const MISSING_ATTEMPTS_MAX = 3;
const FIRST_LOOK_MS = 30 * SECOND_MS;

/** What an attempt that failed leaves behind. */
export function afterError(
  delivery: Pick<Delivery, 'attempts'>,
  error: { kind: PlatformErrorKind; code: string },
  has: { files: boolean; lookAfterMs: number },
  now: Date,
): DeliveryChange {
  const lastError = `${error.kind} ${error.code}`.trim();
  const later = (ms: number) => new Date(now.getTime() + ms);
  const { attempts } = delivery;
  switch (error.kind) {
    case 'unknown':
      return { state: 'unknown', lastError, nextAttemptAt: later(Math.min(FIRST_LOOK_MS, has.lookAfterMs)) };
    case 'rate_limited':
      // The gate knows when. It was no attempt.
      return { state: 'due', lastError, attempts: Math.max(attempts - 1, 0) };
    case 'unavailable':
      return { state: 'due', lastError, nextAttemptAt: later(backOffMs(attempts)) };
    case 'forbidden':
      return attempts >= FORBIDDEN_ATTEMPTS_MAX
        ? { state: 'refused', lastError }
        : { state: 'due', lastError, nextAttemptAt: later(backOffMs(attempts) * 4) };
    case 'not_found':
      return has.files && attempts < MISSING_ATTEMPTS_MAX
        ? { state: 'due', lastError, nextAttemptAt: now }
        : { state: 'refused', lastError };
    case 'rejected':
      return { state: 'refused', lastError };
    default:
      throw error.kind satisfies never;
  }
}

/** Half a minute, doubling up to half an hour. */
function backOffMs(attempts: number): number {
  return Math.min(0.5 * MINUTE_MS * 2 ** Math.max(attempts - 1, 0), 30 * MINUTE_MS);
}

/**
 * It was looked for and is not there. The platform may be slow to show it: only when it was missing twice, both times long
 * after the call, has it certainly not left.
 */
export function afterLook(
  { claimedAt, syncedAt }: Pick<Delivery, 'claimedAt' | 'syncedAt'>,
  lookAfterMs: number,
  now: Date,
): { neverLeft: boolean; change: DeliveryChange } {
  const lookFrom = (claimedAt?.getTime() ?? 0) + lookAfterMs;
  if (now.getTime() < lookFrom) return { neverLeft: false, change: { nextAttemptAt: new Date(lookFrom) } };
  if (syncedAt && syncedAt.getTime() >= lookFrom) return { neverLeft: true, change: {} };
  const nextAttemptAt = new Date(now.getTime() + Math.ceil(lookAfterMs / 2));
  return { neverLeft: false, change: { syncedAt: now, nextAttemptAt } };
}

/** When the platform is asked next: often at first, since members confirm when they are asked or much later. */
export function pollAt({ sentAt, confirmedAt }: Pick<Delivery, 'sentAt' | 'confirmedAt'>, now: Date): Date {
  const ageMs = now.getTime() - (confirmedAt ?? sentAt ?? now).getTime();
  const waitMs =
    ageMs < 2 * MINUTE_MS
      ? 15 * SECOND_MS
      : ageMs < 15 * MINUTE_MS
        ? MINUTE_MS
        : ageMs < 2 * HOUR_MS
          ? 5 * MINUTE_MS
          : ageMs < DAY_MS
            ? 20 * MINUTE_MS
            : HOUR_MS;
  return new Date(now.getTime() + waitMs);
}

/** Results do not change any more, whatever is still missing. */
export function isTooOld(
  { sentAt, claimedAt }: Pick<Delivery, 'sentAt' | 'claimedAt'>,
  resultsDays: number,
  now: Date,
) {
  const since = sentAt ?? claimedAt;
  return since !== null && now.getTime() - since.getTime() > resultsDays * DAY_MS;
}

/** What a result of the platform says of a recipient; null while it says nothing. */
export function endOf(
  result: Pick<SendResult, 'state'>,
): { state: 'delivered' | 'failed'; failure: FailureReason | null } | null {
  switch (result.state) {
    case 'waiting':
      return null;
    case 'delivered':
      return { state: 'delivered', failure: null };
    case 'not_connected':
    case 'over_quota':
      return { state: 'failed', failure: result.state };
    default:
      throw result.state satisfies never;
  }
}

/** What is asked for again so soon is the same reminder: the answer to the first was lost, or two pressed at once. */
const REMINDER_APART_MS = 30 * MINUTE_MS;

/** Whether their member may be reminded once more; a day after the last reminder the count begins again. */
export function mayRemind(
  { remindedAt, reminders }: Pick<Delivery, 'remindedAt' | 'reminders'>,
  remindersMax: number,
  now: Date,
): boolean {
  if (remindedAt && now.getTime() - remindedAt.getTime() < REMINDER_APART_MS) return false;
  return remindersToday({ remindedAt, reminders }, now) < remindersMax;
}

export function remindersToday(
  { remindedAt, reminders }: Pick<Delivery, 'remindedAt' | 'reminders'>,
  now: Date,
): number {
  return remindedAt && now.getTime() - remindedAt.getTime() < DAY_MS ? reminders : 0;
}

/** A contact of a delivery, as things are when the call is about to leave. */
export interface Reached {
  contactId: string;
  key: string;
  optedOutAt: Date | null;
  /** Of the contact and the member who sends; null when there is none. */
  followState: string | null;
}

/** Why somebody who was approved is left out after all; null: they are sent it. */
export function lateDrop(reached: Reached, isSenderReady: boolean): FailureReason | null {
  if (reached.optedOutAt) return 'opted_out';
  if (reached.followState === 'removed_by_contact') return 'removed_us';
  return isSenderReady && reached.followState === 'active' ? null : 'sender_unready';
}

/**
 * Whether a text the platform has is the one this template makes, whatever was put for its variables: names change.
 * `parts` is the template around them. White space is not looked at: what comes back has lost some of it.
 */
export function isMadeOf(text: string, parts: readonly string[]): boolean {
  const plain = (one: string) => one.replaceAll(/\s+/g, '');
  const said = plain(text);
  const [first = '', ...rest] = parts.map(plain);
  const last = rest.pop();
  if (last === undefined) return said === first;
  if (!said.startsWith(first)) return false;
  let from = first.length;
  for (const part of rest) {
    const at = said.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return said.endsWith(last) && from <= said.length - last.length;
}
