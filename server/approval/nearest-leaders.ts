import type { Deps } from '#server/base/deps.ts';
import { lineAbove } from './org.ts';
import { readOrg } from './org-store.ts';

/** The nearest above the member; where the company shows nobody above, its admins. */
export async function nearestLeaders(deps: Deps, memberId: string): Promise<string[]> {
  const org = await readOrg(deps.db, [memberId], deps.now());
  const [nearest] = lineAbove(org, memberId);
  if (nearest) return nearest;
  return [...org.members.values()].filter(({ role, isActive }) => role === 'admin' && isActive).map(({ id }) => id);
}
