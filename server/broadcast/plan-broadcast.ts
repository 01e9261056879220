import { recordAudit } from '#server/base/audit.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { withLock } from '#server/base/lock.ts';
import { Refusal } from '#server/base/refusal.ts';
import { dayOf, shanghaiTime } from '#server/base/shanghai.ts';
import { requestApprovalIn } from '#server/approval/request-approval.ts';
import type { RequestDraft } from '#server/approval/request-draft.ts';
import { segmentWhere } from '#server/segment/compile-segment.ts';
import { announceBroadcasts } from './announce-broadcast.ts';
import { planFailed, planned, type Broadcast } from './broadcast.ts';
import type { PlanCounts } from './broadcast-api.ts';
import type { BroadcastRules } from './broadcast-rules-api.ts';
import { readBroadcastRules } from './broadcast-rules.ts';
import { findBroadcast, findSegment, lockBroadcast, patient, saveBroadcast } from './broadcast-store.ts';
import { quietUntil, spanOf } from './caps.ts';
import type { PlanRules } from './plan.ts';
import {
  countPlan,
  dropPlan,
  forgetAfter,
  hashDeliveries,
  nextChunk,
  planChunk,
  saveProgress,
  startPlan,
} from './plan-store.ts';
import { lockTouches } from './touch-store.ts';

/**
 * Works out who is sent a broadcast, and who is left out and why. Step by step, each in a transaction with how far it is:
 * whoever takes over from a process that died goes on where that was. A freeze ends in a request for approval.
 */
export async function planBroadcast(deps: Deps, { broadcastId }: { broadcastId: string }): Promise<void> {
  await withLock(deps.pool, `plan-broadcast:${broadcastId}`, async () => {
    try {
      for (let step: Step = { isLast: false }; !step.isLast;) {
        step = await deps.db.$transaction((tx) => takeStep(tx, deps, broadcastId), patient);
        await step.tell?.();
        announceBroadcasts(deps);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      await giveUp(deps, broadcastId, error);
    }
  });
}

interface Step {
  isLast: boolean;
  tell?: () => Promise<void>;
}

async function takeStep(tx: Db, deps: Deps, broadcastId: string): Promise<Step> {
  if (!(await findBroadcast(tx, broadcastId))) return { isLast: true };
  const broadcast = await lockBroadcast(tx, broadcastId);
  const { planning, planError, planTotal, planDone, planAfter } = broadcast;
  if (planning === null || planError !== null) return { isLast: true };
  if (planning === 'freeze') await lockTouches(tx);
  const company = await readBroadcastRules(tx);
  const rules = rulesOf(deps, broadcast, company);
  if (planTotal === null) {
    const { rule, version } = await findRule(tx, broadcast);
    const where = segmentWhere(rule, { alias: 'c', now: deps.now(), platform: broadcast.platform });
    await saveBroadcast(tx, broadcastId, { rule, segmentVersion: version }, broadcast.updatedAt);
    const total = await startPlan(tx, rules, where);
    await saveProgress(tx, broadcastId, { total, done: 0, after: null }, deps.now());
    return { isLast: false };
  }
  const chunk = await nextChunk(tx, broadcastId);
  if (chunk) {
    await planChunk(tx, rules, chunk, planAfter);
    await saveProgress(tx, broadcastId, { done: planDone + chunk.size, after: chunk.last }, deps.now());
    return { isLast: false };
  }
  await forgetAfter(tx, broadcastId, planAfter);
  const counts = await countPlan(tx, broadcastId);
  return planning === 'check' ? endCheck(tx, deps, broadcast, counts) : endFreeze(tx, deps, broadcast, counts);
}

function rulesOf(deps: Deps, broadcast: Broadcast, company: BroadcastRules): PlanRules {
  const { platform, content, sendAt, fromDay, untilDay, planning } = broadcast;
  const { groupSends } = deps.platforms.get(platform);
  if (!groupSends) throw cannotSend();
  let upTo = 0;
  return {
    broadcast,
    variants: content.variants.map(({ key, share }) => ({ key, upTo: (upTo += share) })),
    span: fromDay !== null && untilDay !== null ? { fromDay, untilDay } : spanOf(dayOf(sendAt ?? deps.now()), company),
    caps: company,
    isQuiet: sendAt !== null && quietUntil(company.quiet, sendAt) !== null,
    contactsMax: groupSends.limits.contactsMax,
    isFreeze: planning === 'freeze',
  };
}

export const cannotSend = () =>
  new Refusal('broadcast.platform', 'Nothing can be sent to many contacts there. Choose another platform.', 422);

async function findRule(tx: Db, { segmentId }: Broadcast) {
  const found = segmentId === null ? null : await findSegment(tx, segmentId);
  if (found) return found;
  throw new Refusal('broadcast.segment', 'There is no such segment any more. Choose another one.', 422, {
    path: 'audience.segmentId',
  });
}

async function endCheck(tx: Db, deps: Deps, broadcast: Broadcast, counts: PlanCounts): Promise<Step> {
  await dropPlan(tx, broadcast.id);
  await saveBroadcast(tx, broadcast.id, planned(broadcast, counts, null, deps.now()), broadcast.updatedAt);
  return { isLast: true };
}

async function endFreeze(tx: Db, deps: Deps, broadcast: Broadcast, counts: PlanCounts): Promise<Step> {
  const now = deps.now();
  const { id, submittedBy, contentHash } = broadcast;
  if (counts.target === 0 || submittedBy === null || contentHash === null) {
    await dropPlan(tx, id);
    const failed = planFailed(broadcast, 'broadcast.nobody_left');
    await saveBroadcast(tx, id, { ...failed, planCounts: counts, plannedAt: now }, now);
    return { isLast: true };
  }
  const recipientHash = await hashDeliveries(tx, id);
  const draft = requestOf(deps, broadcast, counts, { contentHash, recipientHash });
  const { approval, tell } = await requestApprovalIn(tx, deps, { memberId: submittedBy }, draft);
  await saveBroadcast(tx, id, planned(broadcast, counts, { recipientHash, approvalId: approval.id }, now), now);
  await recordAudit(tx, {
    memberId: submittedBy,
    action: 'broadcast.frozen',
    subject: `broadcast:${id}`,
    detail: { contentHash, recipientHash, target: counts.target, holdOut: counts.holdOut, approval: approval.id },
  });
  return { isLast: true, tell };
}

const TEXT_SHOWN = 200;

/** What whoever decides is shown, and what they approve: these hashes. */
function requestOf(
  { cipher }: Pick<Deps, 'cipher'>,
  { id, name, version, sendAt, submitReason, frozenContent }: Broadcast,
  { target, holdOut, members }: PlanCounts,
  hashes: { contentHash: string; recipientHash: string },
): RequestDraft<'broadcast'> {
  const first = frozenContent?.variants[0];
  const when = sendAt ? `${shanghaiTime(sendAt)} 发送` : '审批通过后发送';
  return {
    kind: 'broadcast',
    content: {
      broadcastId: id,
      ...hashes,
      sendAt: sendAt?.toISOString() ?? null,
      text: [...(first?.text ?? '')].slice(0, TEXT_SHOWN).join(''),
      attachments: first?.attachments.length ?? 0,
      variants: frozenContent?.variants.length ?? 1,
      members,
      holdOut,
    },
    title: `${name} · ${target} 人 · ${when}`,
    reason: submitReason === null ? '' : cipher.decrypt(submitReason),
    measure: target,
    amountFen: null,
    customerId: null,
    contactId: null,
    subject: `broadcast:${id}`,
    requestKey: `broadcast:${id}:${version}`,
  };
}

/** It cannot be worked out, or nobody can approve it: a draft again, with nothing kept free for it. */
async function giveUp(deps: Deps, broadcastId: string, { code, message }: Refusal): Promise<void> {
  deps.log.info({ reason: code }, 'a broadcast was not planned');
  await deps.db.$transaction(async (tx) => {
    const broadcast = await lockBroadcast(tx, broadcastId);
    if (broadcast.planning === null) return;
    await dropPlan(tx, broadcastId);
    await saveBroadcast(tx, broadcastId, planFailed(broadcast, code), deps.now());
    await recordAudit(tx, {
      memberId: broadcast.submittedBy,
      action: 'broadcast.plan_failed',
      subject: `broadcast:${broadcastId}`,
      detail: { code, message },
    });
  }, patient);
  announceBroadcasts(deps);
}
