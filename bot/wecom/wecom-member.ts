import { z } from 'zod';
import type { DepartmentProfile, MemberProfile } from '#server/platform/member.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { WecomApi } from './wecom-api.ts';
import { key, listOf, number, text } from '#bot/shared/field.ts';

const departmentsAnswer = z.object({
  department: listOf(z.object({ id: key, name: z.string().catch(''), parentid: key, order: number })),
});

/** D90208: all departments the app may see. A parent it may not see is none of ours; nor is 0, above the root. */
export async function listDepartments(api: WecomApi): Promise<DepartmentProfile[]> {
  const { department } = await api({ path: 'department/list', answer: departmentsAnswer });
  const visible = new Set(department.map(({ id }) => id));
  return department.map(({ id, name, parentid, order }) => ({
    key: id,
    name,
    parentKey: visible.has(parentid) && parentid !== id ? parentid : null,
    order,
  }));
}

const user = z.object({
  userid: key,
  name: z.string().catch(''),
  position: text,
  avatar: text,
  mobile: text,
  email: text,
  biz_mail: text,
  // 1 active, 2 disabled, 4 not activated, 5 left
  status: number.default(1),
  department: listOf(key),
  is_leader_in_dept: listOf(number),
});

/** D90201: those directly in the department. Apps made since June 2022 get no avatar, mobile or mail. */
export async function listMembers(api: WecomApi, departmentKey: PlatformKey): Promise<MemberProfile[]> {
  const answer = z.object({ userlist: listOf(user) });
  const { userlist } = await api({ path: 'user/list', query: { department_id: departmentKey }, answer });
  return userlist.map(profileOf);
}

/** D90196 */
export async function getMember(api: WecomApi, userid: PlatformKey): Promise<MemberProfile> {
  return profileOf(await api({ path: 'user/get', query: { userid }, answer: user }));
}

function profileOf(one: z.infer<typeof user>): MemberProfile {
  return {
    key: one.userid,
    name: one.name || one.userid,
    position: one.position,
    avatar: one.avatar,
    mobile: one.mobile,
    email: one.email ?? one.biz_mail,
    active: one.status === 1,
    departments: one.department.map((key, at) => ({ key, isLeader: one.is_leader_in_dept[at] === 1 })),
  };
}
