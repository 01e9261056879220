import type { Deps } from '#server/base/deps.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import type { FailureReason, ResultView } from './results-api.ts';
import { readBroadcastRules } from './broadcast-rules.ts';
import { effectOf, moneyEffectOf, rateOf, type Earned } from './lift.ts';
import { windowOf } from './note-replies.ts';
import { countCalls, countConcerns, getSent, groupRecipients, type Alike, type CallCount } from './results-store.ts';

/** Every number is of the same moment. */
const oneMoment = { isolationLevel: 'RepeatableRead', maxWait: 20_000, timeout: 60_000 } as const;

/** What became of a broadcast. */
export async function viewResults(deps: Deps, id: string): Promise<ResultView> {
  const [sent, { windowDays }] = await Promise.all([getSent(deps.db, id), readBroadcastRules(deps.db)]);
  const window = windowOf(sent.startedAt, windowDays);
  const [groups, calls, concerns] = await deps.db.$transaction(
    async (tx) =>
      [await groupRecipients(tx, id, window), await countCalls(tx, id), await countConcerns(tx, id)] as const,
    oneMoment,
  );
  const memberIds = groups.flatMap(({ memberId }) => memberId ?? []).concat(calls.map(({ memberId }) => memberId));
  const names = await listMemberNames(deps.db, memberIds);
  return {
    ...resultsOf(groups, calls, (memberId) => names.get(memberId) ?? ''),
    resultsAt: sent.resultsAt?.toISOString() ?? null,
    windowDays,
    concerns,
  };
}

/**
 * The waterfall and the members count who got through: a reply is one of somebody it was delivered to, a deal one of
 * somebody who replied, so that each step is a part of the one before. Variants and lift count everybody who was to get
 * it, as drawn by lot.
 */
export function resultsOf(
  groups: readonly Alike[],
  calls: readonly CallCount[],
  nameOf: (memberId: string) => string,
): Pick<ResultView, 'waterfall' | 'failures' | 'members' | 'variants' | 'lift'> {
  const targets = groups.filter(isTarget);
  const held = groups.filter(({ part }) => part === 'hold_out');
  return {
    waterfall: {
      segment: sumOf(groups),
      excluded: sumOf(groups.filter(({ part }) => part === 'excluded')),
      holdOut: sumOf(held),
      target: sumOf(targets),
      asked: sumOf(targets.filter((group) => group.isAsked)),
      confirmed: sumOf(targets.filter((group) => group.isConfirmed)),
      delivered: sumOf(targets.filter(isDelivered)),
      replied: sumOf(targets.filter(isReplyToIt)),
      deals: sumOf(targets.filter(isDealOfIt)),
    },
    failures: failuresOf(targets),
    members: membersOf(targets, calls, nameOf),
    variants: variantsOf(targets),
    lift:
      held.length === 0
        ? null
        : {
            replies: effectOf(counted(targets, hasReplied), counted(held, hasReplied)),
            deals: effectOf(counted(targets, hasDealt), counted(held, hasDealt)),
            revenue: moneyEffectOf(earned(targets), earned(held)),
          },
  };
}

const isTarget = ({ part }: Alike) => part === 'target';
const isDelivered = ({ state }: Alike) => state === 'delivered';
const hasReplied = (group: Alike) => group.hasReplied;
const hasDealt = (group: Alike) => group.hasDealt;
const isReplyToIt = (group: Alike) => isDelivered(group) && group.hasReplied;
const isDealOfIt = (group: Alike) => isReplyToIt(group) && group.hasDealt;
const isFailed = ({ state }: Alike) => state === 'failed' || state === 'dropped';

function sumOf(groups: readonly Alike[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

function counted(groups: readonly Alike[], does: (group: Alike) => boolean): { of: number; did: number } {
  return { of: sumOf(groups), did: sumOf(groups.filter(does)) };
}

function earned(groups: readonly Alike[]): Earned {
  const total = (valueOf: (group: Alike) => number) => groups.reduce((sum, group) => sum + valueOf(group), 0);
  return {
    of: sumOf(groups),
    deals: sumOf(groups.filter(hasDealt)),
    sum: total(({ sum }) => sum),
    squares: total(({ squares }) => squares),
  };
}

/** The most frequent first. */
function failuresOf(targets: readonly Alike[]): { reason: FailureReason; count: number }[] {
  const byReason = Map.groupBy(targets.filter(isFailed), ({ failure }) => failure ?? 'refused');
  return [...byReason]
    .map(([reason, groups]) => ({ reason, count: sumOf(groups) }))
    .sort((a, b) => b.count - a.count || a.reason.localeCompare(b.reason));
}

function variantsOf(targets: readonly Alike[]): ResultView['variants'] {
  return [...Map.groupBy(targets, ({ variant }) => variant ?? 'A')]
    .map(([key, groups]) => {
      const [replied, deals] = [counted(groups, hasReplied), counted(groups, hasDealt)];
      return {
        key,
        target: sumOf(groups),
        delivered: sumOf(groups.filter(isDelivered)),
        replied: { ...replied, rate: rateOf(replied) },
        deals: { ...deals, rate: rateOf(deals) },
      };
    })
    .sort((a, b) => a.key.localeCompare(b.key));
}

/** Who has the most of it first. */
function membersOf(
  targets: readonly Alike[],
  calls: readonly CallCount[],
  nameOf: (memberId: string) => string,
): ResultView['members'] {
  const callsOf = Map.groupBy(calls, ({ memberId }) => memberId);
  return [...Map.groupBy(targets, ({ memberId }) => memberId)]
    .flatMap(([id, groups]) => {
      if (id === null) return [];
      const own = callsOf.get(id) ?? [];
      const reminders = own.flatMap(({ remindedAt }) => remindedAt ?? []).sort((a, b) => a.getTime() - b.getTime());
      return [
        {
          member: { id, name: nameOf(id) },
          target: sumOf(groups),
          state: memberState(own),
          delivered: sumOf(groups.filter(isDelivered)),
          failed: sumOf(groups.filter(isFailed)),
          replied: sumOf(groups.filter(isReplyToIt)),
          deals: sumOf(groups.filter(isDealOfIt)),
          remindedAt: reminders.at(-1)?.toISOString() ?? null,
        },
      ];
    })
    .sort((a, b) => b.target - a.target || a.member.id.localeCompare(b.member.id));
}

/** How far a member is with all that they were asked to send. */
export function memberState(calls: readonly CallCount[]): ResultView['members'][number]['state'] {
  const waits = calls.some(({ state, isConfirmed }) => state === 'asked' && !isConfirmed);
  const isUnsure = calls.some(({ state }) => state === 'unknown');
  const ahead = isUnsure || calls.some(({ state }) => ['frozen', 'due', 'sending'].includes(state));
  if (calls.some(({ isConfirmed }) => isConfirmed)) return waits || ahead ? 'part' : 'confirmed';
  if (waits) return 'waiting';
  if (isUnsure) return 'unsure';
  if (ahead || calls.length === 0) return 'planned';
  return calls.some(({ state }) => state === 'cancelled') ? 'cancelled' : 'failed';
}
