import type { Deps } from '#server/base/deps.ts';
import { lineAbove } from './org.ts';
import { readOrg } from './org-store.ts';

/** The nearest above the member; where the company shows nobody above, its admins. */
export async function nearestLeaders(deps: Deps, memberId: string): Promise<string[]> {
  const [nearest] = await leadersAbove(deps, memberId);
  return nearest ?? [];
}

/** Who answers for the member, the nearest first, and the company's admins as the last; of nobody the admins alone. */
export async function leadersAbove(deps: Deps, memberId: string | null): Promise<string[][]> {
  const org = await readOrg(deps.db, [memberId], deps.now());
  const admins = [...org.members.values()].filter(({ role, isActive }) => role === 'admin' && isActive);
  const line = memberId === null ? [] : lineAbove(org, memberId);
  return [...line, admins.map(({ id }) => id)].filter((step) => step.length > 0);
}
