import { recordAudit } from '#server/base/audit.ts';
import type { Caller, Role } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { lastAdmin, type Member } from './member.ts';
import { countActiveAdmins, getMember, lockAdmins, saveMember } from './member-store.ts';

/** From the member's next request on. A company keeps at least one admin. */
export async function changeRole(deps: Deps, caller: Caller, id: string, role: Role): Promise<Member> {
  return deps.db.$transaction(async (tx) => {
    await lockAdmins(tx);
    const member = await getMember(tx, id);
    if (member.role === role) return member;
    const isLast = member.role === 'admin' && member.status === 'active' && (await countActiveAdmins(tx)) === 1;
    if (isLast) throw lastAdmin();
    await saveMember(tx, id, { role });
    await recordAudit(tx, {
      memberId: caller.memberId,
      action: 'member.role.changed',
      subject: `member:${id}`,
      detail: { from: member.role, to: role },
    });
    return { ...member, role };
  });
}
