import type { Caller, Scope } from '#server/base/caller.ts';
import type { Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import type { Member } from '#server/member/member.ts';
import {
  getMember,
  listAccounts,
  listAccountsOf,
  listActiveIds,
  listMemberNames,
} from '#server/member/member-store.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import { blockOf, type Circumstances } from './block.ts';
import { listBelongings, listNames, type Found } from './belongings-store.ts';
import { giverTakes, noCounts, outsideScope, type ItemKind } from './handover.ts';
import type { ItemReason, PlanRule, PlanView } from './handover-api.ts';
import { listElsewhere } from './handover-store.ts';
import { assign, keyOf, type Assignment } from './plan.ts';

const BLOCKED_SHOWN = 100;

export interface PlanWish {
  fromMemberId: string;
  rule: PlanRule;
  kinds: ItemKind[];
}

export interface Plan {
  from: Member;
  assignments: Assignment[];
  /** Why, by `kind:id`. */
  blocks: Map<string, ItemReason>;
}

/** Who would get what as things are now. Nothing is written. */
export async function planHandover(deps: Deps, caller: Caller, wish: PlanWish): Promise<Plan> {
  const takers = takersOf(wish.rule);
  await mustBeIn(deps.db, caller.scope, wish.fromMemberId, takers);
  const from = await getMember(deps.db, wish.fromMemberId);
  const found = await listBelongings(deps.db, from.id, [...new Set(wish.kinds)]);
  const assignments = assign(found, wish.rule);
  return { from, assignments, blocks: await blocksOf(deps, { from: from.id, exceptId: null }, found, assignments) };
}

function takersOf(rule: PlanRule): string[] {
  switch (rule.by) {
    case 'one':
      return [rule.to];
    case 'spread':
      return [...new Set(rule.to)];
    case 'hand':
      return [...new Set(rule.items.map(({ to }) => to))];
    default:
      return rule satisfies never;
  }
}

/** The giver may have left, takers may not. */
export async function mustBeIn(db: Db, scope: Scope, fromMemberId: string, takers: readonly string[]): Promise<void> {
  const isIn = (id: string) => scope.all || scope.memberIds.includes(id);
  if (takers.includes(fromMemberId)) throw giverTakes();
  if (![fromMemberId, ...takers].every(isIn)) throw outsideScope();
  const [known, active] = [await listMemberNames(db, [fromMemberId]), await listActiveIds(db, takers)];
  if (!known.has(fromMemberId) || !takers.every((id) => active.has(id))) throw outsideScope();
}

/** Why some of these cannot go to whom they are assigned. */
export async function blocksOf(
  deps: Deps,
  of: { from: string; exceptId: string | null },
  found: readonly Found[],
  assignments: readonly Assignment[],
): Promise<Map<string, ItemReason>> {
  const known = await circumstances(deps, of, found, [...new Set(assignments.map(({ to }) => to))]);
  const byKey = new Map(found.map((one) => [keyOf(one), one]));
  const blocks = new Map<string, ItemReason>();
  for (const assignment of assignments) {
    const belonging = byKey.get(keyOf(assignment));
    const reason = belonging ? blockOf(belonging, assignment.to, known) : 'not_givers';
    if (reason) blocks.set(keyOf(assignment), reason);
  }
  return blocks;
}

async function circumstances(
  deps: Deps,
  { from, exceptId }: { from: string; exceptId: string | null },
  found: readonly Found[],
  takers: readonly string[],
): Promise<Circumstances> {
  const accounts = (await listAccountsOf(deps.db, [from, ...takers])).filter(
    ({ memberId, leftAt }) => memberId === from || leftAt === null,
  );
  const ids = found.map(({ id }) => id);
  const platforms = new Set(found.flatMap(({ follow }) => (follow ? [follow.platform] : [])));
  return {
    giverId: from,
    accounts: new Map(
      [...Map.groupBy(accounts, ({ memberId }) => memberId)].map(([id, own]) => [
        id,
        new Set(own.map(({ platform }) => platform)),
      ]),
    ),
    activeIds: await listActiveIds(deps.db, takers),
    transferring: new Set(deps.platforms.all.filter(({ transfers }) => transfers).map(({ name }) => name)),
    owners: await listOwners(deps, [...platforms]),
    elsewhere: new Set((await listElsewhere(deps.db, ids, exceptId)).map(keyOf)),
  };
}

/** A platform that does not answer now will say it when it is asked to hand over. */
async function listOwners(deps: Deps, platforms: readonly string[]): Promise<Map<string, Set<string>>> {
  const owners = new Map<string, Set<string>>();
  for (const platform of deps.platforms.all.filter(({ name }) => platforms.includes(name))) {
    if (!platform.transfers) continue;
    try {
      const keys = await platform.listContactOwners();
      const accounts = await listAccounts(deps.db, platform.name, keys);
      owners.set(platform.name, new Set(accounts.map(({ member }) => member.id)));
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      deps.log.warn({ err: error }, 'who may have contacts is not known now');
    }
  }
  return owners;
}

export async function viewPlan(deps: Deps, { from, assignments, blocks }: Plan): Promise<PlanView> {
  const going = assignments.filter((one) => !blocks.has(keyOf(one)));
  const held = assignments.filter((one) => blocks.has(keyOf(one)));
  const shown = [...Map.groupBy(held, (one) => blocks.get(keyOf(one)))].flatMap(([, ones]) =>
    ones.slice(0, BLOCKED_SHOWN),
  );
  const names = await listNames(deps.db, deps.cipher, shown);
  const members = await listMemberNames(
    deps.db,
    assignments.map(({ to }) => to),
  );
  const person = (id: string) => ({ id, name: members.get(id) ?? '' });
  return {
    from: { id: from.id, name: from.name },
    leaver: from.status === 'left',
    takers: [...Map.groupBy(going, ({ to }) => to)].map(([to, ones]) => ({
      member: person(to),
      counts: countKinds(ones),
    })),
    counts: countKinds(going),
    blocked: shown.map((one) => ({
      kind: one.kind,
      id: one.id,
      name: names.get(keyOf(one))?.name ?? '',
      to: person(one.to),
      reason: blocks.get(keyOf(one)) ?? 'other',
    })),
    blockedCount: held.length,
  };
}

export function countKinds(ones: readonly { kind: ItemKind }[]): ReturnType<typeof noCounts> {
  const counts = noCounts();
  for (const { kind } of ones) counts[kind] += 1;
  return counts;
}
