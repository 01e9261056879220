import { constants, createPrivateKey, publicEncrypt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeArchive, unwrapByHand, unwrapKey } from '#bot/wecom/wecom-archive.ts';
import { recordOf } from '#bot/wecom/wecom-archive-message.ts';
import type { NativeArchiveSdk } from '#bot/wecom/wecom-archive-sdk.ts';
import type { ArchivedMessage, ArchiveRecord } from '#server/platform/chat-archive.ts';
import { archivedMessages, archivePem, archivePublicKey, openMessage, sealRecord } from '#tests/bot/wecom-double.ts';
import { makeWecomWorld, type WecomWorld } from '#tests/bot/wecom-world.ts';

let world: WecomWorld;
beforeAll(async () => {
  world = await makeWecomWorld();
});
afterAll(() => world.double.close());

const privateKey = createPrivateKey(archivePem);
const file = (kind: ArchivedMessage['kind'], reference: string, bytes: number | null, name: string | null = null) => ({
  kind,
  text: '',
  media: { name, bytes, reference },
});
const said = (kind: ArchivedMessage['kind'], text: string) => ({ kind, text, media: null });

const expected: Record<string, unknown> = {
  text: said('text', '你好，想了解一下报价'),
  image: file('image', 'file_image', 70_961),
  voice: file('voice', 'file_voice', 7842),
  video: file('video', 'file_video', 169_564),
  file: file('file', 'file_file', 18_181, '报价单.xlsx'),
  emotion: file('image', 'file_emotion', 962_604),
  link: said('link', '方案\n第二版\nhttps://example.com/plan'),
  weapp: said('link', '选型助手\n选型\n设备选型'),
  location: said('location', '人民广场\n上海市黄浦区人民大道'),
  card: said('card', '示例科技\nlisi'),
  chatrecord: { ...file('other', 'file_inner', 1), text: '群聊\n预算五十万\n[图片]' },
  mixed: { ...file('text', 'file_mixed', 368), text: '看这个\n[图片]' },
  todo: said('other', '待办\n发合同'),
  vote: said('other', '哪天\n周一\n周二'),
  collect: said('other', '登记\n姓名\n日期'),
  external_redpacket: said('other', '恭喜发财'),
  meeting: said('other', '评审\n会议室\n带资料'),
  meeting_notification: said('other', '张三加入'),
  docmsg: said('link', '需求文档\nhttps://doc.example.com'),
  markdown: said('text', '**加粗**'),
  news: said('link', '新品\n发布\nhttps://example.com/n'),
  calendar: said('other', '拜访\n苏州'),
  sphfeed: said('link', '示例\n视频'),
  voiptext: said('other', ''),
  qydiskfile: said('file', '合同.pdf\nhttps://example.com/f'),
  solitaire: said('other', '1. 张三'),
  note: said('other', '笔记'),
  meeting_voice_call: file('voice', 'file_call', null),
  voip_doc_share: file('file', 'file_share', 10, '共享.pptx'),
  hologram: said('other', ''),
  redpacket: said('other', '谢谢'),
};

test.each(Object.keys(expected))('a record of type %s becomes a message', (type) => {
  const message = archivedMessages.find((message) => message['msgtype'] === type);
  const record = recordOf({ seq: 1n, key: 'k' }, JSON.stringify(message));
  expect(record).toMatchObject({ state: 'message', message: expected[type] as object });
});

test('a message says who spoke to whom, where and when to the millisecond', async () => {
  const all = (await world.platform.archive?.pull(0n, 1000)) ?? [];
  expect(all[0]).toEqual({
    seq: 2n ** 60n,
    key: '1_external',
    state: 'message',
    message: {
      from: 'wmTestExternal0001',
      to: ['zhangsan'],
      group: '',
      at: new Date(1_700_000_001_000),
      ...said('text', '你好，想了解一下报价'),
    },
  });
  expect(all.find(({ key }) => key === '34_external')).toMatchObject({
    message: { group: 'wrTestGroup0001', to: ['zhangsan', 'lisi', 'wmTestExternal0002'] },
  });
});

test('a recall names what was recalled; consent and a change of device are no messages', async () => {
  const all = (await world.platform.archive?.pull(0n, 1000)) ?? [];
  const states = all.filter(({ state }) => state !== 'message').map(({ seq, ...rest }) => (seq > 0n ? rest : seq));
  expect(states).toEqual([
    { key: '30_external', state: 'recall', recalledKey: '1_external', at: new Date(1_700_000_030_000) },
    { key: '31_external', state: 'skipped', reason: 'A consent: agree.' },
    { key: '32_external', state: 'skipped', reason: 'A consent: disagree.' },
    { key: '33', state: 'skipped', reason: 'A member changed device.' },
  ]);
});

/** An archive with these records, as a library would give them. */
function archiveOf(chatdata: string, sdk: Partial<NativeArchiveSdk> = {}) {
  const native: NativeArchiveSdk = {
    getChatData: () => chatdata,
    decryptData: openMessage,
    getMediaData: () => ({ data: Buffer.alloc(0), nextIndex: '', finished: true }),
    ...sdk,
  };
  const api = () => Promise.reject(new Error('not called'));
  return makeArchive({ privateKeys: new Map([[3, privateKey]]), sdk: () => Promise.resolve(native), api });
}
const hello = JSON.stringify(archivedMessages[0]);

test('one record that cannot be read says why, and those after it are read', async () => {
  const wrapped = publicEncrypt(
    { key: archivePublicKey, padding: constants.RSA_PKCS1_PADDING },
    Buffer.from('another'),
  );
  const good = sealRecord(5n, hello);
  const records = [
    sealRecord(1n, hello, { version: 4 }),
    sealRecord(2n, hello).replace(
      /"encrypt_random_key":"[^"]+"/,
      `"encrypt_random_key":"${wrapped.toString('base64')}"`,
    ),
    sealRecord(3n, hello).replace(/"encrypt_random_key":"[^"]+"/, '"encrypt_random_key":"AAAA"'),
    sealRecord(4n, 'no JSON'),
    good,
  ];
  const read = await archiveOf(`{"errcode":0,"errmsg":"ok","chatdata":[${records.join(',')}]}`).pull(0n, 10);
  expect(read.map((record: ArchiveRecord) => (record.state === 'unreadable' ? record.reason : record.state))).toEqual([
    'There is no private key of version 4.',
    'The message cannot be decrypted.',
    'The message cannot be decrypted.',
    'The record has another shape.',
    'message',
  ]);
});

test('what the archive refuses, and what it says that is no answer, ends in an error of the port', async () => {
  await expect(archiveOf('{"errcode":301042,"errmsg":"ip not allowed"}').pull(0n, 1)).rejects.toMatchObject({
    kind: 'forbidden',
  });
  await expect(archiveOf('<html>').pull(0n, 1)).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(archiveOf('{"errcode":0,"chatdata":[{}]}').pull(0n, 1)).rejects.toMatchObject({ kind: 'unavailable' });
  const broken = (code: unknown) =>
    archiveOf('', {
      getChatData: () => {
        throw Object.assign(new Error('GetChatData'), { code });
      },
    }).pull(0n, 1);
  await expect(broken(10_001)).rejects.toMatchObject({ kind: 'unavailable', code: '10001' });
  await expect(broken(10_009)).rejects.toMatchObject({ kind: 'forbidden' });
  await expect(broken(301_048)).rejects.toMatchObject({ kind: 'not_found' });
  await expect(broken(undefined)).rejects.toMatchObject({ kind: 'unavailable', platform: 'wecom' });
});

test('an archive without its library does not keep the rest from working', async () => {
  const { platform, double } = await makeWecomWorld({ WECOM_ARCHIVE_SDK: './no/such/module.js' });
  expect((await platform.listTags()).length).toBe(1);
  await expect(platform.archive?.pull(0n, 1)).rejects.toMatchObject({ kind: 'forbidden', call: 'archive/load' });
  await double.close();
});

test('a company without an archive has none', async () => {
  const none = { WECOM_ARCHIVE_SECRET: '', WECOM_ARCHIVE_PRIVATE_KEYS: '', WECOM_ARCHIVE_SDK: '' };
  const { platform, double } = await makeWecomWorld(none);
  expect(platform.archive).toBeNull();
  await double.close();
});

test('the wrapped key opens both ways, with Node’s own padding and where Node refuses it', () => {
  const wrapped = publicEncrypt(
    { key: archivePublicKey, padding: constants.RSA_PKCS1_PADDING },
    Buffer.from('random-key'),
  );
  expect(unwrapKey(privateKey, wrapped)).toBe('random-key');
  expect(unwrapByHand(privateKey, wrapped)).toBe('random-key');
  expect(unwrapByHand(privateKey, Buffer.alloc(256, 7))).toBeNull();
  expect(unwrapByHand(privateKey, Buffer.alloc(3))).toBeNull();
});

test('media comes chunk by chunk until it is whole', async () => {
  const chunks: string[] = [];
  for await (const chunk of world.platform.archive?.readMedia('file_image') ?? []) chunks.push(chunk.toString());
  expect(chunks).toEqual(['file_image part 0;', 'file_image part 1;', 'file_image part 2;']);
});

test('media that is gone is not found', async () => {
  const read = async () => {
    for await (const _ of world.platform.archive?.readMedia('gone') ?? []);
  };
  await expect(read()).rejects.toMatchObject({ kind: 'not_found', code: '10010' });
});

test('consent is asked with the archive’s own token, at most 100 pairs at a time', async () => {
  const asked = [
    { member: 'ZhangSan', contact: 'wmTestExternal0001' },
    { member: 'lisi', contact: 'wmTestExternal0001' },
    ...Array.from({ length: 99 }, (_, at) => ({ member: 'zhangsan', contact: `wm${at}` })),
  ];
  const answers = (await world.platform.archive?.consentOf(asked)) ?? [];
  expect(answers.map(({ consent }) => consent)).toEqual(['agreed', 'refused', ...Array<string>(99).fill('unknown')]);
  const calls = world.double.calls.filter(({ path }) => path === 'msgaudit/check_single_agree');
  expect(calls.map(({ body }) => (body['info'] as unknown[]).length)).toEqual([100, 1]);
  expect(calls[0]?.query['access_token']).toBe('archive-token-1');
});

test('one id the archive does not know leaves the answers for the others as they are', async () => {
  world.double.answer('msgaudit/check_single_agree', ({ body }) => {
    const info = body['info'] as { userid: string; exteranalopenid: string }[];
    return info.some(({ exteranalopenid }) => exteranalopenid === 'gone')
      ? { errcode: 301061, errmsg: 'unknown id' }
      : { errcode: 0, errmsg: 'ok', agreeinfo: info.map((pair) => ({ ...pair, agree_status: 'Agree' })) };
  });
  const asked = ['a', 'b', 'gone', 'd', 'e'].map((contact) => ({ member: 'zhangsan', contact }));
  const answers = (await world.platform.archive?.consentOf(asked)) ?? [];
  expect(answers.map(({ consent }) => consent)).toEqual(['agreed', 'agreed', 'unknown', 'agreed', 'agreed']);
  world.double.asUsual();
});

test('text that PostgreSQL cannot keep is kept without what it cannot', () => {
  const message = { ...archivedMessages[0], text: { content: 'a\0b\uD800' } };
  expect(recordOf({ seq: 1n, key: 'k' }, JSON.stringify(message))).toMatchObject({ message: { text: 'ab\uFFFD' } });
});

test('records within records within records end', () => {
  const nest = (depth: number): object =>
    depth === 0
      ? { content: '深' }
      : { title: 't', item: [{ type: 'ChatRecordChatrecord', content: JSON.stringify(nest(depth - 1)) }] };
  const message = { ...archivedMessages[0], msgtype: 'chatrecord', chatrecord: nest(10) };
  expect(recordOf({ seq: 1n, key: 'k' }, JSON.stringify(message))).toMatchObject({ message: { text: 't\nt\nt\nt' } });
});
