import { z } from 'zod';
import type { PlatformKey } from '#server/platform/key.ts';
import type { WecomApi } from './wecom-api.ts';
import { refuse } from './wecom-error.ts';
import { text } from '#bot/shared/field.ts';

interface App {
  oauthBase: string;
  corpId: string;
  agentId: number;
}

/** D91022: `redirectUrl` must be on the app's trusted domain; state ≤ 128 letters and digits. */
export function loginUrl(app: App, redirectUrl: string, state: string): string {
  if (!/^[a-zA-Z0-9]{0,128}$/.test(state)) throw new TypeError('A login state is made of letters and digits.');
  const url = new URL('/connect/oauth2/authorize', app.oauthBase);
  url.search = new URLSearchParams({
    appid: app.corpId,
    redirect_uri: redirectUrl,
    response_type: 'code',
    scope: 'snsapi_base',
    state,
    agentid: String(app.agentId),
  }).toString();
  url.hash = 'wechat_redirect';
  return url.href;
}

/** D91023: the code is good for 5 minutes and one use. */
export async function memberFromLogin(api: WecomApi, code: string): Promise<PlatformKey> {
  const path = 'auth/getuserinfo';
  const { userid } = await api({ path, query: { code }, answer: z.object({ userid: text }) });
  if (!userid) throw refuse(path, 'not_a_member', 'Whoever logged in is no member of the company.');
  return userid;
}
