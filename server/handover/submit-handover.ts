import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { findApproval } from '#server/approval/approval-store.ts';
import { requestApprovalIn } from '#server/approval/request-approval.ts';
import type { RequestDraft } from '#server/approval/request-draft.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { announceHandover } from './announce-handover.ts';
import { listBelongings } from './belongings-store.ts';
import {
  editedStates,
  mustBe,
  mustBeSeen,
  nothingToGo,
  unknownHandover,
  type Handover,
  type Item,
  type ItemKind,
} from './handover.ts';
import type { ItemReason } from './handover-api.ts';
import { getHandover, listItems, lockHandover, patient, saveHandover, saveItems } from './handover-store.ts';
import { blocksOf, countKinds, mustBeIn } from './plan-handover.ts';
import { keyOf } from './plan.ts';

/**
 * Asks for approval of the plan as it was seen. What cannot go now is put aside with its reason, and asked for with the
 * rest: tried again later, it goes by the same approval. What was put aside when it was asked before is looked at anew.
 */
export async function submitHandover(
  deps: Deps,
  caller: Caller,
  { id, version }: { id: string; version: number },
): Promise<Handover> {
  const seen = await getHandover(deps.db, caller, id);
  mustBe(seen, editedStates, 'asked for');
  mustBeSeen(seen, version);
  const items = await listItems(deps.db, id, { states: ['planned', 'failed'] });
  await mustBeIn(deps.db, caller.scope, seen.fromMemberId, [...new Set(items.map(({ toMemberId }) => toMemberId))]);
  const blocks = await blocksNow(deps, seen, items);
  const going = items.filter((item) => !blocks.has(item.id));
  if (going.length === 0) throw nothingToGo();

  const requested = await deps.db.$transaction(async (tx) => {
    const handover = await lockHandover(tx, id);
    if (!handover) throw unknownHandover();
    mustBe(handover, editedStates, 'asked for');
    mustBeSeen(handover, version);
    for (const [reason, ones] of Map.groupBy(items, (item) => blocks.get(item.id))) {
      const ids = ones.map((item) => item.id);
      const next = reason ? ({ state: 'failed', reason } as const) : ({ state: 'planned', reason: null } as const);
      for (const state of ['planned', 'failed'] as const) await saveItems(tx, ids, state, next);
    }
    await saveHandover(tx, id, { state: 'asked' }, deps.now());
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'handover.asked',
      subject: `handover:${id}`,
      detail: { ...countKinds(going), blocked: blocks.size },
    });
    const draft = await requestOf(tx, handover, items);
    const { approval, tell } = await requestApprovalIn(tx, deps, caller, draft);
    await saveHandover(tx, id, { approvalId: approval.id }, deps.now());
    return { tell };
  }, patient);
  await requested.tell();
  announceHandover(deps, seen);
  return getHandover(deps.db, caller, id);
}

async function blocksNow(deps: Deps, handover: Handover, items: readonly Item[]): Promise<Map<string, ItemReason>> {
  const kinds = [...new Set(items.map(({ kind }) => kind))] satisfies ItemKind[];
  const found = await listBelongings(deps.db, handover.fromMemberId, kinds);
  const assignments = items.map(({ kind, subjectId, toMemberId }) => ({ kind, id: subjectId, to: toMemberId }));
  const of = { from: handover.fromMemberId, exceptId: handover.id };
  const blocks = await blocksOf(deps, of, found, assignments);
  return new Map(
    items.flatMap(({ id, kind, subjectId }): [string, ItemReason][] => {
      const reason = blocks.get(keyOf({ kind, id: subjectId }));
      return reason ? [[id, reason]] : [];
    }),
  );
}

async function requestOf(
  tx: Db,
  { id, version, fromMemberId, reason }: Handover,
  items: readonly Item[],
): Promise<RequestDraft<'customer_transfer'>> {
  const counts = countKinds(items);
  const takers = [...new Set(items.map(({ toMemberId }) => toMemberId))];
  const names = await listMemberNames(tx, [fromMemberId, ...takers]);
  const to = takers.length === 1 ? (names.get(takers[0] ?? '') ?? '') : `${takers.length} 人`;
  return {
    kind: 'customer_transfer',
    content: { handoverId: id, version },
    title: `客户交接：${names.get(fromMemberId) ?? ''} → ${to}`,
    reason,
    measure: counts.contact + counts.customer,
    amountFen: null,
    customerId: null,
    contactId: null,
    subject: `handover:${id}`,
    requestKey: `handover:${id}:${version}`,
  };
}

/** Its approval ended without setting it free: rejected or too late, or taken back by whoever asked. */
export async function settleAsked(deps: Deps, { id, approvalId }: Pick<Handover, 'id' | 'approvalId'>): Promise<void> {
  if (approvalId === null) return;
  const approval = await findApproval(deps.db, deps.cipher, approvalId);
  const isOver =
    approval && (approval.effectState === 'failed' || ['rejected', 'expired', 'withdrawn'].includes(approval.state));
  if (!isOver) return;
  const settled = await deps.db.$transaction(async (tx) => {
    const handover = await lockHandover(tx, id);
    if (handover?.state !== 'asked' || handover.approvalId !== approvalId) return null;
    // The next request is another one: its key goes by the version.
    const change =
      approval.state === 'withdrawn'
        ? { state: 'draft' as const, approvalId: null, version: handover.version + 1 }
        : { state: 'rejected' as const, version: handover.version + 1 };
    await saveHandover(tx, id, change, deps.now());
    await recordAudit(tx, {
      memberId: approval.decidedBy,
      action: `handover.${change.state === 'draft' ? 'taken_back' : 'rejected'}`,
      subject: `handover:${id}`,
      detail: { approval: approvalId, state: approval.state },
    });
    return handover;
  });
  if (settled) announceHandover(deps, settled);
}
