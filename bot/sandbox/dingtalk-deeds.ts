import { randomBytes, randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { activeUser } from './dingtalk-call.ts';
import { pressCard, usersOf } from './dingtalk-card.ts';
import {
  commentForm,
  decideTask,
  handOver,
  mayWithdraw,
  openTaskOf,
  startForm,
  withdrawForm,
} from './dingtalk-form.ts';
import type { DingtalkAct, DingtalkActResult, dingtalkAct } from './dingtalk-phone-api.ts';
import { unionIdOf } from './dingtalk-seed.ts';
import { completeTodo, removeTodo } from './dingtalk-todo.ts';
import type { DingtalkDepartment, DingtalkUser, Form, FormTask } from './dingtalk-world.ts';
import { DeedRefused } from './deed-refused.ts';
import type { Stage } from './stage.ts';

type Deed<Kind extends DingtalkAct['kind']> = Extract<z.output<typeof dingtalkAct>, { kind: Kind }>;

/** 5.1: a robot message is answered at its address for about an hour and a half. */
const sessionMs = 5_400_000;
/** Nobody is asked to wait longer for what a robot says. */
const robotAnswerMs = 5000;

/** What people do on their phones and in DingTalk's console; the product hears of each what DingTalk would tell it. */
export async function performDingtalk(stage: Stage, deed: z.output<typeof dingtalkAct>): Promise<DingtalkActResult> {
  switch (deed.kind) {
    case 'press_card':
      return { press: await press(stage, deed) };
    case 'read_notice':
      return readNotice(stage, deed);
    case 'complete_todo': {
      const { user, todo } = todoOf(stage, deed);
      if (!todo.executors.some((one) => one.union === user.unionid))
        throw refused('not_executor', '你不是这条待办的执行人。');
      completeTodo(stage, todo, user.unionid, deed.done);
      return {};
    }
    case 'remove_todo': {
      const { user, todo } = todoOf(stage, deed);
      if (todo.creator !== user.unionid) throw refused('not_creator', '只有创建人可以删除待办。');
      removeTodo(stage, todo);
      return {};
    }
    case 'decide_form': {
      const { form, task } = taskOf(stage, deed);
      decideTask(stage, form, task, deed.verdict, deed.remark);
      return { form: form.id };
    }
    case 'hand_over_form': {
      const { form, task } = taskOf(stage, deed);
      const to = userOf(stage, deed.to);
      if (to.userid === task.user) throw refused('same_person', '不能转交给自己。');
      handOver(stage, form, task, to.userid, deed.remark);
      return { form: form.id };
    }
    case 'comment_form': {
      const form = formOf(stage, deed.form);
      commentForm(stage, form, userOf(stage, deed.user).userid, deed.text);
      return { form: form.id };
    }
    case 'withdraw_form': {
      const form = formOf(stage, deed.form);
      if (form.originator !== deed.user) throw refused('not_originator', '只有发起人可以撤销。');
      if (!mayWithdraw(stage, form)) throw refused('cannot_withdraw', '现在不能撤销：刚刚发起，或已经结束。');
      withdrawForm(stage, form, deed.user, deed.remark);
      return { form: form.id };
    }
    case 'start_form':
      return { form: start(stage, deed).id };
    case 'tell_robot':
      await tellRobot(stage, deed);
      return {};
    case 'user_joins':
      return { user: joins(stage, deed) };
    case 'user_leaves':
      return leaves(stage, userOf(stage, deed.user));
    case 'user_moves':
      return moves(stage, deed);
    case 'department_made':
    case 'department_renamed':
    case 'department_removed':
      return { department: changeDepartment(stage, deed) };
    case 'cut_stream':
      stage.dingtalk.cut(deed.gently);
      return {};
    case 'repeat_event':
      stage.dingtalk.repeat();
      return {};
    case 'unknown_event':
      stage.dingtalk.tell({ type: deed.name, fields: { note: '沙盒' } });
      return {};
  }
}

const refused = (code: string, message: string, status = 409) => new DeedRefused(`sandbox.${code}`, message, status);

function userOf(stage: Stage, userid: string): DingtalkUser {
  const user = activeUser(stage.world.dingtalk, userid);
  if (!user) throw refused('user_unknown', '钉钉里没有这位在职成员。', 404);
  return user;
}

function press(stage: Stage, deed: Deed<'press_card'>) {
  const card = stage.world.dingtalk.cards[deed.card];
  const user = userOf(stage, deed.user);
  if (!card) throw refused('card_unknown', '没有这张卡片。', 404);
  if (!usersOf(card).includes(user.userid)) throw refused('card_of_others', '这张卡片没有发给这位成员。');
  return pressCard(stage, card, user.userid, deed.action, deed.params);
}

function readNotice(stage: Stage, deed: Deed<'read_notice'>): DingtalkActResult {
  const notice = stage.world.dingtalk.notices.find((one) => one.id === deed.notice && one.user === deed.user);
  if (!notice) throw refused('notice_unknown', '没有这条通知。', 404);
  notice.isRead = true;
  stage.changed();
  stage.tell({ type: 'dingtalk', part: 'notices', user: deed.user });
  return {};
}

function todoOf(stage: Stage, deed: { user: string; todo: string }) {
  const todo = stage.world.dingtalk.todos[deed.todo];
  if (!todo) throw refused('todo_unknown', '没有这条待办。', 404);
  return { user: userOf(stage, deed.user), todo };
}

function formOf(stage: Stage, id: string): Form {
  const form = stage.world.dingtalk.forms[id];
  if (!form) throw refused('form_unknown', '没有这张审批单。', 404);
  return form;
}

function taskOf(stage: Stage, deed: { user: string; form: string }): { form: Form; task: FormTask } {
  const form = formOf(stage, deed.form);
  const task = openTaskOf(form, userOf(stage, deed.user).userid);
  if (!task || form.status !== 'RUNNING') throw refused('not_your_turn', '这张审批单现在不等你处理。');
  return { form, task };
}

function start(stage: Stage, deed: Deed<'start_form'>): Form {
  const originator = userOf(stage, deed.user);
  const template = stage.world.dingtalk.templates.find((one) => one.code === deed.template);
  if (!template) throw refused('template_unknown', '没有这个审批模板。', 404);
  const lacking = template.fields.find((field) => field.required && !deed.values[field.name]);
  if (lacking) throw refused('field_missing', `请填写${lacking.name}。`);
  return startForm(stage, {
    template,
    originator: originator.userid,
    departmentId: originator.departments[0] ?? 1,
    values: template.fields.flatMap((field) => {
      const value = deed.values[field.name];
      return value ? [{ id: field.id, name: field.name, value, type: field.type, bizAlias: field.bizAlias }] : [];
    }),
    steps: deed.approvers.map((one) => ({ of: 'NONE', users: [userOf(stage, one).userid] })),
    isNamed: false,
    cc: [],
    ccPosition: 'FINISH',
  });
}

/** 5.1: on the stream of robot messages; nothing is pushed again. */
async function tellRobot(stage: Stage, deed: Deed<'tell_robot'>): Promise<void> {
  const { app } = stage.world.dingtalk;
  const user = userOf(stage, deed.user);
  const at = stage.now();
  const { sessions } = stage.world.dingtalk;
  const session = { id: randomBytes(16).toString('hex'), user: user.userid, expiresAt: at + sessionMs };
  sessions.push(session);
  sessions.splice(0, sessions.length - 200);
  await stage.dingtalk.ask(
    '/v1.0/im/bot/messages/get',
    {
      conversationId: `cid${user.unionid.slice(0, 20)}=`,
      conversationType: '1',
      chatbotCorpId: app.corpId,
      chatbotUserId: `$:LWCP_v1:$${app.clientId}`,
      robotCode: app.clientId,
      msgId: `msg${randomBytes(16).toString('base64')}`,
      createAt: at,
      senderId: `$:LWCP_v1:$${user.unionid}`,
      senderStaffId: user.userid,
      senderNick: user.name,
      senderCorpId: app.corpId,
      isAdmin: user.admin,
      isInAtList: false,
      sessionWebhook: `${stage.url}/robot/sendBySession?session=${session.id}`,
      sessionWebhookExpiredTime: session.expiresAt,
      msgtype: 'text',
      text: { content: deed.text },
    },
    robotAnswerMs,
  );
}

const aboutPeople = (stage: Stage) => {
  stage.changed();
  stage.tell({ type: 'dingtalk', part: 'people', user: null });
};

function tellOfUsers(stage: Stage, type: string, users: string[], more: Record<string, unknown> = {}): void {
  stage.dingtalk.tell({ type, fields: { timeStamp: String(stage.now()), userId: users, ...more } });
  aboutPeople(stage);
}

function joins(stage: Stage, deed: Deed<'user_joins'>): string {
  const world = stage.world.dingtalk;
  const department = departmentOf(stage, deed.department);
  const userid = String(randomBytes(6).readUIntBE(0, 6)).padStart(12, '5').slice(-12);
  world.users[userid] = {
    userid,
    unionid: unionIdOf(userid, stage.world.seed),
    member: null,
    name: deed.name,
    title: deed.title,
    mobile: deed.mobile,
    email: '',
    departments: [department.id],
    leaderOf: [],
    managerId:
      Object.values(world.users).find((one) => one.active && one.leaderOf.includes(department.id))?.userid ?? null,
    active: true,
    admin: false,
    boss: false,
    hiredAt: stage.now(),
  };
  tellOfUsers(stage, 'user_add_org', [userid]);
  return userid;
}

function leaves(stage: Stage, user: DingtalkUser): DingtalkActResult {
  user.active = false;
  tellOfUsers(stage, 'user_leave_org', [user.userid]);
  return { user: user.userid };
}

function moves(stage: Stage, deed: Deed<'user_moves'>): DingtalkActResult {
  const user = userOf(stage, deed.user);
  const before = { title: user.title, department: user.departments.join(',') };
  user.departments = [...new Set(deed.departments.map((one) => departmentOf(stage, one).id))];
  user.leaderOf = deed.leads.map((one) => departmentOf(stage, one).id).filter((id) => user.departments.includes(id));
  user.title = deed.title ?? user.title;
  const after = { title: user.title, department: user.departments.join(',') };
  tellOfUsers(stage, 'user_modify_org', [user.userid], {
    diffInfo: [{ prev: before, curr: after, userid: user.userid }],
  });
  return { user: user.userid };
}

function departmentOf(stage: Stage, key: string): DingtalkDepartment {
  const found = stage.world.dingtalk.departments.find((one) => String(one.id) === key);
  if (!found) throw refused('department_unknown', '没有这个部门。', 404);
  return found;
}

function changeDepartment(
  stage: Stage,
  deed: Deed<'department_made'> | Deed<'department_renamed'> | Deed<'department_removed'>,
): string {
  const { departments, users } = stage.world.dingtalk;
  const tell = (type: string, id: number) => {
    stage.dingtalk.tell({ type, fields: { timeStamp: String(stage.now()), deptId: [id] } });
    aboutPeople(stage);
    return String(id);
  };
  if (deed.kind === 'department_made') {
    const parent = departmentOf(stage, deed.parent);
    const id = Math.max(...departments.map((one) => one.id)) + 1;
    departments.push({ id, name: deed.name, parentId: parent.id, order: 1 });
    return tell('org_dept_create', id);
  }
  const found = departmentOf(stage, deed.department);
  if (deed.kind === 'department_renamed') {
    found.name = deed.name;
    return tell('org_dept_modify', found.id);
  }
  const isUsed =
    found.id === 1 ||
    departments.some((one) => one.parentId === found.id) ||
    Object.values(users).some((user) => user.active && user.departments.includes(found.id));
  if (isUsed) throw refused('department_in_use', '部门里还有人或下级部门，不能删除。');
  stage.world.dingtalk.departments = departments.filter((one) => one !== found);
  return tell('org_dept_remove', found.id);
}

/** A session's answer lands on the phone of whoever wrote to the robot. */
export function answerSession(stage: Stage, user: string, text: string): void {
  stage.world.dingtalk.notices.push({
    id: randomUUID(),
    user,
    at: stage.now(),
    from: 'robot',
    kind: 'text',
    title: '',
    text,
    fields: [],
    links: [],
    isRead: false,
    isRecalled: false,
    sendKey: '',
  });
  stage.changed();
  stage.tell({ type: 'dingtalk', part: 'notices', user });
}
