import type { Role } from '#server/base/caller.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { MemberView } from './member-api.ts';

export interface Member {
  id: string;
  name: string;
  role: Role;
  status: 'active' | 'left';
  position: string | null;
  avatar: string | null;
  locale: string;
  departments: { id: string; name: string }[];
}

/**
 * The role a member starts with, guessed from the position once; from then on an admin says it. Titles that call every
 * seller a manager (客户经理) are no managers, nor is whoever assists one; of the many 管理员 only that of the system sees all.
 */
export function initialRole(position: string | null): Role {
  if (!position) return 'rep';
  if (/^(系统|CRM|知客)?管理员$/i.test(position.trim())) return 'admin';
  if (/助理|秘书/.test(position)) return 'rep';
  if (/市场|品牌/.test(position)) return 'marketing';
  if (/总监|总经理/.test(position)) return 'director';
  if (/经理|主管/.test(position) && !/(客户|产品|项目|售前)经理/.test(position)) return 'manager';
  return 'rep';
}

export function viewMember(member: Member): MemberView {
  const { locale: _, ...view } = member;
  return view;
}

export const unknownMember = () =>
  new Refusal('member.unknown', 'There is no such member in your departments. Check the list of members.', 404);

export const cannotLogIn = () =>
  new Refusal(
    'login.unknown_member',
    'This account is no active member here. Ask an admin to put you into the visible range of the app.',
    401,
  );

export const lastAdmin = () =>
  new Refusal('member.last_admin', 'This is the only admin. Make another member admin first.', 409);
