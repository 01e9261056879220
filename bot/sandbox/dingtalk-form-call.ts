import {
  activeUser,
  DingtalkRefusal,
  numberOr,
  paramRefused,
  rows,
  text,
  textOr,
  texts,
  type DingtalkCall,
  type DingtalkRule,
} from './dingtalk-call.ts';
import { commentForm, decideTask, formUrl, handOver, mayWithdraw, startForm, withdrawForm } from './dingtalk-form.ts';
import type { DingtalkUser, DingtalkWorld, Form, FormTask, FormTemplate } from './dingtalk-world.ts';

const dayMs = 86_400_000;
const instances = '/v1.0/workflow/processInstances';
const refuse = paramRefused('processInstanceInvalidParameter');
const contentRefused = paramRefused('aflowProcessFormContentInvalid');

export const formCalls: DingtalkRule[] = [
  { method: 'POST', path: instances, answer: start },
  { method: 'GET', path: instances, answer: detail },
  { method: 'POST', path: `${instances}/terminate`, answer: terminate },
  { method: 'POST', path: `${instances}/execute`, answer: execute },
  { method: 'POST', path: '/v1.0/workflow/tasks/redirect', answer: redirect },
  {
    method: 'POST',
    path: `${instances}/comments`,
    answer(call) {
      const { body, stage } = call;
      const form = formIn(call, text(body, 'processInstanceId', refuse));
      const by = staff(call.world, text(body, 'commentUserId', refuse));
      commentForm(stage, form, by.userid, text(body, 'text', refuse, 1024));
      return { result: true };
    },
  },
  { method: 'POST', path: '/v1.0/workflow/processes/instanceIds/query', answer: listIds },
  { method: 'GET', path: '/v1.0/workflow/forms/schemas/processCodes', answer: schema },
];

function staff(world: DingtalkWorld, userid: string): DingtalkUser {
  const user = activeUser(world, userid);
  if (!user) throw refuse(`user not exist: ${userid}`);
  return user;
}

function templateIn(world: DingtalkWorld, code: string): FormTemplate {
  const template = world.templates.find((one) => one.code === code);
  if (!template) throw new DingtalkRefusal('aflowProcessNotExist', '流程不存在');
  return template;
}

function formIn({ world }: DingtalkCall, id: string): Form {
  const form = world.forms[id];
  if (!form) throw new DingtalkRefusal('processInstanceNotExist', '审批实例不存在');
  return form;
}

function start({ stage, world, body }: DingtalkCall): Record<string, unknown> {
  const originator = staff(world, text(body, 'originatorUserId', refuse));
  const template = templateIn(world, text(body, 'processCode', refuse));
  const named = rows(body['approvers'], 'approvers', refuse);
  if (named.length > 20) throw refuse('approvers is oversize');
  if (named.length === 0 && body['deptId'] === undefined) throw refuse('deptId is blank');
  const deptId = numberOr(body, 'deptId', originator.departments[0] ?? 1, refuse);
  const departmentId = deptId === -1 ? 1 : deptId;
  if (!world.departments.some((one) => one.id === departmentId)) throw new DingtalkRefusal('invalidDept', '部门不存在');
  const cc = texts(body, 'ccList', refuse, 50);
  const ccPosition = textOr(body, 'ccPosition', 'FINISH', refuse);
  if (ccPosition !== 'START' && ccPosition !== 'FINISH' && ccPosition !== 'START_FINISH')
    throw refuse('ccPosition is invalid');
  const form = startForm(stage, {
    template,
    originator: originator.userid,
    departmentId,
    values: valuesIn(template, body),
    steps: named.length > 0 ? named.map((one) => stepIn(world, one)) : flowOf(world, template, originator),
    isNamed: named.length > 0,
    cc: cc.map((one) => staff(world, one).userid),
    ccPosition,
  });
  return { instanceId: form.id };
}

function stepIn(world: DingtalkWorld, one: Record<string, unknown>): Form['steps'][number] {
  const of = textOr(one, 'actionType', 'NONE', refuse);
  if (of !== 'AND' && of !== 'OR' && of !== 'NONE') throw refuse('actionType is invalid');
  const users = [...new Set(texts(one, 'userIds', refuse, 20))].map((id) => staff(world, id).userid);
  if (users.length === 0) throw refuse('userIds is blank');
  if (of === 'NONE' && users.length > 1) throw refuse('actionType NONE takes one user');
  // Signing together needs somebody to sign together with.
  if (of !== 'NONE' && users.length < 2) throw refuse(`actionType ${of} takes two users or more`);
  return { of, users };
}

/** The console's flow: who leads whom, as far as there is somebody. */
function flowOf(world: DingtalkWorld, template: FormTemplate, originator: DingtalkUser): Form['steps'] {
  const line: DingtalkUser[] = [];
  for (let at: DingtalkUser | null = originator; at?.managerId && line.length < 10;) {
    const above: DingtalkUser | null = activeUser(world, at.managerId);
    if (above && !line.includes(above)) line.push(above);
    at = above;
  }
  const steps = template.flow.flatMap((_, level): Form['steps'] => {
    const user = line[level];
    return user ? [{ of: 'NONE', users: [user.userid] }] : [];
  });
  if (steps.length > 0) return steps;
  const admin = Object.values(world.users).find((user) => user.active && user.admin);
  if (!admin) throw new DingtalkRefusal('processInstanceStartFailed', '找不到审批人');
  return [{ of: 'NONE', users: [admin.userid] }];
}

/** K-oa 7.1: by the label of each field; a value is text in the manner of its kind. */
function valuesIn(template: FormTemplate, body: Record<string, unknown>): Form['values'] {
  const given = rows(body['formComponentValues'], 'formComponentValues', contentRefused);
  if (given.length === 0) throw new DingtalkRefusal('aflowProcessFormDataIsNull', '表单数据为空');
  if (given.length > 150) throw contentRefused('formComponentValues is oversize');
  const values = given.map((one) => {
    const name = text(one, 'name', contentRefused);
    const field = template.fields.find((known) => known.name === name);
    if (!field) throw contentRefused(`表单控件不存在：${name}`);
    const value = one['value'] ?? '';
    if (typeof value !== 'string') throw contentRefused(`${name} 的值须为字符串`);
    if (value.length > 65_535) throw contentRefused(`${name} 超长`);
    if (value !== '') checkValue(field, value);
    return { id: field.id, name, value, type: field.type, bizAlias: field.bizAlias };
  });
  for (const field of template.fields) {
    const isGiven = values.some((one) => one.name === field.name && one.value !== '');
    if (field.required && !isGiven) throw contentRefused(`${field.name} 必填`);
  }
  return values;
}

function checkValue(field: FormTemplate['fields'][number], value: string): void {
  switch (field.type) {
    case 'NumberField':
    case 'MoneyField':
      if (!/^-?\d+(\.\d+)?$/.test(value)) throw contentRefused(`${field.name} 须为数字`);
      return;
    case 'DDSelectField':
      if (!field.options.includes(value)) throw contentRefused(`${field.name} 没有选项 ${value}`);
      return;
    case 'DDDateField':
      if (!/^\d{4}-\d\d-\d\d/.test(value)) throw contentRefused(`${field.name} 须为日期`);
  }
}

/** To the minute, in universal time. */
const minute = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;

function detail(call: DingtalkCall): Record<string, unknown> {
  const { world, query } = call;
  const id = query.get('processInstanceId');
  if (!id) throw refuse('processInstanceId is blank');
  const form = formIn(call, id);
  const department = world.departments.find((one) => one.id === form.departmentId);
  return {
    result: {
      title: form.title,
      createTime: minute(form.createdAt),
      ...(form.finishedAt === null ? {} : { finishTime: minute(form.finishedAt) }),
      originatorUserId: form.originator,
      originatorDeptId: form.departmentId === 1 ? '-1' : String(form.departmentId),
      originatorDeptName: department?.name ?? '',
      status: form.status,
      ...(form.result === null ? {} : { result: form.result }),
      businessId: form.number,
      ...(form.isNamed ? { approverUserIds: [...new Set(form.steps.flatMap((step) => step.users))] } : {}),
      ccUserIds: form.cc,
      operationRecords: form.records.map((one) => ({
        userId: one.user,
        date: minute(one.at),
        type: one.type,
        result: one.result,
        ...(one.remark ? { remark: one.remark } : {}),
        ...(one.ccUsers ? { ccUserIds: one.ccUsers } : {}),
      })),
      tasks: form.tasks.map((task) => taskShown(world, form, task)),
      bizAction: 'NONE',
      bizData: '',
      attachedProcessInstanceIds: [],
      formComponentValues: form.values.map((one) => ({
        id: one.id,
        name: one.name,
        value: one.value,
        extValue: '',
        componentType: one.type,
        bizAlias: one.bizAlias,
      })),
    },
    // The page has it as text.
    success: 'true',
  };
}

const taskShown = (world: DingtalkWorld, form: Form, task: FormTask): Record<string, unknown> => ({
  taskId: task.id,
  userId: task.user,
  status: task.status,
  result: task.result,
  createTime: minute(task.createdAt),
  ...(task.finishedAt === null ? {} : { finishTime: minute(task.finishedAt) }),
  mobileUrl: `${formUrl(world, form)}?taskId=${task.id}`,
  pcUrl: `${formUrl(world, form)}?taskId=${task.id}`,
  processInstanceId: form.id,
  activityId: `activity_${task.step}`,
});

function terminate(call: DingtalkCall): Record<string, unknown> {
  const { stage, body } = call;
  const form = formIn(call, text(body, 'processInstanceId', refuse));
  const remark = textOr(body, 'remark', '', refuse, 1024);
  const isSystem = body['isSystem'] === true;
  const by = isSystem ? form.originator : text(body, 'operatingUserId', refuse);
  if (by !== form.originator) throw new DingtalkRefusal('param.illegal.operator', '只有发起人可以撤销');
  if (!mayWithdraw(stage, form)) throw new DingtalkRefusal('aflowProcessInstStatusException', '审批实例状态异常');
  withdrawForm(stage, form, by, remark);
  return { result: true };
}

function taskIn(form: Form, body: Record<string, unknown>): FormTask {
  const id = numberOr(body, 'taskId', 0, refuse);
  const task = form.tasks.find((one) => one.id === id);
  if (!task) throw new DingtalkRefusal('task.not.exist', '任务不存在');
  if (form.status !== 'RUNNING' || task.status !== 'RUNNING')
    throw new DingtalkRefusal('task.status.error', '任务状态异常');
  return task;
}

function execute(call: DingtalkCall): Record<string, unknown> {
  const { stage, body } = call;
  const form = formIn(call, text(body, 'processInstanceId', refuse));
  const result = text(body, 'result', refuse);
  if (result !== 'agree' && result !== 'refuse') throw refuse('result is invalid');
  const remark = textOr(body, 'remark', '', refuse, 1024);
  const task = taskIn(form, body);
  if (text(body, 'actionerUserId', refuse) !== task.user) {
    throw new DingtalkRefusal('aflowProcessInstCanNotBeExecuted', '当前用户不能执行该任务');
  }
  decideTask(stage, form, task, result, remark);
  return { result: true, success: true };
}

function redirect(call: DingtalkCall): Record<string, unknown> {
  const { stage, world, body } = call;
  const id = numberOr(body, 'taskId', 0, refuse);
  const form = Object.values(world.forms).find((one) => one.tasks.some((task) => task.id === id));
  if (!form) throw new DingtalkRefusal('task.not.exist', '任务不存在');
  const task = taskIn(form, body);
  if (text(body, 'operateUserId', refuse) !== task.user)
    throw new DingtalkRefusal('param.illegal.operator', '操作人不是审批人');
  const to = staff(world, text(body, 'toUserId', refuse));
  handOver(stage, form, task, to.userid, textOr(body, 'remark', '', refuse, 256));
  return { result: true, success: true };
}

function listIds({ stage, world, body }: DingtalkCall): Record<string, unknown> {
  const template = templateIn(world, text(body, 'processCode', refuse));
  const startTime = Number(text(body, 'startTime', refuse));
  const endTime = numberOr(body, 'endTime', stage.now(), refuse);
  if (!Number.isFinite(startTime) || startTime < stage.now() - 365 * dayMs) throw refuse('startTime is invalid');
  if (endTime - startTime > 120 * dayMs) throw refuse('the span is longer than 120 days');
  const from = numberOr(body, 'nextToken', 0, refuse);
  const size = numberOr(body, 'maxResults', 20, refuse);
  if (size < 1 || size > 20) throw refuse('maxResults is invalid');
  const users = texts(body, 'userIds', refuse, 10);
  const statuses = texts(body, 'statuses', refuse, 10);
  const found = Object.values(world.forms)
    .filter((form) => form.template === template.code)
    .filter((form) => form.createdAt >= startTime && form.createdAt <= endTime)
    .filter((form) => users.length === 0 || users.includes(form.originator))
    .filter((form) => statuses.length === 0 || statuses.includes(form.status))
    .map((form) => form.id);
  const to = from + size;
  return {
    result: { list: found.slice(from, to), ...(to < found.length ? { nextToken: String(to) } : {}) },
    success: true,
  };
}

function schema({ world, query }: DingtalkCall): Record<string, unknown> {
  const template = templateIn(world, query.get('processCode') ?? '');
  return {
    result: {
      creatorUserId: Object.values(world.users).find((user) => user.admin)?.userid ?? '',
      appUuid: '',
      formCode: template.code,
      formUuid: template.code,
      name: template.name,
      memo: '',
      ownerIdType: 'org',
      schemaContent: {
        title: template.name,
        icon: '',
        items: template.fields.map((field) => ({
          componentName: field.type,
          props: {
            id: field.id,
            label: field.name,
            bizAlias: field.bizAlias,
            required: field.required,
            placeholder: '',
            options: field.options,
          },
        })),
      },
    },
    success: true,
  };
}
