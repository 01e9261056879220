import type { Caller, Role, Scope } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { getMember } from './member-store.ts';
import { listMemberIdsBelow } from './scope-store.ts';
import { hashSessionToken } from './session.ts';
import { findSession } from './session-store.ts';

/** Who holds this session, with the scope they have now; null when it ended or the member left. */
export async function findCaller(deps: Deps, token: string): Promise<Caller | null> {
  const session = await findSession(deps.db, hashSessionToken(token));
  if (!session || session.expiresAt <= deps.now() || session.member.status !== 'active') return null;
  const { id, name, role } = session.member;
  return { memberId: id, name, role, platform: session.platform, scope: await scopeOf(deps, id, role) };
}

/** What the member may see now; null when they left. For work that asks on somebody's behalf. */
export async function findScope(deps: Deps, memberId: string): Promise<Scope | null> {
  const { status, role } = await getMember(deps.db, memberId);
  return status === 'active' ? scopeOf(deps, memberId, role) : null;
}

/** DESIGN §3: a rep sees the own customers, an admin all, everyone else the own departments' and those below. */
async function scopeOf(deps: Deps, memberId: string, role: Role): Promise<Scope> {
  switch (role) {
    case 'rep':
      return { all: false, memberIds: [memberId] };
    case 'admin':
      return { all: true };
    case 'manager':
    case 'director':
    case 'marketing':
      return { all: false, memberIds: await listMemberIdsBelow(deps.pool, memberId) };
  }
}
