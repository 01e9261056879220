import { z } from 'zod';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { DingtalkApi } from './dingtalk-api.ts';
import { refuse } from './dingtalk-error.ts';
import { key, number, text } from '#bot/shared/field.ts';

interface App {
  loginBase: string;
  corpId: string;
  clientId: string;
  clientSecret: string;
}

/**
 * K01 (获取登录用户的访问凭证): for a browser outside DingTalk. `redirectUrl` must be one of the app's 重定向 URL; the browser
 * comes back with the code in `authCode`, and in newer clients in `code` too. A page inside DingTalk takes `client_id` and
 * `corpId` from here for `requestAuthCode`, which it calls before there is a session.
 */
export function loginUrl(app: App, redirectUrl: string, state: string): string {
  const url = new URL(`${app.loginBase.replace(/\/+$/, '')}/oauth2/auth`);
  url.search = new URLSearchParams({
    redirect_uri: redirectUrl,
    response_type: 'code',
    client_id: app.clientId,
    // With corpid the person logs in as a member of one company: ours, not one they choose.
    scope: 'openid corpid',
    corpId: app.corpId,
    state,
    prompt: 'consent',
  }).toString();
  return url.href;
}

const codeRefused = '40078';

/** A code of `requestAuthCode` inside DingTalk, or of `loginUrl`: good for 5 minutes and one use, and they look alike. */
export async function memberFromLogin(api: DingtalkApi, app: App, code: string): Promise<PlatformKey> {
  try {
    const answer = z.object({ userid: key });
    return (await api.callOld({ path: '/topapi/v2/user/getuserinfo', body: { code }, answer })).userid;
  } catch (error) {
    if (!(error instanceof PlatformError && error.code === codeRefused)) throw error;
    return memberFromBrowser(api, app, code);
  }
}

/** K02@0039: the code gives a token of the person, the token their unionId; whether they are of this company is asked last. */
async function memberFromBrowser(api: DingtalkApi, app: App, code: string): Promise<PlatformKey> {
  const { clientId, clientSecret, corpId } = app;
  const { accessToken, corpId: chosen } = await api.call({
    path: '/v1.0/oauth2/userAccessToken',
    body: { clientId, clientSecret, code, grantType: 'authorization_code' },
    token: 'none',
    answer: z.object({ accessToken: z.string().min(1), corpId: text }),
  });
  if (chosen && chosen !== corpId) throw notOfUs();
  const me = await api.call({
    path: '/v1.0/contact/users/me',
    token: { value: accessToken },
    answer: z.object({ unionId: z.string().min(1) }),
  });
  const member = await api.callOld({
    path: '/topapi/user/getbyunionid',
    body: { unionid: me.unionId },
    // 1: known to the company, and not of it
    answer: z.object({ userid: key, contact_type: number }),
  });
  if (member.contact_type === 1) throw notOfUs();
  return member.userid;
}

function notOfUs(): PlatformError {
  return refuse('topapi/user/getbyunionid', 'not_a_member', 'Whoever logged in is no member of the company.');
}
