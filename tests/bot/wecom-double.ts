import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { sendingDouble } from '#tests/bot/wecom-double-send.ts';
import { keys } from '#tests/bot/wecom-sealed.ts';

type Json = Record<string, unknown>;
export interface DoubleCall {
  path: string;
  query: Record<string, string>;
  body: Json;
  headers: Record<string, unknown>;
}
type Answer = Json | ((call: DoubleCall, response: ServerResponse) => Json | ServerResponse);

export function fixture(name: string): Json {
  return JSON.parse(readFileSync(new URL(`../fixtures/wecom/api/${name}.json`, import.meta.url), 'utf8')) as Json;
}

const ok = { errcode: 0, errmsg: 'ok' };
const not = (errcode: number) => ({
  errcode,
  errmsg: `refused, hint: [1700000000_1_abc], from ip: 203.0.113.9, more info at https://open.work.weixin.qq.com/devtool/query?e=${errcode}`,
});

/** WeCom's server API as its pages document it, with the recorded answers; small enough to be seen through. */
export async function startDouble() {
  const contact = fixture('external-get') as { external_contact: Json; follow_user: Json[] };
  const codes = { login: new Set<string>(), welcome: new Set<string>(), response: new Set<string>() };
  const cards = new Set<unknown>();
  const underway = new Map<unknown, Json>();
  const tokens = { app: 'app-token-1', archive: 'archive-token-1', fetched: 0 };
  const calls: DoubleCall[] = [];
  const answers = new Map<string, Answer>();
  const sending = sendingDouble();
  /** Calls that are done and not answered, once. */
  const silent = new Set<string>();

  const once = (set: Set<string>, code: unknown, refused: number, answer: Json) =>
    typeof code === 'string' && set.delete(code) ? answer : not(refused);
  const followOf = (body: Json) =>
    body['external_userid'] === 'wmTestExternal0001'
      ? contact.follow_user.find((follow) => follow['userid'] === body['userid'])
      : undefined;

  const usual: Record<string, (call: DoubleCall) => Json> = {
    ...sending.calls,
    'department/list': () => fixture('department-list'),
    'user/list': ({ query }) =>
      ['2', '7'].includes(query['department_id'] ?? '')
        ? fixture(`user-list-${query['department_id']}`)
        : { ...ok, userlist: [] },
    'user/get': ({ query }) => (query['userid'] === 'zhangsan' ? fixture('user-get') : not(60111)),
    'externalcontact/get_follow_user_list': () => fixture('follow-user-list'),
    'externalcontact/list': ({ query }) => (query['userid'] === 'zhangsan' ? fixture('external-list') : not(84061)),
    'externalcontact/get': ({ query }) =>
      query['external_userid'] === 'wmTestExternal0001' ? (contact as Json) : not(40096),
    // One contact a page.
    'externalcontact/batch/get_by_user': ({ body }) => {
      const list = fixture('batch-get-by-user')['external_contact_list'] as Json[];
      return body['cursor'] === 'p2'
        ? { ...ok, external_contact_list: list.slice(1), next_cursor: '' }
        : { ...ok, external_contact_list: list.slice(0, 1), next_cursor: 'p2' };
    },
    'externalcontact/remark': ({ body }) => {
      const follow = followOf(body);
      if (!follow) return not(84061);
      const { remark_company, remark_mobiles, userid: _, external_userid: __, ...rest } = body;
      Object.assign(follow, rest);
      if (remark_company !== undefined) follow['remark_corp_name'] = remark_company;
      if (Array.isArray(remark_mobiles)) follow['remark_mobiles'] = remark_mobiles[0] === '' ? [] : remark_mobiles;
      return ok;
    },
    'externalcontact/get_corp_tag_list': () => fixture('corp-tag-list'),
    'externalcontact/mark_tag': ({ body }) => {
      const follow = followOf(body);
      if (!follow) return not(84061);
      const remove = body['remove_tag'] as string[];
      const tags = (follow['tags'] as Json[]).filter((tag) => !remove.includes(String(tag['tag_id'])));
      follow['tags'] = [
        ...tags,
        ...(body['add_tag'] as string[]).map((tag_id) => ({ tag_id, tag_name: 'x', group_name: 'y', type: 1 })),
      ];
      return ok;
    },
    'externalcontact/send_welcome_msg': ({ body }) => once(codes.welcome, body['welcome_code'], 41050, ok),
    // A task_id serves once, a response_code too.
    'message/send': ({ body }) => {
      const { task_id } = (body['template_card'] ?? {}) as Json;
      const to = String(body['touser']).split('|');
      const named = (body[String(body['msgtype'])] as Json | undefined)?.['media_id'];
      if (named !== undefined && !sending.hasMedia(named)) return not(40007);
      const invalid = to.filter((key) => !['zhangsan', 'lisi', 'WangWu'].includes(key));
      if (invalid.length === to.length) return not(81013);
      if (task_id !== undefined && cards.has(task_id)) return not(42014);
      if (task_id !== undefined) codes.response.add(`code of ${String(cards.add(task_id) && task_id)}`);
      return {
        ...fixture('message-send'),
        invaliduser: invalid.join('|').toLowerCase(),
        ...(task_id === undefined ? {} : { response_code: `code of ${String(task_id)}` }),
      };
    },
    'message/update_template_card': ({ body }) =>
      once(codes.response, body['response_code'], 42022, { ...ok, invaliduser: [] }),
    'externalcontact/transfer_customer': ({ body }) => ({
      ...ok,
      customer: (body['external_userid'] as string[]).map((external_userid) => {
        const isKnown = /^w[mo]Test/.test(external_userid);
        if (isKnown) underway.set(external_userid, { external_userid, status: 2, takeover_time: 1_700_086_400 });
        return { external_userid, errcode: isKnown ? 0 : 40096 };
      }),
    }),
    'externalcontact/transfer_result': () => ({ ...ok, customer: [...underway.values()], next_cursor: '' }),
    'auth/getuserinfo': ({ query }) => once(codes.login, query['code'], 40029, fixture('getuserinfo-member')),
    get_jsapi_ticket: () => fixture('jsapi-ticket'),
    'ticket/get': ({ query }) =>
      query['type'] === 'agent_config' ? { ...fixture('jsapi-ticket'), ticket: 'agent-ticket' } : not(91040),
    'msgaudit/check_single_agree': () => fixture('check-single-agree'),
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const text = Buffer.concat(chunks).toString();
      const isForm = request.headers['content-type']?.startsWith('multipart/') ?? false;
      const call: DoubleCall = {
        path: url.pathname.replace('/cgi-bin/', ''),
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body: (text && (isForm ? { form: text } : JSON.parse(text))) || {},
      };
      calls.push(call);
      const answer = answerOf(call, response);
      if (silent.delete(call.path)) request.socket.destroy();
      else if (answer) response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
  });

  function answerOf(call: DoubleCall, response: ServerResponse): Json | undefined {
    if (call.path === 'gettoken') return tokenFor(call);
    const token = call.path.startsWith('msgaudit/') ? tokens.archive : tokens.app;
    if (call.query['access_token'] !== token) return not(42001);
    const answer = answers.get(call.path) ?? usual[call.path];
    if (typeof answer !== 'function') return answer ?? not(40058);
    const said = answer(call, response);
    return said === response ? undefined : (said as Json);
  }

  function tokenFor({ query }: DoubleCall): Json {
    const set = answers.get('gettoken');
    if (set && typeof set !== 'function') return set;
    if (query['corpid'] !== keys.receiver) return not(40013);
    tokens.fetched += 1;
    if (query['corpsecret'] === 'app-secret') return { ...ok, access_token: tokens.app, expires_in: 7200 };
    if (query['corpsecret'] === 'archive-secret') return { ...ok, access_token: tokens.archive, expires_in: 7200 };
    return not(40001);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    calls,
    tokens,
    codes,
    underway,
    sending,
    silent,
    /** What the platform is configured with. */
    env: {
      WECOM_CORP_ID: keys.receiver,
      WECOM_AGENT_ID: '1000002',
      WECOM_SECRET: 'app-secret',
      WECOM_CALLBACK_TOKEN: keys.token,
      WECOM_CALLBACK_AES_KEY: keys.encodingAesKey,
      WECOM_API_BASE: url,
      WECOM_ARCHIVE_SECRET: 'archive-secret',
      WECOM_ARCHIVE_PRIVATE_KEYS: JSON.stringify({ 3: archivePem }),
      WECOM_ARCHIVE_SDK: fileURLToPath(import.meta.url),
    } as Record<string, string | undefined>,
    /** Answers this from now on, in place of what it would. */
    answer: (path: string, answer: Answer) => void answers.set(path, answer),
    asUsual: () => answers.clear(),
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export type Double = Awaited<ReturnType<typeof startDouble>>;

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const archivePem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
export const archivePublicKey = publicKey;

export const archivedMessages = JSON.parse(
  readFileSync(new URL('../fixtures/wecom/archive/messages.json', import.meta.url), 'utf8'),
) as Json[];

/** A record as GetChatData gives it: the key wrapped with RSA, the message sealed with that key. */
export function sealRecord(seq: bigint, message: string, about: { msgid?: string; version?: number } = {}): string {
  const randomKey = randomBytes(24).toString('base64');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', createHash('sha256').update(randomKey).digest(), iv);
  const sealed = Buffer.concat([cipher.update(message), cipher.final()]);
  const wrapped = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.from(randomKey));
  const { msgid = `m${seq}`, version = 3 } = about;
  return `{"seq":${seq},"msgid":${JSON.stringify(msgid)},"publickey_ver":${version},"encrypt_random_key":"${wrapped.toString('base64')}","encrypt_chat_msg":"${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64')}"}`;
}

/** The native library's place: WECOM_ARCHIVE_SDK points at this file. */
export function createArchiveSdk() {
  // Beyond what a JavaScript number holds: seq has 64 bits.
  const firstSeq = 2n ** 60n;
  const records = archivedMessages.map((message, at) => ({
    seq: firstSeq + BigInt(at),
    text: sealRecord(firstSeq + BigInt(at), JSON.stringify(message), { msgid: String(message['msgid']) }),
  }));
  return {
    getChatData(seq: bigint, limit: number) {
      const after = records.filter((record) => record.seq > seq).slice(0, limit);
      return `{"errcode":0,"errmsg":"ok","chatdata":[${after.map(({ text }) => text).join(',')}]}`;
    },
    decryptData: openMessage,
    getMediaData(reference: string, indexBuf: string) {
      if (reference === 'gone') throw Object.assign(new Error('GetMediaData'), { code: 10010 });
      const at = Number(indexBuf || 0);
      return { data: Buffer.from(`${reference} part ${at};`), nextIndex: String(at + 1), finished: at === 2 };
    },
  };
}

export function openMessage(randomKey: string, encrypted: string): string {
  const bytes = Buffer.from(encrypted, 'base64');
  const decipher = createDecipheriv(
    'aes-256-gcm',
    createHash('sha256').update(randomKey).digest(),
    bytes.subarray(0, 12),
  );
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString();
}
