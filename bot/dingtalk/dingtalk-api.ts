import { z } from 'zod';
import { callApi, withCredential, type ApiRefusal, type SharedCredential } from '#bot/shared/call-api.ts';
import type { PlatformTools } from '#server/platform/driver.ts';
import { banRefusal, isTokenRefused, namedRefusal, numberedRefusal, type NoAnswer } from './dingtalk-error.ts';

/**
 * The two generations of the server API. One token opens both. K02@0012: 20 calls a second for each app and API, answers
 * within 3 s or not at all, and on the standard edition 5000 calls a month (contacts and tokens are free).
 */
export interface DingtalkApi {
  /** api.dingtalk.com: HTTP status and a named code. */
  call<Answer>(call: NewCall<Answer>): Promise<Answer>;
  /** oapi.dingtalk.com: always 200, and a number. Answers what stands in `result`. */
  callOld<Answer>(call: OldCall<Answer>): Promise<Answer>;
}

export interface NewCall<Answer> {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `{name}` in it is filled from `in`: what is told of a call has no ids in it. */
  path: string;
  in?: Record<string, string>;
  query?: Record<string, string>;
  body?: unknown;
  changes?: boolean;
  /** Without our own token: calls that bring credentials of their own, or another's token. */
  token?: 'none' | { value: string };
  answer: z.ZodType<Answer>;
}

export interface OldCall<Answer> {
  path: string;
  body: unknown;
  changes?: boolean;
  answer: z.ZodType<Answer>;
}

export interface ApiIdentity {
  clientId: string;
  clientSecret: string;
  apiBase: string;
  oapiBase: string;
}

/** For calls that answer nothing but that it is done. */
export const done = z.unknown();

export function makeDingtalkApi(identity: ApiIdentity, tools: PlatformTools): DingtalkApi {
  const token: SharedCredential = {
    name: `dingtalk:token:${identity.clientId}`,
    refresh: () => fetchToken(identity, tools),
    isRefused: isTokenRefused,
  };
  return {
    call(call) {
      if (call.token === 'none') return send(identity, tools, call, '');
      if (call.token) return send(identity, tools, call, call.token.value);
      return withCredential(tools, token, (value) => send(identity, tools, call, value));
    },
    callOld: (call) => withCredential(tools, token, (value) => sendOld(identity, tools, call, value)),
  };
}

const tokenAnswer = z.object({ accessToken: z.string().min(1), expireIn: z.number().positive() });

// K02@0033: valid 7200 s; asking again within that time gives the same one, and two hours more.
async function fetchToken(
  identity: ApiIdentity,
  tools: PlatformTools,
): Promise<{ value: string; expiresInMs: number }> {
  const { clientId: appKey, clientSecret: appSecret } = identity;
  const call = { path: '/v1.0/oauth2/accessToken', body: { appKey, appSecret }, answer: tokenAnswer };
  const answer = await send(identity, tools, call, '');
  return { value: answer.accessToken, expiresInMs: answer.expireIn * 1000 };
}

const named = z.object({
  code: z.string().min(1),
  message: z.string().catch(''),
  // The permission points the operator has to ask for.
  accessdenieddetail: z.object({ requiredScopes: z.array(z.string()) }).catch({ requiredScopes: [] }),
});

function send<Answer>(
  identity: ApiIdentity,
  tools: PlatformTools,
  call: NewCall<Answer>,
  token: string,
): Promise<Answer> {
  const path = call.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(call.in?.[name] ?? ''));
  const url = addressOf(identity.apiBase, path, call.query);
  const changes = call.changes ?? false;
  return callApi(tools, {
    platform: 'dingtalk',
    name: call.path.slice(1),
    url,
    ...(call.method ? { method: call.method } : {}),
    // Some answer in XML to who does not ask for JSON.
    headers: { accept: 'application/json', ...(token && { 'x-acs-dingtalk-access-token': token }) },
    body: call.body,
    changes,
    answer: call.answer,
    refusalIn(answer, status) {
      const refusal = banRefusal(answer);
      if (refusal || (status >= 200 && status < 300)) return refusal;
      const parsed = named.safeParse(answer);
      if (!parsed.success) return null;
      const { code, message, accessdenieddetail } = parsed.data;
      const said = [...accessdenieddetail.requiredScopes, message].join(' ');
      return namedRefusal(code, said, status, noAnswerTo(changes));
    },
  });
}

const word = z.union([z.string(), z.number().transform(String)]).catch('');
const numbered = z.object({
  errcode: z.union([z.number(), z.stringFormat('digits', /^-?\d+$/).transform(Number)]),
  errmsg: z.string().catch(''),
  sub_code: word,
  sub_msg: word,
});

function sendOld<Answer>(
  identity: ApiIdentity,
  tools: PlatformTools,
  call: OldCall<Answer>,
  token: string,
): Promise<Answer> {
  const changes = call.changes ?? false;
  const refusalIn = (answer: unknown, status: number): ApiRefusal | null => {
    const parsed = numbered.safeParse(answer);
    if (status !== 200 || !parsed.success || parsed.data.errcode === 0) return banRefusal(answer);
    const { errcode, errmsg, sub_code: subCode, sub_msg: subMessage } = parsed.data;
    return numberedRefusal({ errcode, errmsg, subCode, subMessage }, noAnswerTo(changes));
  };
  return callApi(tools, {
    platform: 'dingtalk',
    name: call.path.slice(1),
    url: addressOf(identity.oapiBase, call.path, { access_token: token }),
    body: call.body,
    changes,
    answer: z
      .object({ errcode: numbered.shape.errcode, result: z.unknown() })
      .transform((answer) => answer.result)
      .pipe(call.answer),
    refusalIn,
  });
}

function noAnswerTo(changes: boolean): NoAnswer {
  return changes ? 'unknown' : 'unavailable';
}

function addressOf(base: string, path: string, query: Record<string, string> = {}): URL {
  const url = new URL(`${base.replace(/\/+$/, '')}${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}
