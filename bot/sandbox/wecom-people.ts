import type { Member, Stage } from './stage.ts';
import { Errcode, get, limitOf, memberOf, pageOf, post, type CallTable } from './wecom-call.ts';

export const peopleCalls: CallTable = {
  'user/get': get(({ stage, query }) => {
    const userid = query.get('userid');
    if (!userid) throw new Errcode(41009, 'userid missing');
    return userDetail(stage, memberOf(stage, userid));
  }),
  'user/list': get(({ stage, query }) => ({
    userlist: membersIn(stage, query).map((member) => userDetail(stage, member)),
  })),
  'user/simplelist': get(({ stage, query }) => ({
    userlist: membersIn(stage, query).map((member) => ({
      userid: member.userid,
      name: member.name,
      department: member.departments,
      open_userid: '',
    })),
  })),
  // D96067: with the contact-sync secret only; a row for each department a member is in.
  'user/list_id': post(
    ({ stage, body }) => {
      const rows = activeMembers(stage).flatMap((member) =>
        member.departments.map((department) => ({ userid: member.userid, department })),
      );
      const page = pageOf(rows, body, limitOf(body, 10_000, 10_000));
      return { dept_user: page.items, next_cursor: page.nextCursor };
    },
    ['contact_sync'],
  ),
  'department/list': get(({ stage, query }) => ({
    department: departmentsUnder(stage, query).map((one) => ({
      id: one.id,
      name: one.name,
      name_en: '',
      department_leader: activeMembers(stage)
        .filter((member) => member.leaderOf.includes(one.id))
        .map((member) => member.userid),
      parentid: one.parentId,
      order: one.order,
    })),
  })),
  'department/simplelist': get(({ stage, query }) => ({
    department_id: departmentsUnder(stage, query).map((one) => ({
      id: one.id,
      parentid: one.parentId,
      order: one.order,
    })),
  })),
};

const activeMembers = (stage: Stage): Member[] => Object.values(stage.world.members).filter((member) => member.active);

/** `user/list` has no fetch_child: the members of exactly this department (D90200). */
function membersIn(stage: Stage, query: URLSearchParams): Member[] {
  const id = Number(query.get('department_id') ?? Number.NaN);
  if (!Number.isInteger(id)) throw new Errcode(40066, 'invalid department_id');
  if (!stage.world.departments.some((one) => one.id === id)) throw new Errcode(60123, 'invalid party id');
  return activeMembers(stage).filter((member) => member.departments.includes(id));
}

function departmentsUnder(stage: Stage, query: URLSearchParams) {
  const { departments } = stage.world;
  const top = query.get('id');
  if (!top) return departments;
  if (!departments.some((one) => String(one.id) === top)) throw new Errcode(60123, 'invalid party id');
  const under = new Set([Number(top)]);
  for (const one of departments) if (under.has(one.parentId)) under.add(one.id);
  return departments.filter((one) => under.has(one.id));
}

function userDetail(stage: Stage, member: Member): Record<string, unknown> {
  const details = {
    gender: String(member.gender),
    mobile: member.mobile,
    email: member.email,
    biz_mail: member.email,
    avatar: '',
    thumb_avatar: '',
    qr_code: '',
    address: '',
  };
  return {
    userid: member.userid,
    name: member.name,
    department: member.departments,
    order: member.departments.map(() => 0),
    position: member.position,
    ...(stage.world.settings.memberDetails ? details : {}),
    is_leader_in_dept: member.departments.map((id) => Number(member.leaderOf.includes(id))),
    direct_leader: [],
    telephone: '',
    alias: '',
    open_userid: '',
    main_department: member.departments[0] ?? 1,
    extattr: { attrs: [] },
    status: 1,
    external_profile: { external_corp_name: '', external_attr: [] },
  };
}
