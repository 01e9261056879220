import { randomBytes, randomUUID } from 'node:crypto';
import {
  activeUser,
  activeUsers,
  DingtalkErrcode,
  DingtalkRefusal,
  numberOr,
  oldParam,
  paramRefused,
  record,
  rows,
  text,
  textOr,
  texts,
  type DingtalkCall,
  type DingtalkRule,
} from './dingtalk-call.ts';
import type { DingtalkNotice } from './dingtalk-phone-api.ts';
import type { DingtalkWorld, WorkNotice } from './dingtalk-world.ts';
import { jsonIn, type Stage } from './stage.ts';

const dayMs = 86_400_000;
const noticesMax = 5000;
/** K-im 5.3: receivers of one call, its bytes, and what one person gets in a day. */
const receiversMax = 5000;
const messageBytesMax = 2048;
const perDayMax = 500;

type Told = Pick<DingtalkNotice, 'kind' | 'title' | 'text' | 'fields' | 'links'>;

export const dingtalkMessageCalls: DingtalkRule[] = [
  { method: 'POST', path: '/v1.0/robot/oToMessages/batchSend', answer: batchSend },
  { method: 'POST', path: '/v1.0/robot/otoMessages/batchRecall', answer: batchRecall },
  { method: 'GET', path: '/v1.0/robot/oToMessages/readStatus', answer: readStatus },
  { method: 'POST', path: '/topapi/message/corpconversation/asyncsend_v2', answer: sendWorkNotice },
  { method: 'POST', path: '/topapi/message/corpconversation/getsendprogress', answer: sendProgress },
  { method: 'POST', path: '/topapi/message/corpconversation/getsendresult', answer: sendResult },
  { method: 'POST', path: '/topapi/message/corpconversation/recall', answer: recall },
];

function deliver(stage: Stage, user: string, from: DingtalkNotice['from'], sendKey: string, told: Told): void {
  const { notices } = stage.world.dingtalk;
  notices.push({ id: randomUUID(), user, at: stage.now(), from, sendKey, isRead: false, isRecalled: false, ...told });
  notices.splice(0, notices.length - noticesMax);
  stage.changed();
  stage.tell({ type: 'dingtalk', part: 'notices', user });
}

const plain = { title: '', text: '', fields: [], links: [] };

function batchSend({ stage, world, body }: DingtalkCall): Record<string, unknown> {
  checkRobot(world, textOr(body, 'robotCode', '', paramRefused('invalidParameter.robotCode.empty')));
  const userIds = texts(body, 'userIds', paramRefused('invalidParameter.userIds.empty'));
  if (userIds.length === 0) throw new DingtalkRefusal('invalidParameter.userIds.empty', '消息接收人userIds不能为空');
  if (userIds.length > 20) throw new DingtalkRefusal('invalidParameter.userIds.overMax', '消息接收人userIds超过上限');
  const told = robotMessage(body);
  const found = userIds.filter((userid) => activeUser(world, userid));
  if (found.length === 0) throw new DingtalkRefusal('staffId.notExisted', '用户不存在');
  const processQueryKey = randomBytes(16).toString('base64');
  for (const userid of new Set(found)) deliver(stage, userid, 'robot', processQueryKey, told);
  return {
    processQueryKey,
    invalidStaffIdList: userIds.filter((userid) => !found.includes(userid)),
    flowControlledStaffIdList: [],
  };
}

function checkRobot(world: DingtalkWorld, robotCode: string): void {
  if (!robotCode) throw new DingtalkRefusal('invalidParameter.robotCode.empty', 'robotCode为空');
  // The robot of an internal app goes by the app's key.
  if (robotCode !== world.app.clientId) throw new DingtalkRefusal('resource.not.found', 'robot 不存在');
}

function robotMessage(body: Record<string, unknown>): Told {
  const invalid = paramRefused('invalidParameter.msgParam.invalid');
  const kind = textOr(body, 'msgKey', '', invalid);
  if (!kind) throw new DingtalkRefusal('invalidParameter.msgKey.empty', 'msgKey为空');
  const param = record(jsonIn(Buffer.from(text(body, 'msgParam', invalid))), 'msgParam', invalid);
  const of = (key: string) => text(param, key, invalid);
  switch (kind) {
    case 'sampleText':
      return { ...plain, kind, text: of('content') };
    case 'sampleMarkdown':
      return { ...plain, kind, title: of('title'), text: of('text') };
    case 'sampleLink':
      return { ...plain, kind, title: of('title'), text: of('text'), links: [{ title: '', url: of('messageUrl') }] };
    case 'sampleActionCard':
      return {
        ...plain,
        kind,
        title: of('title'),
        text: of('text'),
        links: [{ title: of('singleTitle'), url: of('singleURL') }],
      };
    case 'sampleActionCard2':
    case 'sampleActionCard3':
    case 'sampleActionCard4':
    case 'sampleActionCard5': {
      const buttons = Array.from({ length: Number(kind.at(-1)) }, (_, at) => at + 1);
      const links = buttons.map((number) => ({ title: of(`actionTitle${number}`), url: of(`actionURL${number}`) }));
      return { ...plain, kind, title: of('title'), text: of('text'), links };
    }
    case 'sampleActionCard6': {
      const links = [1, 2].map((number) => ({ title: of(`buttonTitle${number}`), url: of(`buttonUrl${number}`) }));
      return { ...plain, kind, title: of('title'), text: of('text'), links };
    }
    case 'sampleImageMsg':
    case 'sampleAudio':
    case 'sampleFile':
    case 'sampleVideo':
      return {
        ...plain,
        kind,
        text: `[${kind.slice('sample'.length)}] ${textOr(param, 'fileName', '', invalid)}`.trim(),
      };
    default:
      throw new DingtalkRefusal('invalidParameter.msgKey.invalid', 'msgKey无效');
  }
}

function batchRecall({ stage, world, body }: DingtalkCall): Record<string, unknown> {
  checkRobot(world, textOr(body, 'robotCode', '', paramRefused('invalidParameter.robotCode.empty')));
  const keys = texts(body, 'processQueryKeys', paramRefused('invalidParameter.processQueryKeys'));
  const known = keys.filter((key) => recallAll(stage, key, 'robot') > 0);
  const failed = keys.filter((key) => !known.includes(key)).map((key) => [key, 'not found']);
  return { successResult: known, failedResult: Object.fromEntries(failed) };
}

function recallAll(stage: Stage, sendKey: string, from: DingtalkNotice['from']): number {
  const found = stage.world.dingtalk.notices.filter((one) => one.sendKey === sendKey && one.from === from);
  for (const one of found) {
    one.isRecalled = true;
    stage.tell({ type: 'dingtalk', part: 'notices', user: one.user });
  }
  stage.changed();
  return found.length;
}

function readStatus({ world, query }: DingtalkCall): Record<string, unknown> {
  checkRobot(world, query.get('robotCode') ?? '');
  const found = world.notices.filter((one) => one.sendKey === query.get('processQueryKey') && one.from === 'robot');
  return {
    sendStatus: found.length === 0 ? 'FAILED' : found.every((one) => one.isRecalled) ? 'RECALLED' : 'SUCCESS',
    messageReadInfoList: found.map((one) => ({
      userId: one.user,
      name: world.users[one.user]?.name ?? '',
      readStatus: one.isRead ? 'READ' : 'UNREAD',
      readTimestamp: one.isRead ? one.at : 0,
    })),
  };
}

const list = (value: string): string[] =>
  value
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** Beyond a limit DingTalk says ok all the same, and the person gets nothing. */
function sendWorkNotice({ stage, world, body }: DingtalkCall): Record<string, unknown> {
  checkAgent(world, body);
  const wanted = list(textOr(body, 'userid_list', '', oldParam));
  const departments = list(textOr(body, 'dept_id_list', '', oldParam));
  const isToAll = body['to_all_user'] === true || body['to_all_user'] === 'true';
  if (wanted.length > 100) throw oldParam('userid_list');
  if (departments.length > 20) throw oldParam('dept_id_list');
  if (!isToAll && wanted.length + departments.length === 0) throw new DingtalkErrcode(1_430_000, '接收者为空');
  const msg = typeof body['msg'] === 'string' ? jsonIn(Buffer.from(body['msg'])) : body['msg'];
  const told = workMessage(record(msg, 'msg', oldParam));
  const content = JSON.stringify(msg);
  if (Buffer.byteLength(content) > messageBytesMax)
    throw new DingtalkErrcode(40_035, '不合法的参数:消息体超过2048字节');

  const known = new Set(departments.map(Number).filter((id) => world.departments.some((one) => one.id === id)));
  for (const one of world.departments) if (known.has(one.parentId)) known.add(one.id);
  const receivers = activeUsers(world)
    .filter((user) => isToAll || wanted.includes(user.userid) || user.departments.some((id) => known.has(id)))
    .slice(0, receiversMax);
  const invalidUsers = wanted.filter((userid) => !activeUser(world, userid));
  if (receivers.length === 0 && departments.length === 0) throw new DingtalkErrcode(33_012, '无效的USERID列表');

  const taskId = 300_000_000_000 + world.workNotices.length + (stage.now() % 1_000_000_000);
  const notice: WorkNotice = {
    taskId,
    at: stage.now(),
    users: [],
    invalidUsers,
    invalidDepartments: departments.filter((id) => !known.has(Number(id))),
    dropped: [],
    content,
  };
  for (const { userid } of receivers) {
    const today = world.workNotices.filter((one) => isSameDay(one.at, stage.now()) && one.users.includes(userid));
    if (today.some((one) => one.content === content)) notice.dropped.push({ user: userid, code: 143_106 });
    else if (today.length >= perDayMax) notice.dropped.push({ user: userid, code: 143_105 });
    else {
      notice.users.push(userid);
      deliver(stage, userid, 'work_notice', String(taskId), told);
    }
  }
  world.workNotices.push(notice);
  world.workNotices.splice(0, world.workNotices.length - noticesMax);
  stage.changed();
  return { task_id: taskId };
}

/** As days go in China. */
const isSameDay = (a: number, b: number): boolean =>
  Math.floor((a + 8 * 3_600_000) / dayMs) === Math.floor((b + 8 * 3_600_000) / dayMs);

function checkAgent(world: DingtalkWorld, body: Record<string, unknown>): void {
  if (text(body, 'agent_id', oldParam) !== world.app.agentId) throw new DingtalkErrcode(40_056, '不合法的agentid');
}

function workMessage(msg: Record<string, unknown>): Told {
  const kind = text(msg, 'msgtype', oldParam);
  const inside = record(msg[kind], kind, oldParam);
  const of = (key: string) => text(inside, key, oldParam);
  const maybe = (key: string) => textOr(inside, key, '', oldParam);
  switch (kind) {
    case 'text':
      return { ...plain, kind, text: of('content') };
    case 'markdown':
      return { ...plain, kind, title: of('title'), text: of('text') };
    case 'link':
      return { ...plain, kind, title: of('title'), text: of('text'), links: [{ title: '', url: of('messageUrl') }] };
    case 'action_card': {
      const several = rows(inside['btn_json_list'], 'btn_json_list', oldParam);
      const links =
        several.length > 0
          ? several.map((one) => ({ title: text(one, 'title', oldParam), url: text(one, 'action_url', oldParam) }))
          : [{ title: of('single_title'), url: of('single_url') }];
      return { ...plain, kind, title: maybe('title'), text: of('markdown'), links };
    }
    case 'oa': {
      const body = record(inside['body'] ?? {}, 'body', oldParam);
      const head = record(inside['head'] ?? {}, 'head', oldParam);
      return {
        kind,
        title: textOr(body, 'title', textOr(head, 'text', '', oldParam), oldParam),
        text: textOr(body, 'content', '', oldParam),
        fields: rows(body['form'], 'form', oldParam).map((one) => ({
          name: textOr(one, 'key', '', oldParam),
          value: textOr(one, 'value', '', oldParam),
        })),
        links: maybe('message_url') ? [{ title: '', url: of('message_url') }] : [],
      };
    }
    case 'image':
    case 'voice':
    case 'file':
      return { ...plain, kind, text: `[${kind}]` };
    default:
      throw oldParam('msgtype');
  }
}

function noticeIn(call: DingtalkCall, key: string): WorkNotice {
  checkAgent(call.world, call.body);
  const id = numberOr(call.body, key, 0, oldParam);
  const found = call.world.workNotices.find((one) => one.taskId === id);
  if (!found || call.stage.now() - found.at > dayMs) throw oldParam(key);
  return found;
}

function sendProgress(call: DingtalkCall): Record<string, unknown> {
  noticeIn(call, 'task_id');
  return { progress: { progress_in_percent: 100, status: 2 } };
}

function sendResult(call: DingtalkCall): Record<string, unknown> {
  const notice = noticeIn(call, 'task_id');
  const read = new Set(
    call.world.notices.filter((one) => one.sendKey === String(notice.taskId) && one.isRead).map((one) => one.user),
  );
  return {
    send_result: {
      invalid_user_id_list: notice.invalidUsers,
      forbidden_user_id_list: notice.dropped.map((one) => one.user),
      forbidden_list: notice.dropped.map((one) => ({ code: String(one.code), count: 1, userid: one.user })),
      failed_user_id_list: [],
      read_user_id_list: notice.users.filter((user) => read.has(user)),
      unread_user_id_list: notice.users.filter((user) => !read.has(user)),
      invalid_dept_id_list: notice.invalidDepartments.map(Number),
    },
  };
}

function recall(call: DingtalkCall): Record<string, unknown> {
  recallAll(call.stage, String(noticeIn(call, 'msg_task_id').taskId), 'work_notice');
  return {};
}
