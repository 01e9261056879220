import type { Role } from '#server/base/caller.ts';

export interface OrgMember {
  id: string;
  name: string;
  role: Role;
  isActive: boolean;
}

/** Who stands where today, as far as it matters for who may decide. */
export interface Org {
  members: ReadonlyMap<string, OrgMember>;
  /** The department above each; null at the top. */
  parents: ReadonlyMap<string, string | null>;
  placesOf: ReadonlyMap<string, readonly Place[]>;
  placesIn: ReadonlyMap<string, readonly Place[]>;
  /** Who decides in place of whom right now. */
  delegates: ReadonlyMap<string, string>;
}

export interface Place {
  memberId: string;
  departmentId: string;
  isLeader: boolean;
}

export function makeOrg(known: {
  members: OrgMember[];
  departments: { id: string; parentId: string | null }[];
  places: Place[];
  delegates: { memberId: string; toMemberId: string }[];
}): Org {
  return {
    members: new Map(known.members.map((member) => [member.id, member])),
    parents: new Map(known.departments.map(({ id, parentId }) => [id, parentId])),
    placesOf: Map.groupBy(known.places, ({ memberId }) => memberId),
    placesIn: Map.groupBy(known.places, ({ departmentId }) => departmentId),
    delegates: new Map(known.delegates.map(({ memberId, toMemberId }) => [memberId, toMemberId])),
  };
}

export const isActive = (org: Org, memberId: string) => org.members.get(memberId)?.isActive ?? false;

/**
 * Leaders above the member, nearest first; each step is a department with a leader other than the member. A member of
 * several departments has the leaders of all of them.
 */
export function lineAbove(org: Org, memberId: string): string[][] {
  const lines = departmentsOf(org, memberId).map((departmentId) =>
    chainUp(org, departmentId)
      .map((id) => leadersOf(org, id).filter((leader) => leader !== memberId))
      .filter((leaders) => leaders.length > 0),
  );
  const length = Math.max(0, ...lines.map((line) => line.length));
  return Array.from({ length }, (_, step) => [...new Set(lines.flatMap((line) => line[step] ?? []))]);
}

/** Whom the messenger shows as leaders; where it shows none, managers and directors who are in the department itself. */
function leadersOf(org: Org, departmentId: string): string[] {
  const active = (org.placesIn.get(departmentId) ?? []).filter((place) => isActive(org, place.memberId));
  const shown = active.filter(({ isLeader }) => isLeader);
  const byRole = active.filter(({ memberId }) => isOneOf(org, memberId, ['manager', 'director']));
  return [...new Set((shown.length > 0 ? shown : byRole).map(({ memberId }) => memberId))].sort();
}

/** Active members of these roles; those set over the member's own departments before all others. */
export function ofRole(org: Org, roles: readonly Role[], about: string): string[] {
  const all = [...org.members.values()].filter(({ id, isActive }) => isActive && isOneOf(org, id, roles));
  const above = new Set(departmentsOf(org, about).flatMap((departmentId) => chainUp(org, departmentId)));
  const near = all.filter(({ id }) => id !== about && departmentsOf(org, id).some((it) => above.has(it)));
  return (near.length > 0 ? near : all).map(({ id }) => id).sort();
}

function isOneOf(org: Org, memberId: string, roles: readonly Role[]): boolean {
  const role = org.members.get(memberId)?.role;
  return role !== undefined && roles.includes(role);
}

function departmentsOf(org: Org, memberId: string): string[] {
  return (org.placesOf.get(memberId) ?? []).map(({ departmentId }) => departmentId);
}

/** The department and those above it. What a platform shows may run in a circle. */
function chainUp(org: Org, departmentId: string): string[] {
  const chain: string[] = [];
  for (let id: string | null = departmentId; id !== null && !chain.includes(id);) {
    chain.push(id);
    id = org.parents.get(id) ?? null;
  }
  return chain;
}

/**
 * Who decides for the member now: whoever they named, and whoever that one named; the member, when nobody of these is
 * there or all of them are away in a circle.
 */
export function actingFor(org: Org, memberId: string, never: string): string {
  const passed = [memberId];
  for (let next = org.delegates.get(memberId); next !== undefined && next !== never; next = org.delegates.get(next)) {
    if (passed.includes(next)) return memberId;
    passed.push(next);
  }
  return passed.findLast((id) => isActive(org, id)) ?? memberId;
}
