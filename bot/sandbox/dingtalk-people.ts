import {
  activeUser,
  activeUsers,
  DingtalkErrcode,
  numberOr,
  oldParam,
  text,
  type DingtalkCall,
  type DingtalkRule,
} from './dingtalk-call.ts';
import type { DingtalkDepartment, DingtalkUser, DingtalkWorld } from './dingtalk-world.ts';

const rootId = 1;
/** K-contacts: of one page. */
const sizeMax = 100;

const post = (path: string, answer: (call: DingtalkCall) => unknown): DingtalkRule => ({
  method: 'POST',
  path,
  answer: (call) => ({ result: answer(call) }),
});

export const dingtalkPeopleCalls: DingtalkRule[] = [
  post('/topapi/v2/department/listsub', (call) => {
    const parent = departmentIn(call);
    return childrenOf(call.world, parent.id).map((one) => ({
      dept_id: one.id,
      name: one.name,
      parent_id: one.parentId,
      auto_add_user: false,
      create_dept_group: false,
    }));
  }),
  post('/topapi/v2/department/listsubid', (call) => {
    const parent = departmentIn(call);
    return { dept_id_list: childrenOf(call.world, parent.id).map((one) => one.id) };
  }),
  post('/topapi/v2/department/get', (call) => {
    const one = departmentIn(call);
    return {
      dept_id: one.id,
      name: one.name,
      ...(one.parentId ? { parent_id: one.parentId } : {}),
      order: one.order,
      dept_manager_userid_list: usersIn(call.world, one.id)
        .filter((user) => user.leaderOf.includes(one.id))
        .map((user) => user.userid),
      auto_add_user: false,
      create_dept_group: false,
      hide_dept: false,
      outer_dept: false,
      source_identifier: '',
    };
  }),
  post('/topapi/v2/department/listparentbyuser', ({ world, body }) => ({
    parent_list: userIn(world, text(body, 'userid', oldParam)).departments.map((id) => ({
      parent_dept_id_list: lineOf(world, id),
    })),
  })),
  post('/topapi/v2/user/list', (call) =>
    page(call, (user, department) => ({
      ...detailOf(call, user),
      leader: user.leaderOf.includes(department),
      dept_order: 0,
    })),
  ),
  post('/topapi/user/listsimple', (call) => page(call, (user) => ({ userid: user.userid, name: user.name }))),
  post('/topapi/user/listid', (call) => ({
    userid_list: usersIn(call.world, departmentIn(call).id).map((user) => user.userid),
  })),
  post('/topapi/v2/user/get', (call) => {
    const user = userIn(call.world, text(call.body, 'userid', oldParam));
    return {
      ...detailOf(call, user),
      dept_order_list: user.departments.map((id) => ({ dept_id: id, order: 0 })),
      leader_in_dept: user.departments.map((id) => ({ dept_id: id, leader: user.leaderOf.includes(id) })),
      role_list: [],
      ...(user.managerId && activeUser(call.world, user.managerId) ? { manager_userid: user.managerId } : {}),
      senior: false,
      real_authed: true,
      exclusive_account: false,
    };
  }),
  post('/topapi/user/getbyunionid', ({ world, body }) => {
    const unionid = text(body, 'unionid', oldParam);
    const user = activeUsers(world).find((one) => one.unionid === unionid);
    if (!user) throw new DingtalkErrcode(60121, '找不到该用户');
    return { contact_type: 0, userid: user.userid };
  }),
  post('/topapi/v2/user/getbymobile', ({ world, body }) => {
    const mobile = text(body, 'mobile', oldParam);
    const user = activeUsers(world).find((one) => one.mobile !== '' && one.mobile === mobile);
    if (!user) throw new DingtalkErrcode(60121, '找不到该用户');
    return { userid: user.userid };
  }),
];

function departmentIn({ world, body }: DingtalkCall): DingtalkDepartment {
  const id = numberOr(body, 'dept_id', rootId, oldParam);
  const found = world.departments.find((one) => one.id === id);
  if (!found) throw new DingtalkErrcode(60003, '部门不存在');
  return found;
}

export const childrenOf = (world: DingtalkWorld, id: number): DingtalkDepartment[] =>
  world.departments.filter((one) => one.parentId === id).sort((a, b) => b.order - a.order);

/** The department and those above it, up to the root. */
function lineOf(world: DingtalkWorld, id: number): number[] {
  const line: number[] = [];
  for (let at = world.departments.find((one) => one.id === id); at && !line.includes(at.id);) {
    line.push(at.id);
    const { parentId } = at;
    at = world.departments.find((one) => one.id === parentId);
  }
  return line;
}

const usersIn = (world: DingtalkWorld, department: number): DingtalkUser[] =>
  activeUsers(world).filter((user) => user.departments.includes(department));

function userIn(world: DingtalkWorld, userid: string): DingtalkUser {
  const user = activeUser(world, userid);
  if (!user) throw new DingtalkErrcode(60121, '找不到该用户');
  return user;
}

function page(call: DingtalkCall, show: (user: DingtalkUser, department: number) => Record<string, unknown>) {
  const department = departmentIn(call).id;
  const cursor = numberOr(call.body, 'cursor', 0, oldParam);
  const size = numberOr(call.body, 'size', sizeMax, oldParam);
  if (!Number.isInteger(cursor) || cursor < 0) throw oldParam('cursor');
  if (!Number.isInteger(size) || size < 1 || size > sizeMax) throw oldParam('size');
  const all = usersIn(call.world, department);
  const to = cursor + size;
  return {
    has_more: to < all.length,
    ...(to < all.length ? { next_cursor: to } : {}),
    list: all.slice(cursor, to).map((user) => show(user, department)),
  };
}

function detailOf({ world }: DingtalkCall, user: DingtalkUser): Record<string, unknown> {
  return {
    userid: user.userid,
    unionid: user.unionid,
    name: user.name,
    avatar: '',
    title: user.title,
    job_number: '',
    ...(world.settings.memberDetails
      ? { mobile: user.mobile, email: user.email, state_code: '86', telephone: '' }
      : {}),
    hide_mobile: false,
    dept_id_list: user.departments,
    admin: user.admin || user.boss,
    boss: user.boss,
    active: true,
    hired_date: user.hiredAt,
    remark: '',
    work_place: '',
    extension: '',
  };
}
