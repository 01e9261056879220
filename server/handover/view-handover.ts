import { listAudit } from '#server/base/audit.ts';
import type { Deps } from '#server/base/deps.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { blocksOf } from './plan-handover.ts';
import { listBelongings, listNames } from './belongings-store.ts';
import { editedStates, mayRetry, mayWithdraw, type Handover, type Item, type ItemState } from './handover.ts';
import { itemStates, type HandoverItemView, type HandoverView, type ItemReason } from './handover-api.ts';
import { countItems } from './handover-store.ts';
import { sumKinds } from './handover-notice.ts';
import { keyOf } from './plan.ts';
import { byState } from './run-handover.ts';

const time = (at: Date | null): string | null => at?.toISOString() ?? null;

export async function viewHandovers(deps: Deps, handovers: readonly Handover[]): Promise<HandoverView[]> {
  const all = await countItems(
    deps.db,
    handovers.map(({ id }) => id),
  );
  const names = await listMemberNames(deps.db, [
    ...handovers.flatMap(({ fromMemberId, createdBy }) => [fromMemberId, createdBy]),
    ...all.map(({ toMemberId }) => toMemberId),
  ]);
  const person = (id: string) => ({ id, name: names.get(id) ?? '' });
  return handovers.map((handover) => {
    const counts = all.filter(({ handoverId }) => handoverId === handover.id);
    const states = byState(counts);
    const { id, leaver, state, reason, message, approvalId, version } = handover;
    return {
      id,
      from: person(handover.fromMemberId),
      leaver,
      state,
      reason,
      message,
      createdBy: person(handover.createdBy),
      createdAt: handover.createdAt.toISOString(),
      startedAt: time(handover.startedAt),
      finishedAt: time(handover.finishedAt),
      approvalId,
      version,
      takers: [...Map.groupBy(counts, ({ toMemberId }) => toMemberId)].map(([to, rows]) => ({
        member: person(to),
        counts: sumKinds(rows),
      })),
      counts: sumKinds(counts),
      progress: Object.fromEntries(itemStates.map((one) => [one, states[one] ?? 0])) as Record<ItemState, number>,
      may: {
        edit: editedStates.includes(state),
        submit: editedStates.includes(state),
        withdraw: mayWithdraw(handover, states),
        retry: mayRetry(handover, states),
      },
    };
  });
}

export async function viewHandover(deps: Deps, handover: Handover): Promise<HandoverView> {
  const [view] = await viewHandovers(deps, [handover]);
  if (!view) throw new Error('A hand-over has one view.');
  return view;
}

export async function viewHistory(deps: Deps, { id }: Handover) {
  const entries = await listAudit(deps.db, `handover:${id}`);
  const names = await listMemberNames(
    deps.db,
    entries.map(({ memberId }) => memberId),
  );
  return entries.map(({ at, memberId, action, detail }) => ({
    at: at.toISOString(),
    by: memberId ? { id: memberId, name: names.get(memberId) ?? '' } : null,
    action: action.replace('handover.', ''),
    detail,
  }));
}

/** What has not been asked for yet says also what is in its way now. */
export async function viewItems(deps: Deps, handover: Handover, items: readonly Item[]): Promise<HandoverItemView[]> {
  const things = items.map(({ kind, subjectId }) => ({ kind, id: subjectId }));
  const names = await listNames(deps.db, deps.cipher, things);
  const members = await listMemberNames(
    deps.db,
    items.map(({ toMemberId }) => toMemberId),
  );
  const blocks = editedStates.includes(handover.state)
    ? await blocksOfItems(deps, handover, items)
    : new Map<string, ItemReason>();
  return items.map((item) => {
    const shown = names.get(keyOf({ kind: item.kind, id: item.subjectId }));
    return {
      id: item.id,
      kind: item.kind,
      subjectId: item.subjectId,
      name: shown?.name ?? '',
      customerName: shown?.customerName ?? null,
      to: { id: item.toMemberId, name: members.get(item.toMemberId) ?? '' },
      state: item.state,
      reason: item.reason ?? blocks.get(keyOf({ kind: item.kind, id: item.subjectId })) ?? null,
      code: item.code,
      attempts: item.attempts,
      askedAt: time(item.askedAt),
      doneAt: time(item.doneAt),
    };
  });
}

async function blocksOfItems(deps: Deps, handover: Handover, items: readonly Item[]): Promise<Map<string, ItemReason>> {
  const kinds = [...new Set(items.map(({ kind }) => kind))];
  const found = await listBelongings(
    deps.db,
    handover.fromMemberId,
    kinds,
    items.map(({ subjectId }) => subjectId),
  );
  const assignments = items.map(({ kind, subjectId, toMemberId }) => ({ kind, id: subjectId, to: toMemberId }));
  return blocksOf(deps, { from: handover.fromMemberId, exceptId: handover.id }, found, assignments);
}
