import { createHash } from 'node:crypto';
import type { SignatureCheck, SignatureVerdict } from './frame-api.ts';
import { alphanumeric } from './alphanumeric.ts';
import type { Credential, Stage } from './stage.ts';
import { Errcode, get, post, textOf, type Call, type CallTable, type TokenKind } from './wecom-call.ts';

const tokenMs = 7_200_000;
const codeMs = 300_000;

export const accessCalls: CallTable = {
  gettoken: get(getToken, null),
  get_jsapi_ticket: get(({ stage }) => ticket(stage, 'corp_ticket')),
  'ticket/get': get(({ stage, query }) => {
    if (query.get('type') !== 'agent_config') throw new Errcode(91040, 'invalid ticket type');
    return ticket(stage, 'agent_ticket');
  }),
  getcallbackip: get(() => ({ ip_list: ['127.0.0.1'] }), ['app', 'archive', 'contact_sync']),
  get_api_domain_ip: get(() => ({ ip_list: ['127.0.0.1'] }), ['app', 'archive', 'contact_sync']),
  'auth/getuserinfo': get(getUserInfo),
  'user/getuserinfo': get(getUserInfo),
  'auth/getuserdetail': post(({ body }) => {
    textOf(body, 'user_ticket', 84015);
    throw new Errcode(84015, 'invalid user_ticket');
  }),
};

function getToken({ stage, query }: Call): Record<string, unknown> {
  const { company } = stage.world;
  const corpId = query.get('corpid');
  const secret = query.get('corpsecret');
  if (!corpId) throw new Errcode(41002, 'corpid missing');
  if (!secret) throw new Errcode(41004, 'corpsecret missing');
  if (corpId !== company.corpId) throw new Errcode(40013, 'invalid corpid');
  const kinds: Record<string, TokenKind> = {
    [company.secret]: 'app',
    [company.archiveSecret]: 'archive',
    [company.contactSyncSecret]: 'contact_sync',
  };
  const kind = kinds[secret];
  if (!kind) throw new Errcode(40001, 'invalid credential');
  const held = credential(stage, kind);
  return { access_token: held.value, expires_in: Math.floor((held.expiresAt - stage.now()) / 1000) };
}

function ticket(stage: Stage, kind: 'corp_ticket' | 'agent_ticket'): Record<string, unknown> {
  const held = credential(stage, kind);
  return { ticket: held.value, expires_in: Math.floor((held.expiresAt - stage.now()) / 1000) };
}

/** D91039: asked again while it is good, the same one comes back. */
function credential(stage: Stage, kind: Credential['kind']): Credential {
  const { credentials } = stage.world;
  const good = credentials.find((one) => one.kind === kind && one.expiresAt > stage.now());
  if (good) return good;
  const made: Credential = { kind, value: alphanumeric(86), expiresAt: stage.now() + tokenMs };
  credentials.push(made);
  // Old ones are kept a while: they are known to have been good (42001), others never were (40014).
  credentials.splice(0, credentials.length - 50);
  stage.changed();
  return made;
}

export function expireTokens(stage: Stage): number {
  let expired = 0;
  for (const one of stage.world.credentials) {
    // Tickets are not tokens: a page's signature does not go bad with them.
    if (one.kind.endsWith('_ticket') || one.expiresAt <= stage.now()) continue;
    one.expiresAt = stage.now();
    expired += 1;
  }
  stage.changed();
  return expired;
}

export function tokenKind(stage: Stage, token: string | null): TokenKind {
  if (!token) throw new Errcode(41001, 'access_token missing');
  const held = stage.world.credentials.find((one) => one.value === token && !one.kind.endsWith('_ticket'));
  if (!held) throw new Errcode(40014, 'invalid access_token');
  if (held.expiresAt <= stage.now()) throw new Errcode(42001, 'access_token expired');
  return held.kind as TokenKind;
}

/** D91022: the code is good for one use within five minutes. */
export function loginCode(stage: Stage, member: string): string {
  const code = alphanumeric(43);
  stage.world.logins.push({ code, member, expiresAt: stage.now() + codeMs, used: false });
  stage.world.logins.splice(0, stage.world.logins.length - 200);
  stage.changed();
  return code;
}

function getUserInfo({ stage, query }: Call): Record<string, unknown> {
  const login = stage.world.logins.find((one) => one.code === query.get('code'));
  if (!login) throw new Errcode(40029, 'invalid code');
  if (login.used) throw new Errcode(42022, 'code has been used');
  if (login.expiresAt <= stage.now()) throw new Errcode(42003, 'code expired');
  login.used = true;
  stage.changed();
  return { userid: login.member };
}

/** What the client does before a page may call it (D90506): the page's address is signed with the company's ticket. */
export function verifySignature(stage: Stage, check: SignatureCheck): SignatureVerdict {
  const no = (reason: string) => ({ ok: false, reason });
  const { company, credentials } = stage.world;
  if (check.corpId !== company.corpId) return no('invalid corpid');
  if (check.ticket === 'agent' && check.agentId !== company.agentId) return no('invalid agentid');
  const url = check.url.split('#')[0] ?? '';
  if (!isTrusted(stage, url)) return no('invalid url domain');
  const kind: Credential['kind'] = check.ticket === 'agent' ? 'agent_ticket' : 'corp_ticket';
  const isSigned = credentials.some((one) => {
    if (one.kind !== kind || one.expiresAt <= stage.now()) return false;
    const text = `jsapi_ticket=${one.value}&noncestr=${check.nonceStr}&timestamp=${check.timestamp}&url=${url}`;
    return createHash('sha1').update(text).digest('hex') === check.signature;
  });
  return isSigned ? { ok: true, reason: '' } : no('invalid signature');
}

/** The app's trusted domain is where the sandbox shows it, port and all. */
export function isTrusted(stage: Stage, url: string): boolean {
  return URL.canParse(url) && new URL(url).origin === stage.url;
}
