import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { after, inTurn, setsNothingFree, type Approval, type Step } from './approval.ts';
import { openSeats } from './seat.ts';
import { findApproval, lockApproval, saveStep } from './approval-store.ts';
import { listCopies } from './copy-store.ts';
import type { WrittenEntry } from './history-store.ts';
import { attend } from './attend.ts';
import { readOrg } from './org-store.ts';
import { deliver, owe, type Owed } from './owe-delivery.ts';
import { readPolicy } from './policy-store.ts';

export type Transition = (approval: Approval, now: Date) => Step;

/** What is left to do once the transaction has ended. */
export interface Changed {
  approval: Approval;
  step: Step;
  owed: Owed;
}

/** One transition of one approval, made on the locked row, with all it makes owed in the same transaction. */
export async function changeApproval(deps: Deps, id: string, transition: Transition): Promise<Approval> {
  const changed = await deps.db.$transaction((tx) => changeApprovalIn(tx, deps, id, transition));
  await tellOfChange(deps, changed);
  return changed.approval;
}

/** For whoever holds a transaction already; `tellOfChange` is theirs to call after it. */
export async function changeApprovalIn(tx: Db, deps: Deps, id: string, transition: Transition): Promise<Changed> {
  const now = deps.now();
  const found = await lockApproval(tx, deps.cipher, id);
  const made = transition(found, now);
  const step = opensLevel(found, made) ? inTurn(made, await attendNow(tx, deps, after(found, made))) : made;
  const history = await saveStep(tx, deps.cipher, id, step, now);
  return { step, ...(await settle(tx, deps, found, step, history)) };
}

/** Names of members who are new in it are read again. */
async function settle(
  tx: Db,
  deps: Deps,
  found: Approval,
  step: Step,
  history: WrittenEntry[],
): Promise<{ approval: Approval; owed: Owed }> {
  const changed = after(found, step);
  const people = [changed.requesterId, changed.decidedBy, ...changed.seats.map(({ memberId }) => memberId)];
  const isNamed = people.every((id) => id === null || found.names.has(id));
  const approval = isNamed ? changed : ((await findApproval(tx, deps.cipher, found.id)) ?? changed);
  return { approval, owed: await owe(tx, deps, approval, { seats: step.seats, history }) };
}

const opensLevel = (before: Approval, { change }: Step) => change.level !== undefined && change.level !== before.level;

/** What the clock and the company do to it as they stand. */
export async function attendNow(tx: Db, deps: Deps, approval: Approval): Promise<Step> {
  const { policy } = await readPolicy(tx, approval.kind);
  const seated = approval.seats.map(({ memberId }) => memberId);
  const org = await readOrg(tx, [approval.requesterId, ...seated, ...policy.fallback], deps.now());
  return attend(approval, policy, org, deps.now());
}

/** Jobs and screens, after the transaction. A process that dies before this leaves rows that the sweeps find. */
export async function tellOfChange(deps: Deps, { approval, step, owed }: Changed): Promise<void> {
  await deliver(deps, owed);
  const isOver = step.change.state !== undefined || step.change.effectState !== undefined;
  if (step.change.effectState === 'waiting' || (isOver && setsNothingFree(approval))) {
    await deps.jobs.add('apply-effect', { approvalId: approval.id }, { key: approval.id });
  }
  await wakeFor(
    deps,
    approval,
    step.seats.map(({ dueAt }) => dueAt),
  );
  await publishApproval(deps, approval);
}

/** By the second, where the sweep would be later. */
export async function wakeFor(deps: Deps, approval: Approval, times: (Date | null)[]): Promise<void> {
  const due = [...new Set(times.flatMap((at) => (at ? [at.getTime()] : [])))];
  await deps.jobs.addAll(
    'attend-approval',
    due.map((at) => ({
      payload: { approvalId: approval.id },
      options: { key: `${approval.id}:${at}`, delayMs: Math.max(at - deps.now().getTime(), 1) },
    })),
  );
}

/** Screens of everybody concerned ask again. */
export async function publishApproval(deps: Deps, approval: Approval): Promise<void> {
  const { customerId, contactId } = approval;
  const members = [
    approval.requesterId,
    ...approval.seats.filter(({ state }) => state !== 'waiting').map(({ memberId }) => memberId),
    ...openSeats(approval).map(({ memberId }) => memberId),
    ...(await listCopies(deps.db, approval.id)),
  ];
  const topics = [
    ...members.map((id) => `member.${id}` as const),
    ...(customerId ? [`customer.${customerId}` as const] : []),
    ...(contactId ? [`contact.${contactId}` as const] : []),
  ];
  for (const topic of new Set(topics)) {
    deps.live.publish(topic, {
      part: 'approvals',
      ...(contactId ? { contactId } : {}),
      ...(customerId ? { customerId } : {}),
    });
  }
}
