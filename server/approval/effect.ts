import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import type { Approval } from './approval.ts';
import type { ApprovalContent, ApprovalKind } from './approval-api.ts';

export type ApprovalOf<Kind extends ApprovalKind> = Approval & { kind: Kind; content: ApprovalContent<Kind> };

/**
 * What an approval sets free. It happens in the transaction that marks it done: once, or not at all. A Refusal says that
 * it can no longer be done; anything else is tried again. What it answers is called after the transaction, for jobs and
 * screens.
 */
export type Effect<Kind extends ApprovalKind> = (
  tx: Db,
  deps: Deps,
  approval: ApprovalOf<Kind>,
) => Promise<void | (() => Promise<void> | void)>;

/**
 * `ended` hears that it ended and sets nothing free: rejected, withdrawn, expired, or approved and refused by `approved`.
 * In a transaction that holds the approval's row; it may come twice.
 */
export interface HeardEffect<Kind extends ApprovalKind> {
  approved: Effect<Kind>;
  ended: Effect<Kind>;
}

export type Effects = { [Kind in ApprovalKind]: Effect<Kind> | HeardEffect<Kind> | 'without effect' };

/** Half a minute, doubling up to an hour. */
export function nextTryAfter(attempts: number, now: Date): Date {
  return new Date(now.getTime() + Math.min(0.5 * 2 ** Math.min(attempts, 10), 60) * MINUTE_MS);
}
