import { z } from 'zod';
import { decodeAesKey } from '#bot/shared/callback-crypto.ts';
import type { EnvKey } from '#server/platform/driver.ts';

export const dingtalkEnv = [
  { key: 'DINGTALK_CLIENT_ID', about: 'Client ID (AppKey) of the internal app (开发者后台 → 凭证与基础信息), ding…' },
  { key: 'DINGTALK_CLIENT_SECRET', about: 'Client Secret (AppSecret) of the same app', secret: true },
  { key: 'DINGTALK_CORP_ID', about: 'CorpId of the company, ding…' },
  { key: 'DINGTALK_AGENT_ID', about: 'AgentId of the app, a number' },
  {
    key: 'DINGTALK_MODE',
    about:
      'How events and presses of cards arrive: stream (a connection from here) or http (calls to /callbacks/dingtalk)',
    default: 'stream',
  },
  { key: 'DINGTALK_CALLBACK_TOKEN', about: 'Token of 事件订阅, needed for http', secret: true },
  {
    key: 'DINGTALK_CALLBACK_AES_KEY',
    about: 'aes_key of the same page, 43 characters, needed for http',
    secret: true,
  },
  {
    key: 'DINGTALK_CARD_TEMPLATE_ID',
    about:
      'The card template (卡片平台), ….schema; without it no cards are sent. docs/dingtalk-card.md lists its variables',
  },
  {
    key: 'DINGTALK_CARD_SECRET',
    about: 'A secret of your own choice that signs presses of cards, needed for cards with http',
    secret: true,
  },
  { key: 'DINGTALK_API_BASE', about: 'Where the new server API is', default: 'https://api.dingtalk.com' },
  { key: 'DINGTALK_OAPI_BASE', about: 'Where the old server API is', default: 'https://oapi.dingtalk.com' },
  { key: 'DINGTALK_LOGIN_BASE', about: 'Where members log in with a browser', default: 'https://login.dingtalk.com' },
] as const satisfies readonly EnvKey[];

export interface DingtalkConfig {
  clientId: string;
  clientSecret: string;
  corpId: string;
  agentId: number;
  mode: 'stream' | 'http';
  callback: { token: string; aesKey: Buffer } | null;
  card: { templateId: string } | null;
  cardSecret: string | null;
  /** Where presses of cards are to be posted; null while they come over the stream. */
  cardCallbackUrl: string | null;
  apiBase: string;
  oapiBase: string;
  loginBase: string;
}

type Env = Record<string, string | undefined>;

const needed = ['DINGTALK_CLIENT_ID', 'DINGTALK_CLIENT_SECRET', 'DINGTALK_CORP_ID', 'DINGTALK_AGENT_ID'];
/** Where the servers are does not say that somebody wants DingTalk. */
const bases = new Set(['DINGTALK_API_BASE', 'DINGTALK_OAPI_BASE', 'DINGTALK_LOGIN_BASE']);

/** Null when none of it is set; throws a sentence when some of it is missing or wrong. */
export function readDingtalkEnv(env: Env): DingtalkConfig | null {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const isWanted = dingtalkEnv.some(({ key }) => set[key] && !bases.has(key));
  if (!isWanted) return null;
  refuseHalf(set, needed);

  const parsed = schema.safeParse(set);
  if (!parsed.success) throw new Error(`DingTalk is not set up right:\n${z.prettifyError(parsed.error)}`);
  const values = parsed.data;
  const { DINGTALK_MODE: mode, DINGTALK_CARD_TEMPLATE_ID: templateId, DINGTALK_CARD_SECRET: cardSecret } = values;
  const isByHttp = mode === 'http';
  if (isByHttp) refuseHalf(set, callbackKeys, ' for DINGTALK_MODE=http');
  if (isByHttp && templateId)
    refuseHalf(set, ['DINGTALK_CARD_SECRET', 'PUBLIC_URL'], ' for cards with DINGTALK_MODE=http');
  const { DINGTALK_CALLBACK_TOKEN: token, DINGTALK_CALLBACK_AES_KEY: aesKey } = values;
  if (!isByHttp && Boolean(token) !== Boolean(aesKey)) refuseHalf(set, callbackKeys);
  return {
    clientId: values.DINGTALK_CLIENT_ID,
    clientSecret: values.DINGTALK_CLIENT_SECRET,
    corpId: values.DINGTALK_CORP_ID,
    agentId: values.DINGTALK_AGENT_ID,
    mode,
    callback: token && aesKey ? { token, aesKey } : null,
    card: templateId ? { templateId } : null,
    cardSecret: cardSecret ?? null,
    cardCallbackUrl:
      isByHttp && values.PUBLIC_URL ? `${values.PUBLIC_URL.replace(/\/+$/, '')}/callbacks/dingtalk` : null,
    apiBase: values.DINGTALK_API_BASE,
    oapiBase: values.DINGTALK_OAPI_BASE,
    loginBase: values.DINGTALK_LOGIN_BASE,
  };
}

const callbackKeys = ['DINGTALK_CALLBACK_TOKEN', 'DINGTALK_CALLBACK_AES_KEY'];

function refuseHalf(env: Env, keys: string[], what = ''): void {
  const missing = keys.filter((key) => !env[key]);
  if (missing.length === 0) return;
  throw new Error(
    `DingTalk is set up by half: ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing${what}.`,
  );
}

const base = (url: string) => z.url({ protocol: /^https?$/ }).default(url);
const schema = z.object({
  DINGTALK_CLIENT_ID: z.string(),
  DINGTALK_CLIENT_SECRET: z.string(),
  DINGTALK_CORP_ID: z.string(),
  DINGTALK_AGENT_ID: z
    .string()
    .regex(/^\d{1,15}$/, 'is a number')
    .transform(Number),
  DINGTALK_MODE: z.enum(['stream', 'http'], 'is stream or http').default('stream'),
  DINGTALK_CALLBACK_TOKEN: z.string().optional(),
  DINGTALK_CALLBACK_AES_KEY: z
    .string()
    .transform((value, context) => {
      const key = decodeAesKey(value);
      if (!key) context.addIssue({ code: 'custom', message: 'has 43 letters and digits' });
      return key ?? z.NEVER;
    })
    .optional(),
  DINGTALK_CARD_TEMPLATE_ID: z.string().optional(),
  DINGTALK_CARD_SECRET: z.string().optional(),
  DINGTALK_API_BASE: base('https://api.dingtalk.com'),
  DINGTALK_OAPI_BASE: base('https://oapi.dingtalk.com'),
  DINGTALK_LOGIN_BASE: base('https://login.dingtalk.com'),
  PUBLIC_URL: z.string().optional(),
});
