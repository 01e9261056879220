import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { signatureOf } from '#bot/wecom/wecom-jssdk.ts';
import type { MemberProfile } from '#server/platform/member.ts';
import { fixture } from '#tests/bot/wecom-double.ts';
import { makeWecomWorld, type WecomWorld } from '#tests/bot/wecom-world.ts';

let world: WecomWorld;
beforeAll(async () => {
  world = await makeWecomWorld();
});
afterEach(() => world.double.asUsual());
afterAll(() => world.double.close());

const lastBody = (path: string) => world.double.calls.findLast((call) => call.path === path)?.body ?? {};
const follow = { member: 'zhangsan', contact: 'wmTestExternal0001' };

test('a department whose parent the app may not see stands alone', async () => {
  expect(await world.platform.listDepartments()).toEqual([
    { key: '1', name: '示例科技', parentKey: null, order: 100_000_000 },
    { key: '2', name: '华东大区', parentKey: '1', order: 100_000_000 },
    { key: '7', name: '上海一组', parentKey: '2', order: 99_999_000 },
    { key: '9', name: '外部合作', parentKey: null, order: 99_998_000 },
  ]);
});

test('a member is told with departments, the lead of each, and null for what WeCom keeps back', async () => {
  expect(await world.platform.listMembers('2')).toEqual<MemberProfile[]>([
    {
      key: 'lisi',
      name: '李四',
      position: '区域经理',
      avatar: 'https://example.com/a.png',
      mobile: '13800000000',
      email: 'lisi@example.com',
      active: true,
      departments: [
        { key: '2', isLeader: true },
        { key: '7', isLeader: false },
      ],
    },
    {
      key: 'WangWu',
      name: '王五',
      position: null,
      avatar: null,
      mobile: null,
      email: null,
      active: false,
      departments: [{ key: '2', isLeader: false }],
    },
  ]);
});

test('a contact is told with every follow; personal tags are nobody else’s business', async () => {
  expect(await world.platform.getContact('wmTestExternal0001')).toEqual({
    key: 'wmTestExternal0001',
    name: '王总',
    avatar: 'https://example.com/c.png',
    type: 'messenger',
    gender: 1,
    unionKey: 'ounionTest0001',
    corpName: null,
    corpFullName: null,
    position: null,
    follows: [
      {
        member: 'zhangsan',
        remark: '王总-华东',
        description: '来自展会',
        remarkCorpName: '测试实业',
        remarkPhones: ['13900000000'],
        tagKeys: ['etTestTag0001'],
        addWay: 1,
        channel: 'ch_1',
        addedAt: new Date('2023-11-14T22:13:20Z'),
      },
      {
        member: 'lisi',
        remark: '王总',
        description: null,
        remarkCorpName: null,
        remarkPhones: [],
        tagKeys: [],
        addWay: 202,
        channel: null,
        addedAt: new Date('2023-07-22T04:26:40Z'),
      },
    ],
  });
});

test('a contact with more than 500 followers is fetched page by page', async () => {
  const whole = fixture('external-get');
  const [first, second] = whole['follow_user'] as unknown[];
  world.double.answer('externalcontact/get', ({ query }) =>
    query['cursor'] === 'page 2/+'
      ? { ...whole, follow_user: [second], next_cursor: '' }
      : { ...whole, follow_user: [first], next_cursor: 'page 2/+' },
  );
  const contact = await world.platform.getContact('wmTestExternal0001');
  expect(contact.follows.map(({ member }) => member)).toEqual(['zhangsan', 'lisi']);
});

test('a page that comes again for ever ends in an error', async () => {
  world.double.answer('externalcontact/get', { ...fixture('external-get'), next_cursor: 'same' });
  await expect(world.platform.getContact('wmTestExternal0001')).rejects.toMatchObject({ kind: 'unavailable' });
});

test('contacts come page by page, a person of another company with the company', async () => {
  const first = await world.platform.listContacts(['zhangsan'], '');
  expect(first).toMatchObject({ items: [{ key: 'wmTestExternal0001', corpName: null }], nextCursor: 'p2' });
  const second = await world.platform.listContacts(['zhangsan'], first.nextCursor);
  expect(second).toMatchObject({
    items: [
      {
        key: 'woTestExternal0002',
        type: 'colleague',
        corpName: '测试制造',
        corpFullName: '测试制造有限公司',
        position: '采购经理',
        gender: 2,
        avatar: null,
        follows: [{ member: 'zhangsan', remark: null, remarkPhones: [], tagKeys: [] }],
      },
    ],
    nextCursor: '',
  });
  expect(lastBody('externalcontact/batch/get_by_user')).toEqual({
    userid_list: ['zhangsan'],
    cursor: 'p2',
    limit: 100,
  });
});

test('tags that were deleted are not listed', async () => {
  expect(await world.platform.listTags()).toEqual([
    {
      key: 'etTestGroup0001',
      name: '客户等级',
      order: 2,
      tags: [
        { key: 'etTestTag0001', name: '重要', order: 2 },
        { key: 'etTestTag0002', name: '一般', order: 1 },
      ],
    },
  ]);
});

test('writing back says only what changed, and phones are taken away with an empty one', async () => {
  await world.platform.saveRemark(follow, { corpName: '测试实业', phones: [] });
  expect(lastBody('externalcontact/remark')).toEqual({
    userid: 'zhangsan',
    external_userid: 'wmTestExternal0001',
    remark_company: '测试实业',
    remark_mobiles: [''],
  });
});

test('writing back nothing calls nobody', async () => {
  const before = world.double.calls.length;
  await world.platform.saveRemark(follow, {});
  await world.platform.markTags(follow, { add: [], remove: [] });
  expect(world.double.calls.length).toBe(before);
});

test.each([
  ['remark', { remark: '一'.repeat(21) }],
  ['description', { description: '一'.repeat(151) }],
  ['company', { corpName: '一'.repeat(21) }],
])('a %s that is too long is not sent', async (_, edit) => {
  const before = world.double.calls.length;
  await expect(world.platform.saveRemark(follow, edit)).rejects.toMatchObject({ kind: 'rejected', code: 'too_long' });
  expect(world.double.calls.length).toBe(before);
});

test('lengths are counted in characters, an emoji is one', async () => {
  await expect(world.platform.saveRemark(follow, { remark: '🙂'.repeat(20) })).resolves.toBeUndefined();
});

test('a notice holds no link but its own, and fits', async () => {
  await world.platform.sendNotice(['zhangsan'], {
    text: `<a href="https://evil.example">点我</a> 预算<50万 ${'长'.repeat(3000)}`,
  });
  const text = (lastBody('message/send')['text'] as { content: string }).content;
  expect(text).toContain('＜a href="https://evil.example">点我＜/a> 预算<50万');
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2048);
  expect(text.endsWith('…')).toBe(true);
});

test('a notice with a link is a card with a title, and is not sent twice within half an hour', async () => {
  await world.platform.sendNotice(['zhangsan', 'lisi'], {
    text: '任务到期\n给王总发报价',
    url: 'https://crm.example.com/',
  });
  expect(lastBody('message/send')).toEqual({
    touser: 'zhangsan|lisi',
    agentid: 1_000_002,
    msgtype: 'textcard',
    textcard: { title: '任务到期', description: '给王总发报价', url: 'https://crm.example.com/' },
    enable_duplicate_check: 1,
    duplicate_check_interval: 1800,
  });
});

test('a member whose id has capitals is told apart although WeCom answers in small letters', async () => {
  world.double.answer('message/send', { ...fixture('message-send'), invaliduser: 'wangwu', unlicenseduser: 'lisi' });
  expect(await world.platform.sendNotice(['WangWu', 'zhangsan', 'lisi'], { text: 'x' })).toEqual({
    unreached: ['WangWu', 'lisi'],
  });
});

test('a notice to more than 1000 members, a welcome of more than 4000 bytes or of nothing, is not sent', async () => {
  const before = world.double.calls.length;
  const crowd = Array.from({ length: 1001 }, (_, at) => `m${at}`);
  await expect(world.platform.sendNotice(crowd, { text: 'x' })).rejects.toMatchObject({ kind: 'rejected' });
  await expect(world.platform.sendWelcome('c', { text: '长'.repeat(1334), attachments: [] })).rejects.toMatchObject({
    kind: 'rejected',
  });
  await expect(world.platform.sendWelcome('c', { text: '', attachments: [] })).rejects.toMatchObject({
    kind: 'rejected',
  });
  expect(world.double.calls.length).toBe(before);
});

test('whoever logs in and is no member is turned away', async () => {
  world.double.answer('auth/getuserinfo', fixture('getuserinfo-stranger'));
  await expect(world.platform.memberFromLogin('code')).rejects.toMatchObject({
    kind: 'rejected',
    code: 'not_a_member',
  });
});

test('the login address is the one WeCom documents', () => {
  expect(world.platform.loginUrl('https://crm.example.com/sidebar.html?a=1&b=2', 'abc123')).toBe(
    'https://open.weixin.qq.com/connect/oauth2/authorize?appid=ww1234567890abcdef&redirect_uri=https%3A%2F%2Fcrm.example.com%2Fsidebar.html%3Fa%3D1%26b%3D2&response_type=code&scope=snsapi_base&state=abc123&agentid=1000002#wechat_redirect',
  );
  expect(() => world.platform.loginUrl('https://crm.example.com/', 'a-b')).toThrow(TypeError);
});

test('a page signature is the published one', () => {
  const ticket = 'sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg';
  expect(signatureOf(ticket, 'Wm3WZYTPz0wzccnW', 1_414_587_457, 'http://mp.weixin.qq.com?params=value')).toBe(
    '0f9de62fce790f9a083d5c99e95740ceb90c27ed',
  );
});

test('a page is signed for the corp and for the app, without what follows #', async () => {
  const config = await world.platform.clientConfig('https://crm.example.com/sidebar.html?x=1#/contact');
  const signed = { timestamp: 1_700_000_000, nonceStr: expect.stringMatching(/^[0-9a-f]{16}$/) };
  expect(config).toMatchObject({ corpId: 'ww1234567890abcdef', agentId: 1_000_002, corp: signed, agent: signed });
  const { nonceStr, signature } = config['agent'] as { nonceStr: string; signature: string };
  expect(signature).toBe(
    signatureOf('agent-ticket', nonceStr, 1_700_000_000, 'https://crm.example.com/sidebar.html?x=1'),
  );
});

test('tickets are fetched once, as they may be a few hundred times an hour', async () => {
  const fetched = () =>
    world.double.calls.filter(({ path }) => path === 'get_jsapi_ticket' || path === 'ticket/get').length;
  await world.platform.clientConfig('https://crm.example.com/1');
  const before = fetched();
  await world.platform.clientConfig('https://crm.example.com/2');
  expect(fetched()).toBe(before);
});
