import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { DepartmentProfile, MemberProfile } from '#server/platform/member.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { DingtalkApi } from './dingtalk-api.ts';
import { flag, key, listOf, number, text } from '#bot/shared/field.ts';
import type { UnionIds } from './dingtalk-union.ts';

export const rootDepartment = '1';
const pageSize = 100;

const department = z.object({ dept_id: key, name: z.string().catch(''), order: number });

/** K02 department/get, department/listsub: the tree is told a level at a time, so it costs a call for each department. */
export async function listDepartments(api: DingtalkApi): Promise<DepartmentProfile[]> {
  const rootCall = { path: '/topapi/v2/department/get', body: { dept_id: 1 }, answer: department };
  const root = await api.callOld(rootCall);
  const found = new Map([[rootDepartment, profileOfDepartment({ ...root, dept_id: rootDepartment }, null)]]);

  for (let level = [rootDepartment]; level.length > 0;) {
    const children = await inTurns(level, (parentKey) => listChildren(api, parentKey));
    const fresh = children.flat().filter(({ key }) => !found.has(key));
    for (const child of fresh) found.set(child.key, child);
    level = [...new Set(fresh.map(({ key }) => key))];
  }
  return [...found.values()];
}

async function listChildren(api: DingtalkApi, parentKey: PlatformKey): Promise<DepartmentProfile[]> {
  const body = { dept_id: Number(parentKey) };
  const list = await api.callOld({ path: '/topapi/v2/department/listsub', body, answer: listOf(department) });
  return list.map((child) => profileOfDepartment(child, parentKey));
}

function profileOfDepartment(
  { dept_id, name, order }: z.infer<typeof department>,
  parentKey: PlatformKey | null,
): DepartmentProfile {
  return { key: dept_id, name, parentKey, order: Math.trunc(order) };
}

const user = z.object({
  userid: key,
  unionid: text,
  name: z.string().catch(''),
  title: text,
  avatar: text,
  mobile: text,
  email: text,
  org_email: text,
  active: flag,
  dept_id_list: listOf(key),
});
const listedUser = user.extend({ leader: flag });
const wholeUser = user.extend({ leader_in_dept: listOf(z.object({ dept_id: key, leader: flag })) });

const usersAnswer = z.object({ has_more: flag, next_cursor: number, list: listOf(listedUser) });

/**
 * K02 user/list: those directly in the department, 100 a page. It says of this department alone whether somebody leads
 * it, so who is in several is asked for one by one.
 */
export async function listMembers(
  api: DingtalkApi,
  unionIds: UnionIds,
  departmentKey: PlatformKey,
): Promise<MemberProfile[]> {
  const path = '/topapi/v2/user/list';
  const listed = new Map<PlatformKey, z.infer<typeof listedUser>>();
  for (let cursor = 0, hasMore = true; hasMore;) {
    const body = { dept_id: Number(departmentKey), cursor, size: pageSize };
    const page = await patiently(() => api.callOld({ path, body, answer: usersAnswer }));
    for (const one of page.list) listed.set(one.userid, one);
    hasMore = page.has_more;
    if (hasMore && page.next_cursor <= cursor) {
      const message = 'The same page came again.';
      throw new PlatformError('unavailable', { platform: 'dingtalk', call: path.slice(1), message });
    }
    cursor = page.next_cursor;
  }
  for (const { userid, unionid } of listed.values()) unionIds.learn(userid, unionid);
  const profiles = await inTurns([...listed.values()], (one) => wholeProfile(api, unionIds, one, departmentKey));
  return profiles.filter((profile) => profile !== null);
}

async function wholeProfile(
  api: DingtalkApi,
  unionIds: UnionIds,
  one: z.infer<typeof listedUser>,
  departmentKey: PlatformKey,
): Promise<MemberProfile | null> {
  const elsewhere = one.dept_id_list.filter((key) => key !== departmentKey);
  if (elsewhere.length === 0) return profileOf(one, one.leader ? [departmentKey] : []);
  try {
    return await getMember(api, unionIds, one.userid);
  } catch (error) {
    // Left between the list and the question.
    if (error instanceof PlatformError && error.kind === 'not_found') return null;
    throw error;
  }
}

/** K02 user/get */
export async function getMember(api: DingtalkApi, unionIds: UnionIds, userid: PlatformKey): Promise<MemberProfile> {
  const one = await api.callOld({ path: '/topapi/v2/user/get', body: { userid }, answer: wholeUser });
  unionIds.learn(one.userid, one.unionid);
  return profileOf(
    one,
    one.leader_in_dept.filter(({ leader }) => leader).map(({ dept_id }) => dept_id),
  );
}

function profileOf(one: z.infer<typeof user>, leads: PlatformKey[]): MemberProfile {
  return {
    key: one.userid,
    name: one.name || one.userid,
    position: one.title,
    avatar: one.avatar,
    mobile: one.mobile,
    email: one.email ?? one.org_email,
    active: one.active,
    departments: one.dept_id_list.map((key) => ({ key, isLeader: leads.includes(key) })),
  };
}

const atOnceMax = 4;

async function inTurns<Item, Result>(items: Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += atOnceMax) {
    const some = items.slice(start, start + atOnceMax);
    results.push(...(await Promise.all(some.map((item) => patiently(() => work(item))))));
  }
  return results;
}

const patience: Partial<Record<string, { triesMax: number; waitMsMin: number }>> = {
  rate_limited: { triesMax: 8, waitMsMin: 250 },
  unavailable: { triesMax: 3, waitMsMin: 200 },
};
const waitMsMax = 5000;

/** A walk of thousands of calls meets a limit, or a hiccup, somewhere: it waits there and does not begin anew. */
async function patiently<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      const allowed = error instanceof PlatformError ? patience[error.kind] : undefined;
      if (!(error instanceof PlatformError) || !allowed || tries >= allowed.triesMax) throw error;
      if (error.retryAfterMs > waitMsMax) throw error;
      await sleep(Math.max(error.retryAfterMs, allowed.waitMsMin * tries));
    }
  }
}
