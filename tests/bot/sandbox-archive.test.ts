import { constants, createPrivateKey, privateDecrypt } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { createArchiveSdk } from '#bot/sandbox/archive-sdk.ts';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();

beforeEach(() => {
  world.offsetMs = 0;
});

const sdk = (secret = world.env('WECOM_ARCHIVE_SECRET')) =>
  createArchiveSdk({ corpId: world.env('WECOM_CORP_ID'), secret, apiBase: world.env('WECOM_API_BASE') });

interface Sealed {
  seq: number;
  msgid: string;
  publickey_ver: number;
  encrypt_random_key: string;
  encrypt_chat_msg: string;
}

async function pull(after: number, limit: number): Promise<Sealed[]> {
  const said = JSON.parse(await sdk().getChatData(BigInt(after), limit)) as { errcode: number; chatdata: Sealed[] };
  expect(said.errcode).toBe(0);
  return said.chatdata;
}

/** As the reference says it: no padding at OpenSSL's hands, then the PKCS#1 v1.5 block read by eye. */
async function open(record: Sealed): Promise<Record<string, unknown>> {
  const keys = JSON.parse(world.env('WECOM_ARCHIVE_PRIVATE_KEYS')) as Record<string, string>;
  const key = createPrivateKey(keys[record.publickey_ver] ?? '');
  const block = privateDecrypt(
    { key, padding: constants.RSA_NO_PADDING },
    Buffer.from(record.encrypt_random_key, 'base64'),
  );
  expect(block).toHaveLength(256);
  expect([...block.subarray(0, 2)]).toEqual([0, 2]);
  const end = block.indexOf(0, 2);
  expect(end).toBeGreaterThanOrEqual(10);
  const randomKey = block.subarray(end + 1).toString('utf8');
  return JSON.parse(await sdk().decryptData(randomKey, record.encrypt_chat_msg)) as Record<string, unknown>;
}

async function last(): Promise<number> {
  return (await pull(0, 1000)).at(-1)?.seq ?? 0;
}

test('the histories of forty chats lie in the archive, in the order of a growing number, and can be read', async () => {
  const records = await pull(0, 1000);
  const opened = await Promise.all(records.map(open));
  expect(records.every((one, place) => place === 0 || one.seq > (records[place - 1]?.seq ?? 0))).toBe(true);
  expect(new Set(records.map((one) => one.msgid)).size).toBe(records.length);
  const texts = opened.filter((one) => one['msgtype'] === 'text');
  expect(texts.length).toBeGreaterThan(200);
  expect(
    new Set(texts.map((one) => [one['from'], ...(one['tolist'] as string[])].toSorted().join(' '))).size,
  ).toBeGreaterThan(35);
  expect(opened.map((one) => one['msgid'])).toEqual(records.map((one) => one.msgid));
});

test('records come by pages without a gap', async () => {
  const all = await pull(0, 1000);
  const paged: Sealed[] = [];
  for (let after = 0; ; after = paged.at(-1)?.seq ?? 0) {
    const page = await pull(after, 70);
    paged.push(...page);
    if (page.length < 70) break;
  }
  expect(paged.map((one) => one.msgid)).toEqual(all.map((one) => one.msgid));
});

test('a message is archived once the customer agreed, and not before', async () => {
  const before = await last();
  const { contact = '' } = await world.act({
    kind: 'customer_adds',
    member: 'wanglei',
    contact: null,
    name: '冯女士',
    agree: false,
  });
  const pair = { member: 'wanglei', contact };
  await world.act({ kind: 'customer_writes', ...pair, text: '先随便问问' });
  await world.act({ kind: 'customer_consents', ...pair, agree: true });
  const { message } = await world.act({ kind: 'customer_writes', ...pair, text: '多少钱一年？' });
  await world.act({ kind: 'recall', message: message?.id ?? '' });
  const opened = await Promise.all((await pull(before, 100)).map(open));
  expect(opened).toMatchObject([
    { msgtype: 'agree', from: contact, agree: { userid: contact } },
    { msgtype: 'text', action: 'send', from: contact, tolist: ['wanglei'], text: { content: '多少钱一年？' } },
    { action: 'recall', msgtype: 'revoke', revoke: { pre_msgid: opened[1]?.['msgid'] } },
  ]);
  const access_token = await world.token(world.env('WECOM_ARCHIVE_SECRET'));
  const asked = { info: [{ userid: 'wanglei', exteranalopenid: contact }] };
  expect(await world.call('msgaudit/check_single_agree', { access_token }, asked)).toMatchObject({
    agreeinfo: [{ userid: 'wanglei', exteranalopenid: contact, agree_status: 'Agree' }],
  });
});

test('after five days a record is no longer given', async () => {
  expect((await pull(0, 1000)).length).toBeGreaterThan(0);
  world.offsetMs = 6 * 86_400_000;
  expect(await pull(0, 1000)).toEqual([]);
});

test('the archive opens to its own secret only, and gives a thousand records at most', async () => {
  expect(JSON.parse(await sdk(world.env('WECOM_SECRET')).getChatData(0n, 10))).toMatchObject({ errcode: 40001 });
  expect(JSON.parse(await sdk().getChatData(0n, 1001))).toMatchObject({ errcode: 301058 });
});

test('a file sent in a chat can be fetched, whole', async () => {
  const opened = await Promise.all((await pull(0, 1000)).map(open));
  const file = opened.find((one) => one['msgtype'] === 'file')?.['file'] as { sdkfileid: string; filesize: number };
  const chunks: Buffer[] = [];
  for (let index = ''; ;) {
    const chunk = await sdk().getMediaData(file.sdkfileid, index);
    chunks.push(chunk.data);
    if (chunk.finished) break;
    index = chunk.nextIndex;
  }
  expect(Buffer.concat(chunks)).toHaveLength(file.filesize);
  await expect(sdk().getMediaData('sdk_nothing', '')).rejects.toThrow('301048');
});
