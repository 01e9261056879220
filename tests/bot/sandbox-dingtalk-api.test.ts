import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SandboxState } from '#bot/sandbox/sandbox-api.ts';
import { DingtalkSide, success } from './dingtalk-side.ts';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();
const dingtalk = new DingtalkSide(world);
let cast: { rep: string; manager: string; secondManager: string; director: string };

beforeEach(async () => {
  await dingtalk.settings({ events: 'stream', eventAgainMs: 60_000, callsPerSecondMax: 1000, memberDetails: true });
  cast = (await dingtalk.state()).demo;
});
afterEach(async () => {
  world.offsetMs = 0;
  await dingtalk.faults({ api: [], bridge: {} });
  await dingtalk.settings({ callsPerSecondMax: 1000 });
  await dingtalk.token();
});

const ask = async (path: string, body: unknown) =>
  (await dingtalk.old(path, body))['result'] as Record<string, unknown>;

test('a token asked for again while it is good is the same one, good for two hours again', async () => {
  const app = { appKey: world.env('DINGTALK_CLIENT_ID'), appSecret: world.env('DINGTALK_CLIENT_SECRET') };
  const renew = () => dingtalk.call('POST', '/v1.0/oauth2/accessToken', app, '');
  const first = await renew();
  expect(first['expireIn']).toBe(7200);
  world.offsetMs = 7_000_000;
  expect(await renew()).toMatchObject({ accessToken: first['accessToken'], expireIn: 7200 });
  world.offsetMs = 14_000_000;
  expect(await dingtalk.call('POST', '/v1.0/oauth2/jsapiTickets', {}, String(first['accessToken']))).toMatchObject({
    status: 200,
  });
  world.offsetMs = 14_300_000;
  expect(await dingtalk.call('POST', '/v1.0/oauth2/jsapiTickets', {}, String(first['accessToken']))).toMatchObject({
    status: 400,
    code: 'InvalidAuthentication',
    requestid: expect.any(String),
  });
  expect((await renew())['accessToken']).not.toBe(first['accessToken']);
  expect(await dingtalk.call('POST', '/v1.0/oauth2/accessToken', { ...app, appSecret: 'x' }, '')).toMatchObject({
    status: 400,
    code: 'invalidClientIdOrSecret',
  });
});

test('a page ticket is renewed like a token, and is never older than a day', async () => {
  const ticket = async () => {
    await dingtalk.token();
    return dingtalk.call('POST', '/v1.0/oauth2/jsapiTickets', {});
  };
  const first = await ticket();
  const sixteenHours = 57_600_000;
  for (let at = 0; at < sixteenHours; at += 7_000_000) {
    world.offsetMs = at;
    expect(await ticket()).toMatchObject({ jsapiTicket: first['jsapiTicket'] });
  }
  while (world.offsetMs < 110_000_000) {
    world.offsetMs += 7_000_000;
    await ticket();
  }
  expect((await ticket())['jsapiTicket']).not.toBe(first['jsapiTicket']);
});

test('each host says no in its own way', async () => {
  const token = await dingtalk.token();
  await dingtalk.faults({ api: [{ path: '*', kind: 'qps_app', calls: 2 }] });
  expect(await dingtalk.call('PUT', '/v1.0/card/instances', {})).toMatchObject({
    status: 403,
    code: 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi',
  });
  expect(await dingtalk.old('/topapi/v2/department/listsub', {})).toMatchObject({ status: 200, errcode: 90018 });
  await dingtalk.faults({ api: [{ path: '/topapi/*', kind: 'gateway_timeout' }] });
  expect(await dingtalk.old('/topapi/v2/department/listsub', {})).toMatchObject({ status: 200, errcode: 15 });
  await dingtalk.faults({ api: [{ path: '/v1.0/*', kind: 'permission_denied', calls: 1 }] });
  expect(await dingtalk.call('PUT', '/v1.0/card/instances', {})).toMatchObject({
    status: 403,
    accessdenieddetail: { requiredScopes: expect.any(Array) },
  });
  await dingtalk.faults({ api: [{ path: '/v1.0/*', kind: 'gateway_timeout', calls: 1 }] });
  const timeout = await fetch(`${world.sandbox.url}/v1.0/card/instances`, { method: 'PUT' });
  expect(timeout.status).toBe(504);
  await dingtalk.faults({ api: [{ path: '*', kind: 'ip_banned', calls: 1 }] });
  expect(await dingtalk.old('/topapi/v2/department/listsub', {})).toMatchObject({ punish: 'deny', wait: 5 });
  await dingtalk.faults({ api: [{ path: '*', kind: 'token_invalid', calls: 1 }] });
  expect(await dingtalk.call('PUT', '/v1.0/card/instances', {})).toMatchObject({ code: 'InvalidAuthentication' });
  expect(await dingtalk.token()).not.toBe(token);
  expect(await dingtalk.call('POST', '/v1.0/nothing', {})).toMatchObject({ status: 404 });
  expect(await dingtalk.old('/topapi/nothing', {})).toMatchObject({ errcode: 22 });
  const form = await fetch(`${world.sandbox.url}/v1.0/oauth2/accessToken`, {
    method: 'POST',
    body: new URLSearchParams({ appKey: 'x' }),
  });
  expect(form.status).toBe(400);
  expect(await form.json()).toMatchObject({ message: expect.stringContaining('body is mandatory') });
});

test('more calls in a second than the app may make are refused', async () => {
  await dingtalk.settings({ callsPerSecondMax: 3 });
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => dingtalk.old('/topapi/user/listid', { dept_id: 1 })),
  );
  const codes = answers.map((one) => one['errcode']);
  expect(codes).toContain(90018);
  expect(codes).toContain(0);
});

test('the people are those of the WeCom side: the same names and numbers under other ids, with their managers', async () => {
  const wecom = await world.get<SandboxState>('state');
  const { users } = await dingtalk.state();
  expect(users).toHaveLength(40);
  expect(new Set(users.map((one) => one.name))).toEqual(new Set(wecom.members.map((one) => one.name)));
  expect(users.some((one) => wecom.members.some((member) => member.key === one.user))).toBe(false);
  const rep = await ask('/topapi/v2/user/get', { userid: cast.rep });
  expect(rep).toMatchObject({ name: '王磊', title: '销售专员', manager_userid: cast.manager });
  expect(await ask('/topapi/v2/user/getbymobile', { mobile: rep['mobile'] })).toEqual({ userid: cast.rep });
  expect(await ask('/topapi/user/getbyunionid', { unionid: rep['unionid'] })).toMatchObject({ userid: cast.rep });
  expect(await ask('/topapi/v2/user/get', { userid: cast.manager })).toMatchObject({ manager_userid: cast.director });
  expect(await dingtalk.old('/topapi/v2/user/get', { userid: 'nobody' })).toMatchObject({ errcode: 60121 });
  await dingtalk.settings({ memberDetails: false });
  expect(await ask('/topapi/v2/user/get', { userid: cast.rep })).not.toHaveProperty('mobile');
});

test('a walk through the departments, page by page, meets everybody, some in two places', async () => {
  const found = new Map<string, number>();
  const walk = async (department: number): Promise<void> => {
    const page = async (cursor: number): Promise<void> => {
      const list = await ask('/topapi/v2/user/list', { dept_id: department, cursor, size: 5 });
      for (const { userid } of list['list'] as { userid: string }[]) found.set(userid, (found.get(userid) ?? 0) + 1);
      expect((list['list'] as unknown[]).length).toBeLessThanOrEqual(5);
      if (list['has_more']) return page(Number(list['next_cursor']));
      expect(list).not.toHaveProperty('next_cursor');
    };
    await page(0);
    const children = (await ask('/topapi/v2/department/listsub', { dept_id: department })) as unknown as {
      dept_id: number;
      parent_id: number;
    }[];
    for (const child of children) {
      expect(child.parent_id).toBe(department);
      await walk(child.dept_id);
    }
  };
  await walk(1);
  expect(found.size).toBe(40);
  expect(found.get(cast.director)).toBe(2);
  const { departments, users } = await dingtalk.state();
  const sales = departments.find((one) => one.name === '华东销售部');
  const shown = await ask('/topapi/v2/department/get', { dept_id: Number(sales?.key) });
  expect(shown['dept_manager_userid_list']).toEqual(
    expect.arrayContaining(users.filter((one) => one.leads.includes(sales?.key ?? '')).map((one) => one.user)),
  );
  expect(await dingtalk.old('/topapi/v2/user/list', { dept_id: 5, cursor: 0, size: 5 })).toMatchObject({
    errcode: 60003,
  });
  expect(await dingtalk.old('/topapi/v2/user/list', { dept_id: 1, cursor: 0, size: 101 })).toMatchObject({
    errcode: 40035,
  });
});

test('whoever joins, moves or leaves is told of, and a department too', async () => {
  const client = await dingtalk.connect(() => success);
  const { user = '' } = await dingtalk.act({
    kind: 'user_joins',
    name: '林一',
    department: '1',
    mobile: '13900000001',
  });
  expect((await client.event('user_add_org')).data).toMatchObject({ userId: [user] });
  const { department = '' } = await dingtalk.act({ kind: 'department_made', name: '西南销售部' });
  expect((await client.event('org_dept_create')).data).toMatchObject({ deptId: [Number(department)] });
  await dingtalk.act({ kind: 'user_moves', user, departments: [department], leads: [department], title: '区域经理' });
  expect((await client.event('user_modify_org')).data['diffInfo']).toMatchObject([{ userid: user }]);
  expect(await ask('/topapi/v2/user/get', { userid: user })).toMatchObject({
    leader_in_dept: [{ dept_id: Number(department), leader: true }],
  });
  expect(await dingtalk.act({ kind: 'department_removed', department })).toMatchObject({
    error: { code: 'sandbox.department_in_use' },
  });
  await dingtalk.act({ kind: 'user_leaves', user });
  expect((await client.event('user_leave_org')).data).toMatchObject({ userId: [user] });
  expect(await dingtalk.old('/topapi/v2/user/get', { userid: user })).toMatchObject({ errcode: 60121 });
  await dingtalk.act({ kind: 'department_removed', department });
  expect((await client.event('org_dept_remove')).data).toMatchObject({ deptId: [Number(department)] });
  await client.close();
});

const unionOf = async (user: string) => String((await ask('/topapi/v2/user/get', { userid: user }))['unionid']);

test('a todo appears on the phone, is done there or by the app, and both sides hear of it', async () => {
  const client = await dingtalk.connect(() => success);
  const union = await unionOf(cast.rep);
  const tasks = `/v1.0/todo/users/${union}/tasks`;
  const draft = {
    subject: '回访云帆物流',
    sourceId: 'task-1',
    creatorId: union,
    executorIds: [union],
    detailUrl: { appUrl: `${world.sandbox.url}/inbox.html`, pcUrl: `${world.sandbox.url}/inbox.html` },
    dueTime: Date.now() + 3_600_000,
    priority: 20,
  };
  const { id } = await dingtalk.call('POST', tasks, draft);
  const todo = String(id);
  const isThis = (data: Record<string, unknown>) => data['taskId'] === todo;
  expect((await client.event('todo_task_create', isThis)).data).toMatchObject({ unionIdList: [union] });
  expect(await dingtalk.call('POST', tasks, draft)).toMatchObject({
    status: 400,
    code: 'todo.taskCreate.paramError',
    message: 'task exist',
  });
  const { detailUrl: _, ...withoutPage } = draft;
  expect(await dingtalk.call('POST', tasks, { ...withoutPage, sourceId: 'task-2' })).toMatchObject({ status: 400 });
  expect((await dingtalk.phone(cast.rep)).todos[0]).toMatchObject({ todo, title: '回访云帆物流', isDone: false });

  const open = async (isDone: boolean) =>
    (await dingtalk.call('POST', `/v1.0/todo/users/${union}/org/tasks/query`, { isDone, roleTypes: [['executor']] }))[
      'todoCards'
    ] as { taskId: string; sourceId: string }[];
  expect(await open(false)).toMatchObject([{ taskId: todo, sourceId: 'task-1' }]);
  await dingtalk.act({ kind: 'complete_todo', user: cast.rep, todo });
  await client.event('todo_task_update', isThis);
  expect(await open(true)).toMatchObject([{ taskId: todo }]);
  expect(await open(false)).toEqual([]);

  await dingtalk.call('PUT', `${tasks}/${todo}?operatorId=${union}`, { done: false, subject: '改期回访' });
  expect((await dingtalk.phone(cast.rep)).todos[0]).toMatchObject({ title: '改期回访', isDone: false });
  const executorStatusList = [{ id: union, isDone: true }];
  expect(await dingtalk.call('PUT', `${tasks}/${todo}/executorStatus`, { executorStatusList })).toMatchObject({
    result: true,
  });
  expect((await dingtalk.phone(cast.rep)).todos[0]).toMatchObject({ isDone: true });
  expect(await dingtalk.call('DELETE', `${tasks}/${todo}`)).toMatchObject({ result: true });
  await client.event('todo_task_delete', isThis);
  expect(await dingtalk.call('PUT', `${tasks}/${todo}`, { done: true })).toMatchObject({ message: 'task not exist' });
  expect(await dingtalk.act({ kind: 'complete_todo', user: cast.rep, todo })).toMatchObject({
    error: { code: 'sandbox.todo_unknown' },
  });
  await client.close();
});

test('a todo for two is done when both are', async () => {
  const [one, two] = [await unionOf(cast.rep), await unionOf(cast.manager)];
  const { id } = await dingtalk.call('POST', `/v1.0/todo/users/${one}/tasks`, {
    subject: '对账',
    executorIds: [one, two],
    detailUrl: { appUrl: world.sandbox.url, pcUrl: world.sandbox.url },
  });
  await dingtalk.act({ kind: 'complete_todo', user: cast.manager, todo: String(id) });
  const [mine] = (await dingtalk.phone(cast.rep)).todos;
  expect(mine?.executors.map((executor) => executor.isDone)).toEqual([false, true]);
  expect(mine?.isDone).toBe(false);
});

test('a robot’s message reaches those who are there and names those who are not', async () => {
  const send = (userIds: string[], more: Record<string, unknown> = {}) =>
    dingtalk.call('POST', '/v1.0/robot/oToMessages/batchSend', {
      robotCode: world.env('DINGTALK_CLIENT_ID'),
      userIds,
      msgKey: 'sampleActionCard',
      msgParam: JSON.stringify({
        title: '待审批',
        text: '折扣 **15%**',
        singleTitle: '查看',
        singleURL: `${world.sandbox.url}/inbox.html#/a`,
      }),
      ...more,
    });
  const sent = await send([cast.manager, 'nobody']);
  expect(sent).toMatchObject({ invalidStaffIdList: ['nobody'], flowControlledStaffIdList: [] });
  expect((await dingtalk.phone(cast.manager)).notices[0]).toMatchObject({
    from: 'robot',
    title: '待审批',
    links: [{ title: '查看', url: `${world.sandbox.url}/inbox.html#/a` }],
  });
  expect(await send(['nobody'])).toMatchObject({ status: 400, code: 'staffId.notExisted' });
  expect(await send(Array.from({ length: 21 }, () => cast.rep))).toMatchObject({
    code: 'invalidParameter.userIds.overMax',
  });
  expect(await send([cast.rep], { msgParam: '{' })).toMatchObject({ code: 'invalidParameter.msgParam.invalid' });
  expect(await send([cast.rep], { robotCode: 'other' })).toMatchObject({ code: 'resource.not.found' });
});

test('a work notice beyond a limit is said to be sent and is not; its result tells', async () => {
  const path = '/topapi/message/corpconversation';
  const send = (content: string, userid_list = cast.director) =>
    dingtalk.old(`${path}/asyncsend_v2`, {
      agent_id: Number(world.env('DINGTALK_AGENT_ID')),
      userid_list,
      msg: { msgtype: 'text', text: { content } },
    });
  expect(await send('日报')).toMatchObject({ errcode: 0, task_id: expect.any(Number) });
  const again = await send('日报', `${cast.director},nobody`);
  expect(again).toMatchObject({ errcode: 0 });
  const about = { agent_id: world.env('DINGTALK_AGENT_ID'), task_id: again['task_id'] };
  expect(await dingtalk.old(`${path}/getsendresult`, about)).toMatchObject({
    send_result: {
      forbidden_list: [{ code: '143106', userid: cast.director }],
      invalid_user_id_list: ['nobody'],
      unread_user_id_list: [],
    },
  });
  expect((await dingtalk.phone(cast.director)).notices.filter((one) => one.text === '日报')).toHaveLength(1);
  expect(await send('周报', 'nobody')).toMatchObject({ errcode: 33012 });
  expect(await dingtalk.old(`${path}/asyncsend_v2`, { agent_id: 1, userid_list: 'x', msg: {} })).toMatchObject({
    errcode: 40056,
  });
});

test('a page’s code logs in whose phone it is, once, within five minutes', async () => {
  const bridge = async (name: string, params: Record<string, unknown>, user = cast.manager) =>
    (
      await world.post<{ reply: Record<string, unknown> }>('dingtalk/bridge', {
        frame: 'f1',
        name,
        params,
        url: `${world.sandbox.url}/inbox.html`,
        user,
      })
    ).reply;
  const ids = { corpId: world.env('DINGTALK_CORP_ID'), clientId: world.env('DINGTALK_CLIENT_ID') };
  const code = async () => {
    const { result } = await bridge('runtime.permission.requestAuthCodeV2', ids);
    return (result as { code: string }).code;
  };
  const first = await code();
  expect(await ask('/topapi/v2/user/getuserinfo', { code: first })).toMatchObject({ userid: cast.manager, sys: false });
  expect(await dingtalk.old('/topapi/v2/user/getuserinfo', { code: first })).toMatchObject({ errcode: 40078 });
  const late = await code();
  world.offsetMs = 301_000;
  expect(await dingtalk.old('/topapi/v2/user/getuserinfo', { code: late })).toMatchObject({ errcode: 40078 });
  expect(await bridge('runtime.permission.requestAuthCodeV2', { ...ids, clientId: 'x' })).toMatchObject({
    errorCode: '3',
  });
});

test('in a browser a member logs in with a code of their own, which is not one of the page’s', async () => {
  const login = new URL(`${world.env('DINGTALK_LOGIN_BASE')}/oauth2/auth`);
  login.search = new URLSearchParams({
    redirect_uri: `${world.sandbox.url}/desk.html`,
    response_type: 'code',
    client_id: world.env('DINGTALK_CLIENT_ID'),
    scope: 'openid',
    state: 's1',
    prompt: 'consent',
  }).toString();
  const back = await fetch(login, { redirect: 'manual' });
  const { searchParams } = new URL(back.headers.get('location') ?? '');
  expect(searchParams.get('state')).toBe('s1');
  const code = searchParams.get('authCode') ?? '';
  expect(await dingtalk.old('/topapi/v2/user/getuserinfo', { code })).toMatchObject({ errcode: 40078 });
  const app = { clientId: world.env('DINGTALK_CLIENT_ID'), clientSecret: world.env('DINGTALK_CLIENT_SECRET') };
  const trade = () =>
    dingtalk.call('POST', '/v1.0/oauth2/userAccessToken', { ...app, code, grantType: 'authorization_code' }, '');
  const { accessToken } = await trade();
  const me = await dingtalk.call('GET', '/v1.0/contact/users/me', undefined, String(accessToken));
  expect(me).toMatchObject({ nick: '王磊', unionId: await unionOf(cast.rep) });
  expect(await trade()).toMatchObject({ status: 400 });
  expect(await dingtalk.call('GET', '/v1.0/contact/users/me', undefined, await dingtalk.token())).toMatchObject({
    status: 400,
  });
  login.searchParams.set('redirect_uri', 'https://elsewhere.example/');
  expect((await fetch(login, { redirect: 'manual' })).status).toBe(200);
});

test('the page’s address must be signed before guarded calls are done for it', async () => {
  const url = `${world.sandbox.url}/inbox.html?sandbox_dingtalk=${cast.manager}&q=%E4%BA%91`;
  const call = (name: string, params: Record<string, unknown>) =>
    world.post<{ reply: Record<string, unknown> | null; question: unknown }>('dingtalk/bridge', {
      frame: 'f2',
      name,
      params,
      url: `${url}#/approvals`,
      user: cast.manager,
    });
  const picker = () => call('biz.contact.complexPicker', { title: '转交给', multiple: false, maxUsers: 1 });
  expect((await picker()).reply).toMatchObject({ errorCode: '7' });
  const { jsapiTicket } = await dingtalk.call('POST', '/v1.0/oauth2/jsapiTickets', {});
  const config = (hash: string, decoded: string) => {
    const plain = `jsapi_ticket=${String(jsapiTicket)}&noncestr=n1&timestamp=1700000000&url=${decoded}`;
    return call('runtime.permission.requestJsApis', {
      corpId: world.env('DINGTALK_CORP_ID'),
      agentId: Number(world.env('DINGTALK_AGENT_ID')),
      timeStamp: 1_700_000_000,
      nonceStr: 'n1',
      signature: createHash(hash).update(plain).digest('hex'),
      jsApiList: ['biz.contact.complexPicker'],
    });
  };
  const decoded = decodeURIComponent(url);
  expect((await config('sha256', url)).reply).toMatchObject({
    errorCode: 3,
    message: expect.stringContaining('52013'),
  });
  expect((await config('sha1', decoded)).reply).toMatchObject({ errorCode: 3 });
  expect((await config('sha256', decoded)).reply).toMatchObject({ errorCode: '0' });
  expect(await picker()).toMatchObject({ reply: null, question: { kind: 'people', title: '转交给', max: 1 } });
  await dingtalk.faults({ bridge: { '*': { kind: 'cancel', calls: 1 } } });
  expect((await picker()).reply).toMatchObject({ errorCode: '-1' });
});

test('what changed on the phone survives a restart; a reset brings everybody back and keeps keys and tokens', async () => {
  const card = 'before-restart';
  await dingtalk.send(cast.manager, card, { title: '记得我吗' });
  const token = await dingtalk.token();
  await world.sandbox.close();
  await world.open();
  expect((await dingtalk.phone(cast.manager)).cards[0]?.params).toEqual({ title: '记得我吗' });
  await dingtalk.act({ kind: 'user_leaves', user: cast.secondManager });
  await world.post('reset', {});
  const after = await dingtalk.state();
  expect(after.demo).toEqual(cast);
  expect(after.users.every((one) => one.active)).toBe(true);
  expect((await dingtalk.phone(cast.manager)).cards).toEqual([]);
  expect(await dingtalk.token()).toBe(token);
});

test('a state file of before there was DingTalk is read on: the people are in DingTalk too', async () => {
  await world.sandbox.close();
  const { dingtalk: _, ...before } = JSON.parse(readFileSync(world.stateFile, 'utf8')) as Record<string, unknown>;
  writeFileSync(world.stateFile, JSON.stringify(before));
  await world.open();
  const after = await dingtalk.state();
  expect(after.demo).toEqual(cast);
  expect(after.users).toHaveLength(40);
  await dingtalk.token();
  expect(await dingtalk.send(cast.manager, 'after-reading-on', {})).toMatchObject({ status: 200 });
});
