import { afterEach, beforeEach, expect, test } from 'vitest';
import { DingtalkSide, success, type StreamClient } from './dingtalk-side.ts';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();
const dingtalk = new DingtalkSide(world);
let client: StreamClient;
let cast: { rep: string; manager: string; secondManager: string; director: string };
let number = 0;

beforeEach(async () => {
  await dingtalk.settings({ events: 'stream', eventAgainMs: 60_000, callsPerSecondMax: 1000 });
  cast = (await dingtalk.state()).demo;
  client = await dingtalk.connect(() => success);
});
afterEach(async () => {
  world.offsetMs = 0;
  await client.close();
});

const instances = '/v1.0/workflow/processInstances';

async function start(approvers: { actionType: string; userIds: string[] }[], more: Record<string, unknown> = {}) {
  number += 1;
  return dingtalk.call('POST', instances, {
    originatorUserId: cast.rep,
    processCode: 'PROC-ZHIKE-DISCOUNT',
    approvers,
    formComponentValues: [
      { name: '审批编号', value: `AP-${number}` },
      { name: '事项', value: '折扣 15%' },
      { name: '客户', value: '云帆物流' },
    ],
    ...more,
  });
}

async function started(...of: Parameters<typeof start>): Promise<string> {
  const { instanceId } = await start(...of);
  return String(instanceId);
}

interface Detail {
  status: string;
  result?: string;
  createTime: string;
  finishTime?: string;
  businessId: string;
  originatorDeptId: string;
  approverUserIds?: string[];
  tasks: { taskId: number; userId: string; status: string; result: string; finishTime?: string }[];
  operationRecords: { type: string; userId: string; result: string; remark?: string }[];
  formComponentValues: { name: string; value: string; componentType: string }[];
}

async function detail(form: string): Promise<Detail> {
  const { result, success } = await dingtalk.call('GET', `${instances}?processInstanceId=${form}`);
  expect(success).toBe('true');
  return result as Detail;
}

async function execute(form: string, user: string, result: 'agree' | 'refuse', remark = '') {
  const task = (await detail(form)).tasks.find((one) => one.userId === user && one.status === 'RUNNING');
  return dingtalk.call('POST', `${instances}/execute`, {
    processInstanceId: form,
    taskId: task?.taskId,
    actionerUserId: user,
    result,
    remark,
  });
}

const terminate = (form: string, user: string) =>
  dingtalk.call('POST', `${instances}/terminate`, {
    processInstanceId: form,
    isSystem: false,
    operatingUserId: user,
  });

/** What was told of this form, in the order it was told. */
async function told(form: string, count: number): Promise<string[]> {
  const frames = await client.heard(count, (frame) => frame.data['processInstanceId'] === form);
  return frames
    .map(({ headers, data }) => {
      const words = [data['type'], data['result']].filter(Boolean).join('+');
      return headers['eventType'] === 'bpms_instance_change' ? words : `task ${String(data['staffId'])} ${words}`;
    })
    .sort();
}

const one = (user: string) => ({ actionType: 'NONE', userIds: [user] });

test('a form goes step by step to those named, and is approved when the last one agrees', async () => {
  const form = await started([one(cast.manager), one(cast.director)]);
  const open = await detail(form);
  expect(open).toMatchObject({ status: 'RUNNING', approverUserIds: [cast.manager, cast.director] });
  expect(open.createTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/);
  expect(open.formComponentValues[0]).toMatchObject({ name: '审批编号', componentType: 'TextField' });
  expect(open.tasks.map((task) => [task.userId, task.status])).toEqual([[cast.manager, 'RUNNING']]);
  expect(await execute(form, cast.manager, 'agree')).toMatchObject({ result: true });
  expect(
    await dingtalk.act({ kind: 'decide_form', user: cast.director, form, verdict: 'agree', remark: '可以' }),
  ).toEqual({ form });
  const done = await detail(form);
  expect(done).toMatchObject({ status: 'COMPLETED', result: 'agree' });
  expect(done.finishTime).toMatch(/Z$/);
  expect(done.operationRecords.map((record) => [record.type, record.result, record.remark])).toEqual([
    ['START_PROCESS_INSTANCE', 'NONE', undefined],
    ['EXECUTE_TASK_NORMAL', 'AGREE', undefined],
    ['EXECUTE_TASK_NORMAL', 'AGREE', '可以'],
  ]);
  expect(await told(form, 6)).toEqual(
    [
      'start',
      `task ${cast.manager} start`,
      `task ${cast.manager} finish+agree`,
      `task ${cast.director} start`,
      `task ${cast.director} finish+agree`,
      'finish+agree',
    ].sort(),
  );
});

test('of an or-sign the first decides, and the others need not any more', async () => {
  const form = await started([{ actionType: 'OR', userIds: [cast.manager, cast.secondManager] }]);
  await execute(form, cast.secondManager, 'agree');
  const { status, tasks } = await detail(form);
  expect(status).toBe('COMPLETED');
  expect(tasks.find((task) => task.userId === cast.manager)).toMatchObject({ status: 'CANCELED' });
  expect(await told(form, 6)).toContain(`task ${cast.manager} cancel`);
  expect(await execute(form, cast.manager, 'agree')).toMatchObject({ status: 400 });
  expect(await dingtalk.act({ kind: 'decide_form', user: cast.manager, form, verdict: 'agree' })).toMatchObject({
    error: { code: 'sandbox.not_your_turn' },
  });
});

test('of an and-sign everybody must agree, and one refusal ends the form', async () => {
  const both = { actionType: 'AND', userIds: [cast.manager, cast.secondManager] };
  const agreed = await started([both]);
  await execute(agreed, cast.manager, 'agree');
  expect((await detail(agreed)).status).toBe('RUNNING');
  await execute(agreed, cast.secondManager, 'agree');
  expect(await detail(agreed)).toMatchObject({ status: 'COMPLETED', result: 'agree' });
  const refused = await started([both, one(cast.director)]);
  await execute(refused, cast.manager, 'refuse', '太低');
  expect(await detail(refused)).toMatchObject({ status: 'COMPLETED', result: 'refuse' });
});

test('whose turn it is not, and a task that is over, are refused', async () => {
  const form = await started([one(cast.manager)]);
  const [task] = (await detail(form)).tasks;
  const decide = (user: string) =>
    dingtalk.call('POST', `${instances}/execute`, {
      processInstanceId: form,
      taskId: task?.taskId,
      actionerUserId: user,
      result: 'agree',
    });
  expect(await decide(cast.director)).toMatchObject({ status: 400, code: 'aflowProcessInstCanNotBeExecuted' });
  expect(await decide(cast.manager)).toMatchObject({ status: 200 });
  expect(await decide(cast.manager)).toMatchObject({ status: 400, code: 'task.status.error' });
  expect(await dingtalk.call('GET', `${instances}?processInstanceId=none`)).toMatchObject({
    code: 'processInstanceNotExist',
  });
});

test('a form is taken back by whoever started it, not in its first 15 seconds, and not when it is over', async () => {
  const form = await started([one(cast.manager)]);
  expect(await terminate(form, cast.rep)).toMatchObject({ status: 400, code: 'aflowProcessInstStatusException' });
  world.offsetMs = 16_000;
  expect(await terminate(form, cast.manager)).toMatchObject({ code: 'param.illegal.operator' });
  expect(await terminate(form, cast.rep)).toMatchObject({ status: 200, result: true });
  const taken = await detail(form);
  expect(taken.status).toBe('TERMINATED');
  expect(taken.result).toBeUndefined();
  expect(await told(form, 3)).toEqual(['start', 'terminate', `task ${cast.manager} start`].sort());
  expect(await terminate(form, cast.rep)).toMatchObject({ code: 'aflowProcessInstStatusException' });
});

test('a task is handed over: its end says so, and another one begins', async () => {
  const form = await started([one(cast.manager)]);
  const [task] = (await detail(form)).tasks;
  const redirect = { taskId: task?.taskId, operateUserId: cast.manager, toUserId: cast.director, remark: '你来' };
  expect(await dingtalk.call('POST', '/v1.0/workflow/tasks/redirect', redirect)).toMatchObject({ result: true });
  expect(await told(form, 4)).toEqual(
    [
      'start',
      `task ${cast.manager} start`,
      `task ${cast.manager} finish+redirect`,
      `task ${cast.director} start`,
    ].sort(),
  );
  const { forms } = await dingtalk.phone(cast.director);
  expect(forms.find((one) => one.form === form)?.mine).toMatchObject({ isOriginator: false, mayWithdraw: false });
  expect(forms.find((one) => one.form === form)?.mine.openTask).not.toBeNull();
});

test('without approvers the template’s own flow decides: the line of managers', async () => {
  const { instanceId } = await start([], { deptId: -1, processCode: 'PROC-ZHIKE-GENERAL' });
  const form = String(instanceId);
  expect((await detail(form)).approverUserIds).toBeUndefined();
  expect((await detail(form)).originatorDeptId).toBe('-1');
  await execute(form, cast.manager, 'agree');
  await execute(form, cast.director, 'agree');
  expect(await detail(form)).toMatchObject({ status: 'COMPLETED', result: 'agree' });
  expect(await start([])).toMatchObject({ status: 400, code: 'processInstanceInvalidParameter' });
});

test('a form is checked field by field when it is started', async () => {
  const withFields = (formComponentValues: unknown[], processCode = 'PROC-ZHIKE-GENERAL') =>
    start([one(cast.manager)], { formComponentValues, processCode });
  const needed = [
    { name: '审批编号', value: '1' },
    { name: '事项', value: '折扣' },
  ];
  const content = { status: 400, code: 'aflowProcessFormContentInvalid' };
  expect(await withFields([])).toMatchObject({ code: 'aflowProcessFormDataIsNull' });
  expect(await withFields([{ name: '没有这个', value: '1' }])).toMatchObject(content);
  expect(await withFields([needed[0]])).toMatchObject(content);
  expect(await withFields([...needed, { name: '金额', value: '一万' }])).toMatchObject(content);
  expect(await withFields([...needed, { name: '类别', value: '随便' }])).toMatchObject(content);
  expect(await withFields([...needed, { name: '客户', value: 5 }])).toMatchObject(content);
  expect(await withFields(needed, 'PROC-NONE')).toMatchObject({ code: 'aflowProcessNotExist' });
  expect(await start([{ actionType: 'OR', userIds: [cast.manager] }])).toMatchObject({ status: 400 });
  expect(await start([one('nobody')])).toMatchObject({ status: 400, code: 'processInstanceInvalidParameter' });
  expect(
    await withFields([...needed, { name: '金额', value: '10880.5' }, { name: '类别', value: '折扣' }]),
  ).toMatchObject({
    status: 200,
  });
});

test('forms are listed by template, time, person and state, a page at a time', async () => {
  const startTime = Date.now() - 1000;
  const forms = [];
  for (let count = 0; count < 3; count += 1) forms.push(await started([one(cast.manager)]));
  await execute(forms[0] ?? '', cast.manager, 'agree');
  const ask = (more: Record<string, unknown>) =>
    dingtalk.call('POST', '/v1.0/workflow/processes/instanceIds/query', {
      processCode: 'PROC-ZHIKE-DISCOUNT',
      startTime,
      ...more,
    });
  const { result: first } = await ask({ nextToken: 0, maxResults: 2 });
  const { list, nextToken } = first as { list: string[]; nextToken: string };
  const { result: second } = await ask({ nextToken: Number(nextToken), maxResults: 20 });
  expect([...list, ...(second as { list: string[] }).list]).toEqual(expect.arrayContaining(forms));
  const { result: done } = await ask({ statuses: ['COMPLETED'], userIds: [cast.rep] });
  expect((done as { list: string[] }).list).toContain(forms[0]);
  expect((done as { list: string[] }).list).not.toContain(forms[1]);
  expect(await ask({ startTime: Date.now() - 366 * 86_400_000 })).toMatchObject({ status: 400 });
  expect(await ask({ maxResults: 21 })).toMatchObject({ status: 400 });
});

test('on the phone a form shows its fields, who has it and what everybody did', async () => {
  const form = await started([one(cast.manager)]);
  await dingtalk.act({ kind: 'comment_form', user: cast.rep, form, text: '客户今天要答复' });
  const seen = (await dingtalk.phone(cast.manager)).forms.find((one) => one.form === form);
  expect(seen).toMatchObject({
    templateName: '折扣审批',
    status: 'RUNNING',
    originator: { user: cast.rep, name: '王磊' },
    fields: [{ name: '审批编号' }, { name: '事项', value: '折扣 15%' }, { name: '客户', value: '云帆物流' }],
  });
  expect(seen?.records.at(-1)).toMatchObject({ type: 'ADD_REMARK', remark: '客户今天要答复', name: '王磊' });
  expect(await dingtalk.act({ kind: 'withdraw_form', user: cast.rep, form })).toMatchObject({
    error: { code: 'sandbox.cannot_withdraw' },
  });
  world.offsetMs = 16_000;
  expect(await dingtalk.act({ kind: 'withdraw_form', user: cast.rep, form })).toEqual({ form });
});
