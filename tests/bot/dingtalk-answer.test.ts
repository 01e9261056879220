import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cardParams } from '#bot/dingtalk/dingtalk-card.ts';
import { dingtalk } from '#bot/dingtalk/dingtalk.ts';
import type { Card } from '#server/platform/card.ts';
import { fixture, not, refused, type Json } from '#tests/bot/dingtalk-double.ts';
import { keys, signedAt } from '#tests/bot/dingtalk-sealed.ts';
import { makeDingtalkWorld, type DingtalkWorld } from '#tests/bot/dingtalk-world.ts';
import { testTools } from '#tests/bot/platform-tools.ts';

let world: DingtalkWorld;
beforeAll(async () => {
  world = await makeDingtalkWorld();
});
beforeEach(() => {
  world.double.asUsual();
  world.double.calls.length = 0;
});
afterAll(() => world.double.close());
const bodies = (path: string) => world.double.called(path);

describe('the company', () => {
  test('departments are walked from the root down, whatever is a number or text', async () => {
    expect(await world.platform.listDepartments()).toEqual([
      { key: '1', name: '山海科技', parentKey: null, order: 0 },
      { key: '37125001', name: '华东区', parentKey: '1', order: 0 },
      { key: '37125002', name: '市场部', parentKey: '1', order: 0 },
      { key: '37125003', name: '上海一组', parentKey: '37125001', order: 0 },
    ]);
  });

  test('members come page by page; who is in several departments leads those the platform says, not all', async () => {
    const members = await world.platform.listMembers('37125001');
    expect(bodies('/topapi/v2/user/list').map(({ cursor }) => cursor)).toEqual([0, 1]);
    expect(members).toEqual([
      {
        key: 'wangjl',
        name: '王建国',
        position: '区域经理',
        avatar: 'https://static.example.com/wangjl.png',
        mobile: '13900000002',
        email: 'wangjl@example.com',
        active: true,
        departments: [
          { key: '37125001', isLeader: true },
          { key: '37125003', isLeader: false },
        ],
      },
      {
        key: 'zhangsan',
        name: '张三',
        position: '销售专员',
        avatar: null,
        mobile: '13900000001',
        email: 'zhangsan@corp.example.com',
        active: true,
        departments: [{ key: '37125001', isLeader: false }],
      },
    ]);
    expect(await world.platform.getMember('wangjl')).toEqual(members[0]);
  });

  test('a limit met in the middle of the walk is waited for, and one that lasts is told', async () => {
    let met = 0;
    world.double.answer('/topapi/v2/department/listsub', ({ body }) => {
      if (body['dept_id'] !== 1 || ++met > 1) return fixture('api/department-listsub-none');
      return not(90018);
    });
    expect(await world.platform.listDepartments()).toHaveLength(1);
    world.double.answer('/topapi/v2/department/listsub', { status: 1111, wait: 300, punish: 'deny' });
    await expect(world.platform.listDepartments()).rejects.toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 300_000,
    });
  });

  test('who left between the list and the question is left out', async () => {
    world.double.answer('/topapi/v2/user/get', not(60121));
    expect((await world.platform.listMembers('37125001')).map(({ key }) => key)).toEqual(['zhangsan']);
  });

  test('a page that comes twice ends the walk with an error, not never', async () => {
    world.double.answer('/topapi/v2/user/list', { errcode: 0, result: { has_more: true, next_cursor: 0, list: [] } });
    await expect(world.platform.listMembers('1')).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('login', () => {
  test('a browser is sent to DingTalk with where to come back to', () => {
    const url = new URL(world.platform.loginUrl('https://crm.example.com/inbox.html?x=1', 'state1'));
    expect(url.origin + url.pathname).toBe('https://login.dingtalk.com/oauth2/auth');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      redirect_uri: 'https://crm.example.com/inbox.html?x=1',
      response_type: 'code',
      client_id: keys.clientId,
      scope: 'openid corpid',
      corpId: keys.corpId,
      state: 'state1',
      prompt: 'consent',
    });
  });

  test('what the browser brings back names a member, who is of this company', async () => {
    const { double, platform } = world;
    double.answer('POST /v1.0/oauth2/userAccessToken', {
      accessToken: 'personal',
      expireIn: 7200,
      corpId: keys.corpId,
    });
    double.answer('GET /v1.0/contact/users/me', ({ headers }) =>
      headers['x-acs-dingtalk-access-token'] === 'personal' ? { unionId: 'unionzhangsan', nick: '张三' } : not(1),
    );
    const known = (more: Json) => ({ errcode: 0, errmsg: 'ok', result: { userid: 'zhangsan', ...more } });
    double.answer('/topapi/user/getbyunionid', known({ contact_type: 0 }));
    // The personal token opens what ours does not.
    double.tokens.good = 'personal';
    world.tools.tokens.clear();
    expect(await platform.memberFromLogin('browser-code')).toBe('zhangsan');
    double.answer('/topapi/user/getbyunionid', known({ contact_type: 1 }));
    await expect(platform.memberFromLogin('browser-code')).rejects.toMatchObject({ code: 'not_a_member' });
    double.answer('POST /v1.0/oauth2/userAccessToken', { accessToken: 'personal', expireIn: 7200, corpId: 'another' });
    await expect(platform.memberFromLogin('browser-code')).rejects.toMatchObject({ code: 'not_a_member' });
    double.answer('POST /v1.0/oauth2/userAccessToken', { accessToken: 'personal', expireIn: 7200 });
    double.answer('/topapi/user/getbyunionid', not(60121));
    await expect(platform.memberFromLogin('browser-code')).rejects.toMatchObject({ kind: 'not_found' });
  });
});

test('a page gets what dd.config and requestAuthCode take', async () => {
  expect(await world.platform.clientConfig('https://crm.example.com/inbox.html#/approvals')).toEqual({
    corpId: keys.corpId,
    clientId: keys.clientId,
    agentId: 3_000_000_001,
    timeStamp: signedAt.getTime() / 1000,
    nonceStr: expect.stringMatching(/^[\da-f]{16}$/),
    signature: expect.stringMatching(/^[\da-f]{64}$/),
  });
});

describe('notices', () => {
  const path = '/v1.0/robot/oToMessages/batchSend';

  test('a text goes as it is, cut on a whole character', async () => {
    await world.platform.sendNotice(['zhangsan'], { text: '👩‍👩‍👧'.repeat(500) });
    const [body] = bodies(path);
    expect(body).toMatchObject({ robotCode: keys.clientId, userIds: ['zhangsan'], msgKey: 'sampleText' });
    const { content } = JSON.parse(String(body?.['msgParam'])) as { content: string };
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(4000);
    expect(content.replaceAll('👩‍👩‍👧', '')).toBe('…');
  });

  test('what a customer is called becomes no link and no picture', async () => {
    const text = '任务到期\n给[免费](https://evil.example.com)![x](y)<font>王总\n# 标题';
    await world.platform.sendNotice(['zhangsan'], { text, url: 'https://crm.example.com/t/1' });
    const param = JSON.parse(String(bodies(path)[0]?.['msgParam'])) as Json;
    expect(param).toMatchObject({ title: '任务到期', singleURL: 'https://crm.example.com/t/1' });
    expect(param['text']).toBe('给［免费］(https://evil.example.com)!［x］(y)＜font>王总  \n＃ 标题');
  });

  test('twenty at a time; whom the answer names is not reached', async () => {
    const to = Array.from({ length: 45 }, (_, at) => `m${at}`);
    world.double.answer(`POST ${path}`, ({ body }) => ({
      ...fixture('api/batch-send'),
      invalidStaffIdList: (body['userIds'] as string[]).filter((key) => key === 'm3'),
      flowControlledStaffIdList: (body['userIds'] as string[]).filter((key) => key === 'm44'),
    }));
    expect(await world.platform.sendNotice(to, { text: 'x' })).toEqual({ unreached: ['m3', 'm44'] });
    expect(bodies(path).map(({ userIds }) => (userIds as string[]).length)).toEqual([20, 20, 5]);
  });

  test('when some have it already, a failure is not taken for one that reached nobody', async () => {
    const to = Array.from({ length: 21 }, (_, at) => `m${at}`);
    world.double.answer(`POST ${path}`, (call, response) =>
      (call.body['userIds'] as string[]).length === 1 ? response.writeHead(503).end() : fixture('api/batch-send'),
    );
    await expect(world.platform.sendNotice(to, { text: 'x' })).rejects.toMatchObject({ kind: 'unknown' });
  });

  test('who is held back for writing too much gets it later', async () => {
    world.double.answer(`POST ${path}`, { ...fixture('api/batch-send'), flowControlledStaffIdList: ['zhangsan'] });
    await expect(world.platform.sendNotice(['zhangsan'], { text: 'x' })).rejects.toMatchObject({
      kind: 'rate_limited',
    });
  });
});

const card: Card = {
  key: 'approval-1-zhangsan',
  title: '折扣申请 · 王总',
  lines: [
    { label: '申请人', text: '张三' },
    { label: '金额', text: '¥ 12,800 → ¥ 10,880' },
  ],
  risk: '低于底价',
  url: 'https://crm.example.com/inbox.html#/approvals/1',
  buttons: [
    { action: 'reject', label: '拒绝', style: 'danger', opensPage: true },
    { action: 'approve', label: '同意', style: 'primary', opensPage: false },
  ],
  verdict: '',
};

describe('cards', () => {
  test('a card goes into the member’s chat with the robot, its presses come over the stream', async () => {
    expect(await world.platform.sendCard('zhangsan', card)).toEqual({ reached: true, updateCode: null });
    expect(bodies('/v1.0/card/instances/createAndDeliver')[0]).toMatchObject({
      cardTemplateId: 'template-1.schema',
      outTrackId: 'approval-1-zhangsan',
      callbackType: 'STREAM',
      openSpaceId: 'dtv1.card//IM_ROBOT.zhangsan',
      imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT', robotCode: keys.clientId },
      cardData: { cardParamMap: { title: '折扣申请 · 王总', status: 'open', can_press: 'true' } },
    });
  });

  test('by HTTP, where presses go is said once, with the secret that signs them', async () => {
    const env = { ...world.double.env, DINGTALK_MODE: 'http', PUBLIC_URL: 'https://crm.example.com' };
    const platform = dingtalk.create(env, testTools(signedAt));
    await platform?.sendCard('zhangsan', card);
    await platform?.sendCard('zhangsan', card);
    expect(bodies('/v1.0/card/callbacks/register')).toEqual([
      {
        callbackRouteKey: 'zhike',
        callbackUrl: 'https://crm.example.com/callbacks/dingtalk',
        apiSecret: keys.cardSecret,
        forceUpdate: true,
      },
    ]);
    expect(bodies('/v1.0/card/instances/createAndDeliver')[1]).toMatchObject({
      callbackType: 'HTTP',
      callbackRouteKey: 'zhike',
    });
  });

  test('one that is there already is there; one that reaches nobody says so', async () => {
    const path = 'POST /v1.0/card/instances/createAndDeliver';
    world.double.answer(path, refused(400, 'param.cardAlreadyExist'));
    expect((await world.platform.sendCard('zhangsan', card)).reached).toBe(true);
    world.double.answer(path, {
      success: true,
      result: { outTrackId: card.key, deliverResults: [{ success: false, errorMsg: 'user not exist' }] },
    });
    expect((await world.platform.sendCard('nobody', card)).reached).toBe(false);
    expect((await world.platform.sendCard('zhangsan;IM_GROUP.cid', card)).reached).toBe(false);
    world.double.answer(path, refused(400, 'param.templateUnpublished'));
    await expect(world.platform.sendCard('zhangsan', card)).rejects.toMatchObject({ kind: 'rejected' });
  });

  test('another face says all of the template anew, what is gone as well', async () => {
    const decided = { ...card, lines: card.lines.slice(0, 1), buttons: [], verdict: '王经理 已同意 11-22 10:03' };
    await world.platform.updateCard('zhangsan', decided, null);
    const call = world.double.calls.find(({ method, path }) => method === 'PUT' && path === '/v1.0/card/instances');
    expect(call?.body).toMatchObject({
      outTrackId: card.key,
      cardUpdateOptions: { updateCardDataByKey: true },
      cardData: {
        cardParamMap: {
          status: 'decided',
          verdict: '王经理 已同意 11-22 10:03',
          can_press: 'false',
          approve_label: '',
          line1_text: '张三',
          line2_text: '',
        },
      },
    });
  });

  test('a button calls back, or opens the page; no style has a button it was not given', () => {
    expect(cardParams(card)).toMatchObject({
      approve_label: '同意',
      approve_action: 'approve',
      approve_url: '',
      reject_label: '拒绝',
      reject_action: '',
      reject_url: card.url,
      more_label: '',
      more_action: '',
      more_url: '',
    });
    expect(Object.keys(cardParams({ ...card, buttons: [], lines: [] }))).toEqual(Object.keys(cardParams(card)));
  });

  test('every value is text of at most a kilobyte, cut on whole characters, and the lines stay JSON', () => {
    const long = '👨‍👩‍👧‍👦价"'.repeat(400);
    const lines = Array.from({ length: 9 }, () => ({ label: long, text: long }));
    const params = cardParams({ ...card, title: long, risk: long, verdict: long, lines });
    for (const value of Object.values(params)) {
      expect(Buffer.byteLength(value)).toBeLessThanOrEqual(1024);
      expect(value.isWellFormed()).toBe(true);
    }
    expect(JSON.parse(params['lines'] ?? '')).toHaveLength(6);
    expect(() => cardParams({ ...card, url: `https://crm.example.com/${'x'.repeat(1100)}` })).toThrow('at most');
  });

  test('without a template there are none, and it says so', async () => {
    const bare = dingtalk.create({ ...world.double.env, DINGTALK_CARD_TEMPLATE_ID: '' }, testTools(signedAt));
    await expect(bare?.sendCard('zhangsan', card)).rejects.toThrow('DINGTALK_CARD_TEMPLATE_ID is not set');
    expect(world.double.calls).toEqual([]);
  });
});

describe('todos', () => {
  const draft = {
    sourceKey: 'task-1',
    to: 'zhangsan',
    title: '给王总发报价',
    dueAt: new Date(1_764_554_400_000),
    url: 'https://crm.example.com/inbox.html',
  };
  const query = 'POST /v1.0/todo/users/unionzhangsan/org/tasks/query';

  test('a todo goes by unionId, and leads to its page', async () => {
    expect(await world.platform.addTodo(draft)).toBe('taskb4e5xxxx');
    const call = world.double.calls.find(({ path }) => path === '/v1.0/todo/users/unionzhangsan/tasks');
    expect(call?.query).toEqual({ operatorId: 'unionzhangsan' });
    expect(call?.body).toMatchObject({
      subject: '给王总发报价',
      sourceId: 'task-1',
      executorIds: ['unionzhangsan'],
      dueTime: 1_764_554_400_000,
      detailUrl: { appUrl: draft.url, pcUrl: draft.url },
    });
  });

  test('one refused for being there already is found, on whatever page; another refusal stays one', async () => {
    world.double.answer(
      'POST /v1.0/todo/users/unionzhangsan/tasks',
      refused(400, 'todo.taskCreate.paramError', 'exist'),
    );
    world.double.answer(query, ({ body }) =>
      body['nextToken']
        ? { todoCards: [{ taskId: 'task2', sourceId: 'task-1', isDone: false }] }
        : { nextToken: 2, todoCards: [{ taskId: 'task1', sourceId: 'other' }] },
    );
    expect(await world.platform.addTodo(draft)).toBe('task2');
    world.double.answer(query, { todoCards: [] });
    await expect(world.platform.addTodo(draft)).rejects.toMatchObject({ kind: 'rejected' });
  });

  test('one that is gone is not found, whatever the platform calls it', async () => {
    const gone = refused(400, 'todo.taskUpdate.paramError', 'task not exist');
    world.double.answer('PUT /v1.0/todo/users/unionzhangsan/tasks/t1', gone);
    const change = world.platform.changeTodo({ todo: 't1', member: 'zhangsan' }, { done: true });
    await expect(change).rejects.toMatchObject({ kind: 'not_found' });
  });
});

describe('approval forms', () => {
  const forms = () => {
    const { forms } = world.platform;
    if (!forms) throw new Error('DingTalk has forms.');
    return forms;
  };
  const instances = '/v1.0/workflow/processInstances';
  const instance = (change: (result: Json) => void) => {
    const answer = fixture('api/process-instance');
    change(answer['result'] as Json);
    world.double.answer(`GET ${instances}`, answer);
  };

  test('every turn is told with what was said at it; who was spared it had none', async () => {
    expect(await forms().read('pi-0001')).toEqual({
      state: 'refused',
      finishedAt: new Date('2023-11-14T22:13:00Z'),
      turns: [
        { member: 'lisi', result: 'passed_on', at: new Date('2023-11-14T22:11:00Z'), remark: '请王经理看' },
        { member: 'wangjl', result: 'agreed', at: new Date('2023-11-14T22:12:00Z'), remark: '可以' },
        { member: 'zhaoliu', result: 'refused', at: new Date('2023-11-14T22:13:00Z'), remark: '太低' },
      ],
    });
  });

  test.each([
    [{ status: 'RUNNING', result: null, finishTime: null }, 'running'],
    [{ status: 'COMPLETED', result: 'agree' }, 'agreed'],
    [{ status: 'TERMINATED', result: null }, 'withdrawn'],
    [{ status: 'NEW', result: null }, 'running'],
  ])('%o is %s', async (change, state) => {
    instance((result) => Object.assign(result, change));
    expect((await forms().read('pi-0001')).state).toBe(state);
  });

  test('it is started by the template’s own flow from the starter’s department, or with approvers of ours', async () => {
    const form = { template: 'PROC-1', by: 'zhangsan', fields: [{ label: '编号', text: 'A-1' }] };
    await forms().start({ ...form, approvers: [] });
    await forms().start({
      ...form,
      approvers: [
        { of: 'any', members: ['lisi'] },
        { of: 'any', members: ['lisi', 'wangjl'] },
        { of: 'all', members: ['lisi', 'wangjl'] },
      ],
    });
    const [own, named] = world.double.calls.filter(({ method, path }) => method === 'POST' && path === instances);
    expect(own?.body).toEqual({
      processCode: 'PROC-1',
      originatorUserId: 'zhangsan',
      microappAgentId: 3_000_000_001,
      deptId: 37_125_001,
      formComponentValues: [{ name: '编号', value: 'A-1' }],
    });
    expect(named?.body['approvers']).toEqual([
      { actionType: 'NONE', userIds: ['lisi'] },
      { actionType: 'OR', userIds: ['lisi', 'wangjl'] },
      { actionType: 'AND', userIds: ['lisi', 'wangjl'] },
    ]);
  });

  test('a start whose answer never came may have happened', async () => {
    world.double.answer(`POST ${instances}`, (_, response) => response.writeHead(504).end());
    const start = forms().start({ template: 'PROC-1', by: 'zhangsan', fields: [], approvers: [] });
    await expect(start).rejects.toMatchObject({ kind: 'unknown' });
  });

  test('a form too fresh to be withdrawn is withdrawn later; one that is decided never', async () => {
    world.double.answer(`POST ${instances}/terminate`, refused(400, 'aflowProcessInstStatusException'));
    instance((result) => Object.assign(result, { status: 'RUNNING', createTime: '2023-11-14T22:13Z' }));
    const withdraw = () => forms().withdraw('pi-0001', 'zhangsan');
    await expect(withdraw()).rejects.toMatchObject({ kind: 'unavailable', retryAfterMs: 15_000 });
    instance((result) => Object.assign(result, { status: 'RUNNING', createTime: '2023-11-14T21:00Z' }));
    await expect(withdraw()).rejects.toMatchObject({ kind: 'rejected' });
    world.double.asUsual();
    world.double.answer(`POST ${instances}/terminate`, refused(400, 'aflowProcessInstStatusException'));
    await expect(withdraw()).rejects.toMatchObject({ kind: 'rejected' });
  });

  test('who decides is named with the task that is theirs now', async () => {
    instance((result) => {
      Object.assign(result, { status: 'RUNNING', result: null });
      const tasks = result['tasks'] as Json[];
      Object.assign(tasks[3] ?? {}, { status: 'RUNNING', result: 'NONE', finishTime: null });
    });
    world.double.answer(`POST ${instances}/execute`, { result: true, success: true });
    await forms().decide('pi-0001', { by: 'zhaoliu', agree: false, remark: '太低' });
    expect(bodies(`${instances}/execute`)).toEqual([
      {
        processInstanceId: 'pi-0001',
        taskId: 71_000_000_004,
        actionerUserId: 'zhaoliu',
        result: 'refuse',
        remark: '太低',
      },
    ]);
    const notTheirs = forms().decide('pi-0001', { by: 'wangjl', agree: true, remark: '' });
    await expect(notTheirs).rejects.toMatchObject({ kind: 'rejected', code: 'not_their_turn' });
  });
});
