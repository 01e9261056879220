import type { Caller } from '#server/base/caller.ts';
import { shutUntil } from '#server/base/call-gate.ts';
import type { Deps } from '#server/base/deps.ts';
import { openSeats } from '#server/approval/seat.ts';
import { findApproval } from '#server/approval/approval-store.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { isFresh, mayOf, type Broadcast } from './broadcast.ts';
import type { BroadcastView } from './broadcast-api.ts';
import { readBroadcastRules } from './broadcast-rules.ts';
import { findSegment } from './broadcast-store.ts';
import { checkBroadcast } from './check-broadcast.ts';
import { countByState, countConfirmed } from './delivery-store.ts';
import { gateOf } from './group-call.ts';
import { readReplyRate } from './results-store.ts';

/** When no broadcast has finished yet, one in ten is taken to reply anyway. */
const REPLY_RATE = 0.1;

export async function viewBroadcast(deps: Deps, caller: Caller, broadcast: Broadcast): Promise<BroadcastView> {
  const { db } = deps;
  const { id, state, planning, planCounts, plannedAt, approvalId, segmentId } = broadcast;
  const rules = await readBroadcastRules(db);
  const baseline = (await readReplyRate(db)) ?? REPLY_RATE;
  const checked = await checkBroadcast(deps, db, broadcast, { rules, baseline });
  const segment = segmentId === null ? null : await findSegment(db, segmentId);
  const names = await listMemberNames(db, [broadcast.ownerId]);
  const approval = approvalId === null ? null : await findApproval(db, deps.cipher, approvalId);
  const progress = await progressOf(deps, broadcast);
  const { name, platform, audience, content, version } = broadcast;
  const { contentHash, recipientHash, cancelReason } = broadcast;
  return {
    id,
    name,
    platform,
    state,
    audience,
    content,
    version,
    contentHash,
    recipientHash,
    cancelReason,
    pausedAt: iso(broadcast.pausedAt),
    segment: segment && { id: segment.id, name: segment.name, version: segment.version },
    sendAt: iso(broadcast.sendAt),
    owner: { id: broadcast.ownerId, name: names.get(broadcast.ownerId) ?? '' },
    tested: broadcast.testedHash === checked.contentHash,
    planning: planning && {
      kind: planning,
      done: broadcast.planDone,
      total: broadcast.planTotal,
      error: broadcast.planError,
    },
    plan:
      planCounts && plannedAt
        ? {
            counts: planCounts,
            plannedAt: plannedAt.toISOString(),
            fresh: state !== 'draft' || isFresh(broadcast, segment),
            detectable: checked.detectable,
          }
        : null,
    checks: state === 'draft' ? checked.checks : [],
    approval: approval && {
      id: approval.id,
      state: approval.state,
      waitsFor: openSeats(approval).map(({ memberId }) => approval.names.get(memberId) ?? ''),
    },
    startedAt: iso(broadcast.startedAt),
    confirmBy: iso(broadcast.confirmBy),
    finishedAt: iso(broadcast.finishedAt),
    cancelledAt: iso(broadcast.cancelledAt),
    progress,
    may: mayOf(caller, broadcast, progress.asked > progress.confirmed),
    createdAt: broadcast.createdAt.toISOString(),
    updatedAt: broadcast.updatedAt.toISOString(),
  };
}

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

async function progressOf(deps: Deps, { id, platform }: Broadcast): Promise<BroadcastView['progress']> {
  const counts = await countByState(deps.db, id);
  const { call } = gateOf({ name: platform }, 'start');
  const of = (...states: (keyof typeof counts)[]) => states.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  return {
    deliveries: Object.values(counts).reduce((sum, count) => sum + count, 0),
    asked: of('asked', 'confirmed', 'final'),
    confirmed: await countConfirmed(deps.db, id),
    waitingUntil: iso(await shutUntil(deps.db, platform, [call], deps.now())),
  };
}
