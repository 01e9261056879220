import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { shanghaiTime } from '#server/base/shanghai.ts';
import type { CheckItem } from './broadcast-api.ts';
import type { BroadcastRules } from './broadcast-rules-api.ts';
import { isFresh, type Broadcast } from './broadcast.ts';
import { findSegment } from './broadcast-store.ts';
import { quietUntil } from './caps.ts';
import { checkContent, type CheckedContent } from './check-content.ts';
import { detectableDifference } from './lift.ts';

export interface Checked extends CheckedContent {
  /** In percentage points; null without a hold-out, or before anything was worked out. */
  detectable: number | null;
}

/** A hold-out that only shows a rise of more than this share of what replies anyway shows nothing worth knowing. */
const RISE_WORTH_KNOWING = 1;

/** What stands against submitting it as it is, and what should be thought about. */
export async function checkBroadcast(
  deps: Pick<Deps, 'platforms' | 'now'>,
  db: Db,
  broadcast: Broadcast,
  { rules, baseline }: { rules: BroadcastRules; baseline: number },
): Promise<Checked> {
  const content = await checkContent(deps, db, broadcast);
  const segment = broadcast.segmentId === null ? null : await findSegment(db, broadcast.segmentId);
  const detectable = detectableOf(broadcast, baseline);
  return {
    ...content,
    detectable,
    checks: [
      ...audienceChecks(broadcast, segment),
      ...content.checks,
      ...timeChecks(broadcast.sendAt, rules, deps.now()),
      ...holdOutChecks(broadcast, { detectable, baseline }),
      ...(broadcast.testedHash === content.contentHash
        ? []
        : [blocked('not_tested', 'content', 'Send it to yourself first, as it is now.')]),
    ],
  };
}

const blocked = (code: CheckItem['code'], path: string, message: string): CheckItem => ({
  code,
  level: 'block',
  path,
  message,
});

function audienceChecks(broadcast: Broadcast, segment: { version: number } | null): CheckItem[] {
  const path = 'audience.segmentId';
  if (!segment) return [blocked('segment_missing', path, 'Choose the segment it is sent to.')];
  const counts = isFresh(broadcast, segment) ? broadcast.planCounts : null;
  if (counts?.segment === 0) return [segmentEmpty()];
  if (counts?.target === 0)
    return [blocked('nobody_left', path, 'Nobody of the segment can be sent it: look at why they are left out.')];
  return [];
}

export const segmentEmpty = (): CheckItem =>
  blocked('segment_empty', 'audience.segmentId', 'Nobody is in the segment.');

function timeChecks(sendAt: Date | null, { quiet }: BroadcastRules, now: Date): CheckItem[] {
  if (!sendAt) return [];
  const allowed = quietUntil(quiet, sendAt);
  return [
    ...(sendAt <= now
      ? [blocked('send_at_past', 'sendAt', 'This time is over: choose one that is still to come.')]
      : []),
    ...(allowed
      ? [
          blocked(
            'quiet_hours',
            'sendAt',
            `Nobody wants to be written to then. The next time is ${shanghaiTime(allowed)}.`,
          ),
        ]
      : []),
  ];
}

function detectableOf({ planCounts }: Broadcast, baseline: number): number | null {
  if (!planCounts || planCounts.holdOut === 0) return null;
  const rise = detectableDifference(planCounts.target, planCounts.holdOut, baseline);
  return rise === null ? null : rise * 100;
}

function holdOutChecks(
  { planCounts, audience }: Broadcast,
  { detectable, baseline }: { detectable: number | null; baseline: number },
): CheckItem[] {
  if (!planCounts || planCounts.target === 0 || audience.holdOutPercent === 0) return [];
  if (detectable !== null && detectable <= baseline * RISE_WORTH_KNOWING * 100) return [];
  const message =
    detectable === null
      ? 'So few are held out that nothing can be seen of what it earns.'
      : `So few are held out that only a rise of ${detectable.toFixed(1)} percentage points could be seen.`;
  return [{ code: 'hold_out_small', level: 'warn', path: 'audience.holdOutPercent', message }];
}

/** Everything that is wrong, with where it is. */
export function mustPass(checks: readonly CheckItem[]): void {
  const problems = checks.filter(({ level }) => level === 'block');
  if (problems.length === 0) return;
  const said = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new Refusal('broadcast.checks', `Correct these and submit again: ${said}`, 400, { problems });
}
