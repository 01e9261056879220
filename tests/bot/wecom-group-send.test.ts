import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { PlatformErrorKind } from '#server/platform/platform-error.ts';
import type { ContactMessage, MessageAttachment } from '#server/platform/message.ts';
import type { GroupSends } from '#server/platform/group-send.ts';
import { fixture } from '#tests/bot/wecom-double.ts';
import { makeWecomWorld, type WecomWorld } from '#tests/bot/wecom-world.ts';

let world: WecomWorld;
let sends: GroupSends;
beforeAll(async () => {
  world = await makeWecomWorld();
  if (!world.platform.groupSends) throw new Error('WeCom sends to many.');
  sends = world.platform.groupSends;
});
afterEach(() => world.double.asUsual());
afterAll(() => world.double.close());

const start = 'externalcontact/add_msg_template';
const callsOf = (path: string) => world.double.calls.filter((call) => call.path === path);
const lastBody = (path: string) => callsOf(path).at(-1)?.body ?? {};
const refused = (errcode: number) => ({ errcode, errmsg: 'refused' });
const to = { sender: 'zhangsan', contacts: ['wmTest1', 'wmTest2'] };
const words: ContactMessage = { text: '春季新品', attachments: [] };
const link = { kind: 'link', title: '三分钟看完', description: '', url: 'https://crm.example.com/' } as const;

test('a send names its member and every contact, so that it is never for all of them, nor by somebody else', async () => {
  world.double.answer(start, { errcode: 0, errmsg: 'ok', fail_list: ['wmTest2'], msgid: 'msgTest0001' });
  expect(await sends.start({ ...to, message: words })).toEqual({ key: 'msgTest0001', unsendable: ['wmTest2'] });
  expect(lastBody(start)).toEqual({
    chat_type: 'single',
    external_userid: ['wmTest1', 'wmTest2'],
    sender: 'zhangsan',
    text: { content: '春季新品' },
  });
  const before = world.double.calls.length;
  expect(await sends.start({ ...to, contacts: [], message: words })).toBe('nobody');
  await expect(sends.start({ ...to, sender: '', message: words })).rejects.toMatchObject({ kind: 'rejected' });
  expect(world.double.calls.length).toBe(before);
});

test('each kind of attachment goes out as WeCom names it', async () => {
  world.double.answer(start, { errcode: 0, errmsg: 'ok', fail_list: null, msgid: 'msgTest0001' });
  const attachments: MessageAttachment[] = [
    { kind: 'image', media: 'M1' },
    { kind: 'video', media: 'M2' },
    { kind: 'file', media: 'M3' },
    { ...link, description: '看图', pictureUrl: 'https://crm.example.com/p.png' },
    { ...link, pictureUrl: null },
    { kind: 'app', title: '商城', appId: 'wxTest', page: 'pages/index.html', picture: 'M4' },
  ];
  expect(await sends.start({ ...to, message: { text: '', attachments } })).toMatchObject({ unsendable: [] });
  expect(lastBody(start)).not.toHaveProperty('text');
  expect(lastBody(start)['attachments']).toEqual([
    { msgtype: 'image', image: { media_id: 'M1' } },
    { msgtype: 'video', video: { media_id: 'M2' } },
    { msgtype: 'file', file: { media_id: 'M3' } },
    {
      msgtype: 'link',
      link: {
        title: '三分钟看完',
        picurl: 'https://crm.example.com/p.png',
        desc: '看图',
        url: 'https://crm.example.com/',
      },
    },
    { msgtype: 'link', link: { title: '三分钟看完', url: 'https://crm.example.com/' } },
    {
      msgtype: 'miniprogram',
      miniprogram: { title: '商城', pic_media_id: 'M4', appid: 'wxTest', page: 'pages/index.html' },
    },
  ]);
});

test.each<[string, ContactMessage]>([
  ['a text of more than 4000 bytes', { text: '长'.repeat(1334), attachments: [] }],
  ['ten attachments', { text: '', attachments: Array.from({ length: 10 }, () => ({ kind: 'image', media: 'M' })) }],
  ['a long title', { text: '', attachments: [{ ...link, title: '长'.repeat(43), pictureUrl: null }] }],
  ['a long description', { text: '', attachments: [{ ...link, description: '长'.repeat(171), pictureUrl: null }] }],
  ['a long address', { text: '', attachments: [{ ...link, url: `https://a/${'x'.repeat(2048)}`, pictureUrl: null }] }],
  [
    'a long title of a mini program',
    { text: '', attachments: [{ kind: 'app', title: '长'.repeat(22), appId: 'wx', page: 'p', picture: 'M' }] },
  ],
  ['nothing', { text: '', attachments: [] }],
])('%s is refused with a sentence, and not sent', async (_, message) => {
  const before = world.double.calls.length;
  await expect(sends.start({ ...to, message })).rejects.toMatchObject({
    kind: 'rejected',
    message: expect.stringMatching(/[a-z] .+\.$/),
  });
  await expect(world.platform.sendWelcome('code', message)).rejects.toMatchObject({ kind: 'rejected' });
  expect(world.double.calls.length).toBe(before);
});

test('when nobody can be sent to, there is no send and no error', async () => {
  world.double.answer(start, refused(41048));
  expect(await sends.start({ ...to, message: words })).toBe('nobody');
});

test.each<[number, PlatformErrorKind, number]>([
  [45009, 'rate_limited', 60_000],
  [45033, 'rate_limited', 1000],
  [40007, 'not_found', 0],
  [40145, 'not_found', 0],
  [60111, 'not_found', 0],
  [84074, 'forbidden', 0],
  [41064, 'rejected', 0],
  // Busy says nothing of whether it was done, and what may have been done is not done again.
  [-1, 'unknown', 0],
])('a start answered with %i is %s', async (errcode, kind, retryAfterMs) => {
  world.double.answer(start, refused(errcode));
  const error = { kind, code: String(errcode), retryAfterMs };
  await expect(sends.start({ ...to, message: words })).rejects.toMatchObject(error);
});

test('a start whose answer makes no sense may have happened', async () => {
  world.double.answer(start, { errcode: 0, errmsg: 'ok', fail_list: [] });
  await expect(sends.start({ ...to, message: words })).rejects.toMatchObject({ kind: 'unknown' });
});

test('sends are listed with what tells them apart, times as text or number, page by page', async () => {
  world.double.answer('externalcontact/get_groupmsg_list_v2', fixture('groupmsg-list'));
  const between = { since: new Date('2023-11-14T22:13:19.500Z'), until: new Date('2023-11-14T23:00:00.001Z') };
  expect(await sends.list(between, '')).toEqual({
    items: [
      {
        key: 'msgTest0002',
        at: new Date(1_700_000_060_000),
        text: '春季新品',
        attachments: ['image', 'link', 'app', 'video', 'file', 'finder'],
      },
      { key: 'msgTest0001', at: new Date(1_700_000_000_000), text: '', attachments: [] },
    ],
    nextCursor: 'p2',
  });
  const asked = { chat_type: 'single', start_time: 1_699_999_999, end_time: 1_700_002_801, filter_type: 0, limit: 100 };
  expect(lastBody('externalcontact/get_groupmsg_list_v2')).toEqual(asked);
  await sends.list(between, 'p2');
  expect(lastBody('externalcontact/get_groupmsg_list_v2')).toEqual({ ...asked, cursor: 'p2' });
});

test('more than a month is not asked for at once', async () => {
  const between = { since: new Date('2026-01-01T00:00:00Z'), until: new Date('2026-02-01T00:00:00Z') };
  await expect(sends.list(between, '')).rejects.toMatchObject({ kind: 'rejected', code: 'too_long' });
});

test('who confirmed, and when', async () => {
  world.double.answer('externalcontact/get_groupmsg_task', fixture('groupmsg-task'));
  expect(await sends.confirmations('msgTest0001', '')).toEqual({
    items: [
      { member: 'zhangsan', state: 'confirmed', at: new Date(1_700_000_100_000) },
      { member: 'lisi', state: 'waiting', at: null },
    ],
    nextCursor: '',
  });
});

test('what became of each contact; of a state nobody knows, nothing is said', async () => {
  world.double.answer('externalcontact/get_groupmsg_send_result', fixture('groupmsg-send-result'));
  expect(await sends.results({ send: 'msgTest0001', member: 'zhangsan' }, '')).toEqual({
    items: [
      { contact: 'wmTest1', state: 'delivered', at: new Date(1_700_000_100_000) },
      { contact: 'wmTest2', state: 'not_connected', at: null },
      { contact: 'wmTest3', state: 'over_quota', at: null },
      { contact: 'wmTest4', state: 'waiting', at: null },
    ],
    nextCursor: 'p2',
  });
  expect(lastBody('externalcontact/get_groupmsg_send_result')).toEqual({
    msgid: 'msgTest0001',
    userid: 'zhangsan',
    limit: 1000,
  });
});

test('a send that is still being handed out is asked about again in some seconds', async () => {
  world.double.answer('externalcontact/get_groupmsg_task', refused(41063));
  const error = { kind: 'rate_limited', retryAfterMs: 5000 };
  await expect(sends.confirmations('msgTest0001', '')).rejects.toMatchObject(error);
  world.double.answer('externalcontact/cancel_groupmsg_send', refused(41063));
  await expect(sends.cancel('msgTest0001')).rejects.toMatchObject(error);
});

test('what was taken back already is taken back; who was reminded three times today is not again', async () => {
  world.double.answer('externalcontact/cancel_groupmsg_send', refused(41093));
  await expect(sends.cancel('msgTest0001')).resolves.toBeUndefined();
  world.double.answer('externalcontact/remind_groupmsg_send', refused(41094));
  await expect(sends.remind('msgTest0001')).rejects.toMatchObject({ kind: 'rejected', code: '41094' });
});

test('a member looks at what contacts would get, in messages of the app, a long text in two', async () => {
  const before = callsOf('message/send').length;
  world.double.answer('message/send', { ...fixture('message-send'), invaliduser: '' });
  const text = `<a href="https://evil.example">点我</a>${'长'.repeat(1000)}`;
  const app = { kind: 'app', title: '商城', appId: 'wxTest', page: 'pages/index.html', picture: 'M4' } as const;
  const attachments: MessageAttachment[] = [
    { kind: 'image', media: 'M1' },
    { kind: 'video', media: 'M2' },
    { kind: 'file', media: 'M3' },
    { ...link, pictureUrl: 'https://crm.example.com/p.png' },
    app,
  ];
  expect(await sends.preview('zhangsan', { text, attachments })).toEqual({ reached: true });
  const bodies = callsOf('message/send')
    .slice(before)
    .map(({ body }) => body);
  const about = { touser: 'zhangsan', agentid: 1_000_002 };
  const [first, second, ...rest] = bodies;
  const pieces = [first, second].map((part) => (part?.['text'] as { content: string } | undefined)?.content ?? '');
  for (const piece of pieces) expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(2048);
  expect(pieces.join('')).toBe(text.replaceAll('<', '＜'));
  expect(rest).toEqual([
    { ...about, msgtype: 'image', image: { media_id: 'M1' } },
    { ...about, msgtype: 'video', video: { media_id: 'M2' } },
    { ...about, msgtype: 'file', file: { media_id: 'M3' } },
    {
      ...about,
      msgtype: 'news',
      news: {
        articles: [
          {
            title: '三分钟看完',
            description: '',
            url: 'https://crm.example.com/',
            picurl: 'https://crm.example.com/p.png',
          },
        ],
      },
    },
    { ...about, msgtype: 'text', text: { content: '小程序：商城\nwxTest pages/index.html' } },
  ]);
});
