import { beforeEach, expect, test } from 'vitest';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();

beforeEach(async () => {
  world.offsetMs = 0;
  await world.faults({ api: [] });
});

const code = async (answer: Promise<Record<string, unknown>>) => (await answer)['errcode'];

test('a token is given for the right secret only, is the same while it is good, and ends after two hours', async () => {
  const corpid = world.env('WECOM_CORP_ID');
  expect(await code(world.call('gettoken', { corpid, corpsecret: 'wrong' }))).toBe(40001);
  expect(await code(world.call('gettoken', { corpid: 'ww0', corpsecret: world.env('WECOM_SECRET') }))).toBe(40013);
  expect(await code(world.call('gettoken', { corpsecret: 'x' }))).toBe(41002);
  expect(await code(world.call('gettoken', { corpid }))).toBe(41004);
  const access_token = await world.token();
  expect(await world.token()).toBe(access_token);
  expect(await code(world.call('user/get', { access_token, userid: 'wanglei' }))).toBe(0);
  world.offsetMs = 7_201_000;
  expect(await code(world.call('user/get', { access_token, userid: 'wanglei' }))).toBe(42001);
  expect(await world.token()).not.toBe(access_token);
  expect(await code(world.call('user/get', { access_token: 'never', userid: 'wanglei' }))).toBe(40014);
  expect(await code(world.call('user/get', { userid: 'wanglei' }))).toBe(41001);
});

test('a token of another product is refused, and so is the app at the archive', async () => {
  const app = await world.token();
  const archive = await world.token(world.env('WECOM_ARCHIVE_SECRET'));
  expect(await code(world.call('externalcontact/get_follow_user_list', { access_token: archive }))).toBe(48002);
  expect(await code(world.call('msgaudit/check_single_agree', { access_token: app }, { info: [] }))).toBe(48002);
  expect(await code(world.call('user/list_id', { access_token: app }, {}))).toBe(48002);
});

test('forty members in six departments answer to their departments, and to a newer app without private details', async () => {
  await world.post('settings', { memberDetails: false });
  const access_token = await world.token();
  const { department } = (await world.call('department/list', { access_token })) as {
    department: { id: number; parentid: number }[];
  };
  expect(department.filter((one) => one.parentid === 1)).toHaveLength(6);
  const lists = await Promise.all(
    department.map(({ id }) => world.call('user/list', { access_token, department_id: String(id) })),
  );
  const members = lists.flatMap((one) => one['userlist'] as Record<string, unknown>[]);
  expect(new Set(members.map((one) => one['userid'])).size).toBe(40);
  expect(members.find((one) => one['userid'] === 'wanglei')).toMatchObject({ name: '王磊', position: '销售专员' });
  expect(members.some((one) => 'mobile' in one || 'avatar' in one || 'email' in one)).toBe(false);
  await world.post('settings', { memberDetails: true });
  expect(await world.call('user/get', { access_token, userid: 'wanglei' })).toHaveProperty('mobile');
  expect(await code(world.call('user/list', { access_token, department_id: '99' }))).toBe(60123);
  expect(await code(world.call('user/get', { access_token, userid: 'nobody' }))).toBe(60111);
});

test('every customer of every member comes once by pages, whatever the size of the page', async () => {
  const access_token = await world.token();
  const { follow_user } = (await world.call('externalcontact/get_follow_user_list', { access_token })) as {
    follow_user: string[];
  };
  const all = async (limit: number) => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = (await world.call(
        'externalcontact/batch/get_by_user',
        { access_token },
        { userid_list: follow_user, limit, cursor },
      )) as {
        external_contact_list: { external_contact: { external_userid: string }; follow_info: { userid: string } }[];
        next_cursor: string;
      };
      seen.push(
        ...page.external_contact_list.map((one) => `${one.follow_info.userid} ${one.external_contact.external_userid}`),
      );
      cursor = page.next_cursor;
    } while (cursor !== '');
    return seen;
  };
  const byHundred = await all(100);
  expect(new Set(byHundred).size).toBe(byHundred.length);
  expect(new Set(byHundred.map((one) => one.split(' ')[1])).size).toBeGreaterThanOrEqual(300);
  expect(await all(37)).toEqual(byHundred);
  const tooMany = Array.from({ length: 101 }, () => 'wanglei');
  const batch = (body: unknown) => code(world.call('externalcontact/batch/get_by_user', { access_token }, body));
  expect(await batch({ userid_list: tooMany })).toBe(40032);
  expect(await batch({ userid_list: [] })).toBe(40031);
  expect(await batch({ userid_list: ['wanglei'], cursor: 'made up' })).toBe(50100);
});

test('a customer is shown with everybody who follows them, and strangers are not shown', async () => {
  const access_token = await world.token();
  const { demo } = await world.state();
  const get = (external_userid: string) => world.call('externalcontact/get', { access_token, external_userid });
  expect(await get(demo.contact)).toMatchObject({
    errcode: 0,
    external_contact: { name: '陈女士', type: 1 },
    follow_user: [{ userid: 'wanglei', remark: '陈静-云帆物流', remark_mobiles: ['13857190218'] }],
  });
  expect(await code(get(demo.stranger))).toBe(84061);
  expect(await code(get('wm_made_up'))).toBe(40096);
  expect(await code(world.call('externalcontact/get', { access_token }))).toBe(41035);
});

test('a half-added customer is not readable, one who deleted the member is, one the member deleted is not', async () => {
  const access_token = await world.token();
  const get = (external_userid: string) => code(world.call('externalcontact/get', { access_token, external_userid }));
  const { contact = '' } = await world.act({
    kind: 'customer_adds',
    member: 'wanglei',
    contact: null,
    name: '半',
    half: true,
  });
  const pair = { member: 'wanglei', contact };
  expect(await get(contact)).toBe(84061);
  await world.act({ kind: 'member_confirms', ...pair });
  expect(await get(contact)).toBe(0);
  await world.act({ kind: 'customer_removes', ...pair });
  expect(await get(contact)).toBe(0);
  expect(await world.act({ kind: 'member_writes', ...pair, text: '在吗' })).toMatchObject({
    error: { code: 'sandbox.not_friends' },
  });
  await world.act({ kind: 'member_removes', ...pair });
  expect(await get(contact)).toBe(84061);
});

test('a remark has its limits, and phones are replaced as a whole', async () => {
  const access_token = await world.token();
  const external_userid = await world.newFriend();
  const remark = (fields: object) =>
    code(world.call('externalcontact/remark', { access_token }, { userid: 'wanglei', external_userid, ...fields }));
  expect(await remark({})).toBe(40058);
  expect(await remark({ remark: '字'.repeat(21) })).toBe(40058);
  expect(await remark({ remark: '字'.repeat(20), remark_mobiles: ['1', '2'] })).toBe(0);
  expect(await remark({ remark_mobiles: [''] })).toBe(0);
  const { contact } = await world.chat(external_userid);
  expect(contact).toMatchObject({ remark: '字'.repeat(20), remarkPhones: [] });
});

test('company tags are made, found, renamed, marked and deleted by their rules', async () => {
  const access_token = await world.token();
  const tag = (name: string, body: object) => world.call(`externalcontact/${name}`, { access_token }, body);
  const made = (await tag('add_corp_tag', {
    group_name: '测试组',
    tag: [{ name: '一' }, { name: '二' }, { name: '二' }],
  })) as {
    tag_group: { group_id: string; tag: { id: string; name: string }[] };
  };
  const [one, two] = made.tag_group.tag;
  expect(made.tag_group.tag.map(({ name }) => name)).toEqual(['一', '二']);
  expect(await code(tag('add_corp_tag', { group_name: '测试组', tag: [{ name: '一' }] }))).toBe(40071);
  expect(await code(tag('add_corp_tag', { group_name: '测试组', tag: [{ name: '长'.repeat(31) }] }))).toBe(40072);
  expect(await code(tag('edit_corp_tag', { id: one?.id, name: '二' }))).toBe(40071);
  expect(await code(tag('edit_corp_tag', { id: one?.id, name: '壹', order: 9 }))).toBe(0);
  const external_userid = await world.newFriend();
  const pair = { userid: 'wanglei', external_userid };
  expect(await code(tag('mark_tag', { ...pair, add_tag: ['et_made_up'] }))).toBe(40068);
  expect(await code(tag('mark_tag', { ...pair, add_tag: [one?.id, two?.id] }))).toBe(0);
  expect(await code(tag('mark_tag', { ...pair }))).toBe(40063);
  expect(await code(tag('del_corp_tag', { tag_id: [one?.id, two?.id] }))).toBe(0);
  const { tag_group } = (await tag('get_corp_tag_list', {})) as { tag_group: { group_name: string }[] };
  expect(tag_group.map(({ group_name }) => group_name)).not.toContain('测试组');
  expect((await world.chat(external_userid)).contact.tags).toEqual([]);
  const { tag: foreign } = await world.act({ kind: 'console_adds_tag', group: '后台组', name: '后台标签' });
  expect(await code(tag('edit_corp_tag', { id: foreign, name: '改' }))).toBe(81011);
});

test('a notice reaches members, names those it could not reach, and fails when it reaches none', async () => {
  const access_token = await world.token();
  const agentid = Number(world.env('WECOM_AGENT_ID'));
  const send = (body: object) =>
    world.call('message/send', { access_token }, { agentid, msgtype: 'text', text: { content: '跟进提醒' }, ...body });
  expect(await send({ touser: 'wanglei|NoBody' })).toMatchObject({ errcode: 0, invaliduser: 'nobody' });
  expect(await code(send({ touser: 'nobody' }))).toBe(81013);
  expect(await code(send({}))).toBe(82001);
  expect(await code(send({ touser: 'wanglei', agentid: 1 }))).toBe(301002);
  expect(await code(send({ touser: 'wanglei', text: { content: '' } }))).toBe(44004);
  expect(await code(send({ touser: 'wanglei', text: { content: '长'.repeat(700) } }))).toBe(45002);
  const { notices } = await world.get<{ notices: { text: string }[] }>('notices?member=wanglei');
  expect(notices.map(({ text }) => text)).toEqual(['跟进提醒']);
});

test('over the limit of a minute a call is answered 45009, and the other calls are not', async () => {
  const access_token = await world.token();
  await world.post('settings', { callsPerMinuteMax: 3 });
  const codes = [];
  for (let call = 0; call < 5; call += 1) codes.push(await code(world.call('getcallbackip', { access_token })));
  expect(codes.toSorted()).toEqual([0, 0, 0, 45009, 45009]);
  expect(await code(world.call('user/get', { access_token, userid: 'wanglei' }))).toBe(0);
  await world.post('settings', { callsPerMinuteMax: 10_000 });
});

test('faults meet the calls they are for, as often as they were asked to', async () => {
  const access_token = await world.token();
  const read = () => code(world.call('user/get', { access_token, userid: 'wanglei' }));
  const other = () => code(world.call('department/list', { access_token }));
  await world.faults({ api: [{ path: 'user/*', kind: 'rate_limited', calls: 2 }] });
  expect([await read(), await other(), await read(), await read()]).toEqual([45009, 0, 45009, 0]);
  await world.faults({ api: [{ path: '*', kind: 'ip_refused' }] });
  expect([await read(), await other()]).toEqual([60020, 60020]);
  await world.faults({ api: [{ path: '*', kind: 'busy', calls: 1 }] });
  expect([await read(), await read()]).toEqual([-1, 0]);
  await world.faults({ api: [{ path: 'user/get', kind: 'code', code: 45033, calls: 1 }] });
  expect([await read(), await read()]).toEqual([45033, 0]);
});

test('in a storm of expired tokens each refused one stays dead and a new one is given', async () => {
  const first = await world.token();
  await world.faults({ api: [{ path: '*', kind: 'token_expired', calls: 1 }] });
  expect(await code(world.call('user/get', { access_token: first, userid: 'wanglei' }))).toBe(42001);
  expect(await code(world.call('user/get', { access_token: first, userid: 'wanglei' }))).toBe(42001);
  const second = await world.token();
  expect(second).not.toBe(first);
  expect(await code(world.call('user/get', { access_token: second, userid: 'wanglei' }))).toBe(0);
  expect(await world.post('expire-tokens', {})).toMatchObject({ expired: expect.any(Number) });
  expect(await code(world.call('user/get', { access_token: second, userid: 'wanglei' }))).toBe(42001);
});

test('an answer that never comes may still have been a deed done', async () => {
  const access_token = await world.token();
  const external_userid = await world.newFriend();
  await world.faults({ api: [{ path: 'externalcontact/remark', kind: 'no_answer', calls: 1 }] });
  const url = `${world.sandbox.url}/cgi-bin/externalcontact/remark?access_token=${access_token}`;
  const body = JSON.stringify({ userid: 'wanglei', external_userid, remark: '已改' });
  await expect(fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(200) })).rejects.toThrow(
    /abort|timeout/i,
  );
  expect((await world.chat(external_userid)).contact.remark).toBe('已改');
});

test('a body that is no JSON is answered in the words of the API', async () => {
  const access_token = await world.token();
  const answer = await fetch(`${world.sandbox.url}/cgi-bin/externalcontact/remark?access_token=${access_token}`, {
    method: 'POST',
    body: '{"userid":',
  });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ errcode: 40058, errmsg: expect.stringContaining('wrong json format') });
});

test('a member who joins is found, and one who left is not, nor may have contacts', async () => {
  const access_token = await world.token();
  const { member = '' } = await world.act({
    kind: 'member_joins',
    name: '新同事',
    department: '3',
    position: '销售专员',
  });
  const get = () => world.call('user/get', { access_token, userid: member });
  const owners = async () =>
    (await world.call('externalcontact/get_follow_user_list', { access_token }))['follow_user'] as string[];
  expect(await get()).toMatchObject({ errcode: 0, name: '新同事', department: [3] });
  expect(await owners()).toContain(member);
  await world.act({ kind: 'member_leaves', member });
  expect(await get()).toMatchObject({ errcode: 60111 });
  expect(await owners()).not.toContain(member);
});
