import { createHash, randomBytes } from 'node:crypto';
import { DingtalkErrcode, DingtalkRefusal, oldParam, paramRefused, text, type DingtalkRule } from './dingtalk-call.ts';
import type { DingtalkUser } from './dingtalk-world.ts';
import type { Stage } from './stage.ts';

const validMs = 7_200_000;
/** K-auth: however often it is renewed, a ticket does not live longer. */
const ticketAgeMs = 86_400_000;
const codeMs = 300_000;

export const dingtalkAccessCalls: DingtalkRule[] = [
  {
    method: 'POST',
    path: '/v1.0/oauth2/accessToken',
    open: true,
    answer({ stage, world, body }) {
      const refuse = paramRefused('param.error');
      const isKnown =
        text(body, 'appKey', refuse) === world.app.clientId &&
        text(body, 'appSecret', refuse) === world.app.clientSecret;
      if (!isKnown) throw new DingtalkRefusal('invalidClientIdOrSecret', '无效的clientId或者clientSecret');
      const { value, expireIn } = renew(stage, 'token');
      return { accessToken: value, expireIn };
    },
  },
  {
    method: 'GET',
    path: '/gettoken',
    open: true,
    answer({ stage, world, query }) {
      const { app } = world;
      if (query.get('appkey') !== app.clientId || query.get('appsecret') !== app.clientSecret) {
        throw new DingtalkErrcode(40089, '不合法的corpid或corpsecret');
      }
      const { value, expireIn } = renew(stage, 'token');
      return { access_token: value, expires_in: expireIn };
    },
  },
  {
    method: 'POST',
    path: '/v1.0/oauth2/jsapiTickets',
    answer({ stage }) {
      const { value, expireIn } = renew(stage, 'ticket');
      return { jsapiTicket: value, expireIn };
    },
  },
  {
    method: 'GET',
    path: '/get_jsapi_ticket',
    answer({ stage }) {
      const { value, expireIn } = renew(stage, 'ticket');
      return { ticket: value, expires_in: expireIn };
    },
  },
  {
    method: 'POST',
    path: '/topapi/v2/user/getuserinfo',
    answer({ stage, body }) {
      const code = text(body, 'code', oldParam);
      const user = spend(stage, code, 'client');
      if (!user) throw new DingtalkErrcode(40078, '不存在的临时授权码');
      const level = user.boss ? 100 : user.admin ? 1 : 0;
      return {
        result: {
          userid: user.userid,
          unionid: user.unionid,
          associated_unionid: '',
          name: user.name,
          device_id: createHash('md5').update(user.userid).digest('hex'),
          sys: user.admin || user.boss,
          sys_level: level,
        },
      };
    },
  },
  {
    method: 'POST',
    path: '/v1.0/oauth2/userAccessToken',
    open: true,
    answer({ stage, world, body }) {
      const refuse = paramRefused('param.error');
      const isKnown =
        text(body, 'clientId', refuse) === world.app.clientId &&
        text(body, 'clientSecret', refuse) === world.app.clientSecret;
      if (!isKnown) throw new DingtalkRefusal('invalidClientIdOrSecret', '无效的clientId或者clientSecret');
      if (text(body, 'grantType', refuse) !== 'authorization_code') throw refuse('grantType is invalid');
      const user = spend(stage, text(body, 'code', refuse), 'browser');
      if (!user) throw new DingtalkRefusal('invalidParameter.authCode.notFound', '不存在的授权码');
      const accessToken = randomBytes(16).toString('hex');
      world.credentials.push({
        kind: 'user',
        user: user.userid,
        value: accessToken,
        madeAt: stage.now(),
        expiresAt: stage.now() + validMs,
      });
      stage.changed();
      return {
        accessToken,
        refreshToken: randomBytes(16).toString('hex'),
        expireIn: validMs / 1000,
        corpId: world.app.corpId,
      };
    },
  },
  {
    method: 'GET',
    path: '/v1.0/contact/users/me',
    // The token is the person's and not the app's.
    open: true,
    answer({ stage, world, token }) {
      const held = world.credentials.find((one) => one.kind === 'user' && one.value === token);
      const user = held && held.expiresAt > stage.now() ? world.users[held.user ?? ''] : undefined;
      if (!user?.active) throw new DingtalkRefusal('InvalidAuthentication', '不合法的access_token');
      return {
        nick: user.name,
        avatarUrl: '',
        mobile: user.mobile,
        openId: user.unionid.split('').reverse().join(''),
        unionId: user.unionid,
        email: user.email,
        stateCode: '86',
      };
    },
  },
];

/** A code is good once; null when it is none of this kind, spent or too old. */
function spend(stage: Stage, code: string, kind: 'client' | 'browser'): DingtalkUser | null {
  const { logins, users } = stage.world.dingtalk;
  const login = logins.find((one) => one.code === code && one.kind === kind);
  const user = login ? users[login.user] : undefined;
  if (!login || login.used || login.expiresAt <= stage.now() || !user?.active) return null;
  login.used = true;
  stage.changed();
  return user;
}

/** K-auth: asked again while it is good, the same one comes back and is good for two hours again. */
function renew(stage: Stage, kind: 'token' | 'ticket'): { value: string; expireIn: number } {
  const { credentials } = stage.world.dingtalk;
  const now = stage.now();
  let held = credentials.find((one) => one.kind === kind && one.expiresAt > now);
  if (!held) {
    held = { kind, value: randomBytes(16).toString('hex'), madeAt: now, expiresAt: 0 };
    credentials.push(held);
    credentials.splice(0, credentials.length - 50);
  }
  held.expiresAt = now + validMs;
  if (kind === 'ticket') held.expiresAt = Math.min(held.expiresAt, held.madeAt + ticketAgeMs);
  stage.changed();
  return { value: held.value, expireIn: Math.floor((held.expiresAt - now) / 1000) };
}

export function checkToken(stage: Stage, token: string, isNewHost: boolean): void {
  if (!token && !isNewHost) throw new DingtalkErrcode(41001, '缺少access_token参数');
  const held = stage.world.dingtalk.credentials.find((one) => one.kind === 'token' && one.value === token);
  if (held && held.expiresAt > stage.now()) return;
  if (isNewHost) throw new DingtalkRefusal('InvalidAuthentication', '不合法的access_token');
  throw new DingtalkErrcode(held ? 42001 : 40014, held ? 'access_token超时' : '不合法的access_token');
}

export function expireToken(stage: Stage, token: string): void {
  for (const one of stage.world.dingtalk.credentials) if (one.value === token) one.expiresAt = stage.now();
  stage.changed();
}

export function expireDingtalkTokens(stage: Stage): number {
  let expired = 0;
  for (const one of stage.world.dingtalk.credentials) {
    if (one.kind !== 'token' || one.expiresAt <= stage.now()) continue;
    one.expiresAt = stage.now();
    expired += 1;
  }
  stage.changed();
  return expired;
}

/** K-auth: good for one use within five minutes. */
export function dingtalkLoginCode(stage: Stage, user: string, kind: 'client' | 'browser'): string {
  const code = randomBytes(16).toString('hex');
  const { logins } = stage.world.dingtalk;
  logins.push({ code, kind, user, expiresAt: stage.now() + codeMs, used: false });
  logins.splice(0, logins.length - 200);
  stage.changed();
  return code;
}

/** K01@0031: over the page's address without what follows #, its query decoded; SHA-256 today, SHA-1 in older samples. */
export function isSigned(
  stage: Stage,
  page: { url: string; nonce: string; timestamp: string; signature: string },
): boolean {
  const { credentials, settings } = stage.world.dingtalk;
  const url = signedUrl(page.url);
  const hashes = settings.sha1Signature ? ['sha256', 'sha1'] : ['sha256'];
  return credentials.some((one) => {
    if (one.kind !== 'ticket' || one.expiresAt <= stage.now()) return false;
    const plain = `jsapi_ticket=${one.value}&noncestr=${page.nonce}&timestamp=${page.timestamp}&url=${url}`;
    return hashes.some((hash) => createHash(hash).update(plain).digest('hex') === page.signature);
  });
}

function signedUrl(url: string): string {
  const address = url.split('#')[0] ?? '';
  const at = address.indexOf('?');
  if (at < 0) return address;
  const query = address.slice(at);
  try {
    return address.slice(0, at) + decodeURIComponent(query);
  } catch (error) {
    if (error instanceof URIError) return address;
    throw error;
  }
}
