import { Refusal } from '#server/base/refusal.ts';
import type { PlanRule } from './handover-api.ts';
import type { ItemKind } from './handover.ts';

/** Something a member has and can hand over. */
export interface Belonging {
  kind: ItemKind;
  id: string;
  /** Customers and contacts it is about: `customer:<id>`, `contact:<id>`. */
  ties: string[];
}

export interface Assignment {
  kind: ItemKind;
  id: string;
  to: string;
}

/** Everything goes to exactly one taker; by hand, everything that is listed. */
export function assign(belongings: readonly Belonging[], rule: PlanRule): Assignment[] {
  switch (rule.by) {
    case 'one':
      return belongings.map(({ kind, id }) => ({ kind, id, to: rule.to }));
    case 'spread':
      return spread(belongings, [...new Set(rule.to)]);
    case 'hand':
      return byHand(belongings, rule.items);
    default:
      return rule satisfies never;
  }
}

function byHand(belongings: readonly Belonging[], listed: readonly Assignment[]): Assignment[] {
  const known = new Set(belongings.map(keyOf));
  const items = new Map(listed.map((item) => [keyOf(item), item]));
  if ([...items.keys()].some((key) => !known.has(key)))
    throw new Refusal('handover.item_unknown', 'The member no longer has one of these. Load the plan again.', 409);
  if (items.size < listed.length)
    throw new Refusal('handover.item_twice', 'One thing cannot go to two members. Choose one taker for it.', 422);
  return [...items.values()].map(({ kind, id, to }) => ({ kind, id, to }));
}

/**
 * The largest group to whoever has least so far. A customer with contacts, sales, tasks and approvals is one group: who
 * takes over a customer must not ask a colleague what was promised.
 */
function spread(belongings: readonly Belonging[], takers: readonly string[]): Assignment[] {
  const loads = takers.map((to) => ({ to, count: 0 }));
  return groups(belongings)
    .sort((one, other) => other.length - one.length || (keyOf(one[0]) < keyOf(other[0]) ? -1 : 1))
    .flatMap((group) => {
      const least = loads.reduce((one, other) => (other.count < one.count ? other : one));
      least.count += group.length;
      return group.map(({ kind, id }) => ({ kind, id, to: least.to }));
    });
}

type Group = [Belonging, ...Belonging[]];

/** Those that are about the same customer or contact, however many steps apart. */
function groups(belongings: readonly Belonging[]): Group[] {
  const leaders = new Map<string, string>();
  const leaderOf = (tie: string): string => {
    const above = leaders.get(tie) ?? tie;
    if (above === tie) return tie;
    const top = leaderOf(above);
    leaders.set(tie, top);
    return top;
  };
  for (const belonging of belongings) {
    const own = leaderOf(keyOf(belonging));
    for (const tie of belonging.ties) leaders.set(leaderOf(tie), own);
    leaders.set(own, own);
  }
  const found = new Map<string, Group>();
  for (const belonging of belongings.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))) {
    const leader = leaderOf(keyOf(belonging));
    const group = found.get(leader);
    if (group) group.push(belonging);
    else found.set(leader, [belonging]);
  }
  return [...found.values()];
}

export const keyOf = ({ kind, id }: { kind: ItemKind; id: string }): string => `${kind}:${id}`;
