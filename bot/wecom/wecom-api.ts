import { z } from 'zod';
import { callApi, withCredential, type SharedCredential } from '#bot/shared/call-api.ts';
import type { PlatformTools } from '#server/platform/driver.ts';
import { isTokenRefused, refusalOf } from './wecom-error.ts';

/** D90312, for every call: 10,000 a minute and 150,000 an hour per corp, twice the former per address. */
export type WecomApi = <Answer>(call: WecomCall<Answer>) => Promise<Answer>;

export interface WecomCall<Answer> {
  /** After /cgi-bin/. */
  path: string;
  query?: Record<string, string>;
  /** POST with this, or with `form`; GET when both are left out. */
  body?: unknown;
  form?: FormData;
  changes?: boolean;
  timeoutMs?: number;
  answer: z.ZodType<Answer>;
}

export interface ApiIdentity {
  apiBase: string;
  corpId: string;
  secret: string;
  /** What the token opens: the app's agent id, or the name of a product with a secret of its own. */
  scope: string;
}

/** For calls that answer nothing but that it is done. */
export const done = z.unknown();

export function makeWecomApi(identity: ApiIdentity, tools: PlatformTools): WecomApi {
  const token: SharedCredential = {
    name: `wecom:token:${identity.corpId}:${identity.scope}`,
    refresh: () => fetchToken(identity, tools),
    isRefused: isTokenRefused,
  };
  return (call) =>
    withCredential(tools, token, (value) => send(identity, tools, call, { ...call.query, access_token: value }));
}

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

// D91039: valid 7200 s, one per app; asking again within that time may give the same one.
async function fetchToken(
  identity: ApiIdentity,
  tools: PlatformTools,
): Promise<{ value: string; expiresInMs: number }> {
  const query = { corpid: identity.corpId, corpsecret: identity.secret };
  const answer = await send(identity, tools, { path: 'gettoken', answer: tokenAnswer }, query);
  return { value: answer.access_token, expiresInMs: answer.expires_in * 1000 };
}

// HTTP 200 also for errors: errcode alone decides, and errmsg is no stable text.
const status = z.object({
  errcode: z.union([z.number(), z.stringFormat('digits', /^-?\d+$/)]),
  errmsg: z.string().catch(''),
});

function send<Answer>(
  identity: ApiIdentity,
  tools: PlatformTools,
  call: WecomCall<Answer>,
  query: Record<string, string>,
): Promise<Answer> {
  const url = new URL(`/cgi-bin/${call.path}`, identity.apiBase);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return callApi(tools, {
    platform: 'wecom',
    name: call.path,
    url,
    body: call.body,
    ...(call.form ? { form: call.form } : {}),
    ...(call.timeoutMs ? { timeoutMs: call.timeoutMs } : {}),
    changes: call.changes ?? false,
    answer: status
      .loose()
      .transform((answer): unknown => answer)
      .pipe(call.answer),
    refusalIn: (answer, httpStatus) => {
      const parsed = status.safeParse(answer);
      return httpStatus === 200 && parsed.success && Number(parsed.data.errcode) !== 0
        ? refusalOf(Number(parsed.data.errcode), parsed.data.errmsg)
        : null;
    },
  });
}
