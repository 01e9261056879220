import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { decodeAesKey } from '#bot/shared/callback-crypto.ts';
import type { EnvKey } from '#server/platform/driver.ts';

export const wecomEnv = [
  { key: 'WECOM_CORP_ID', about: 'Corp id of the company (管理后台 → 我的企业), ww…' },
  { key: 'WECOM_AGENT_ID', about: 'AgentId of the self-built app' },
  { key: 'WECOM_SECRET', about: 'Secret of the self-built app', secret: true },
  { key: 'WECOM_CALLBACK_TOKEN', about: 'Token of the app’s 接收消息 settings', secret: true },
  { key: 'WECOM_CALLBACK_AES_KEY', about: 'EncodingAESKey of the same settings, 43 characters', secret: true },
  {
    key: 'WECOM_CALLBACK_MAX_AGE_SECONDS',
    about: 'Callbacks signed longer ago, or further ahead, are refused; 0 takes any',
    default: '300',
  },
  { key: 'WECOM_API_BASE', about: 'Where the server API is', default: 'https://qyapi.weixin.qq.com' },
  { key: 'WECOM_OAUTH_BASE', about: 'Where members log in', default: 'https://open.weixin.qq.com' },
  { key: 'WECOM_ARCHIVE_SECRET', about: 'Secret of 会话内容存档, where the company has it', secret: true },
  {
    key: 'WECOM_ARCHIVE_PRIVATE_KEYS',
    about: 'Private keys of the archive: JSON {"version": "PEM"}, or the path of a file with it',
    secret: true,
  },
  { key: 'WECOM_ARCHIVE_SDK', about: 'Module that exports createArchiveSdk, a binding of WeWorkFinanceSdk' },
] as const satisfies readonly EnvKey[];

export interface WecomConfig {
  corpId: string;
  agentId: number;
  secret: string;
  callbackToken: string;
  callbackAesKey: Buffer;
  callbackAgeMaxSeconds: number;
  apiBase: string;
  oauthBase: string;
  archive: ArchiveConfig | null;
}

export interface ArchiveConfig {
  secret: string;
  /** By publickey_ver. */
  privateKeys: ReadonlyMap<number, KeyObject>;
  sdk: string;
}

type Env = Record<string, string | undefined>;

const needed = ['WECOM_CORP_ID', 'WECOM_AGENT_ID', 'WECOM_SECRET', 'WECOM_CALLBACK_TOKEN', 'WECOM_CALLBACK_AES_KEY'];
const neededForArchive = ['WECOM_ARCHIVE_SECRET', 'WECOM_ARCHIVE_PRIVATE_KEYS', 'WECOM_ARCHIVE_SDK'];

/** Null when none of it is set; throws a sentence when some of it is missing or wrong. */
export function readWecomEnv(env: Env): WecomConfig | null {
  if (!isSetUp(env, needed, 'WeCom')) return null;
  const parsed = schema.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value)));
  if (!parsed.success) throw new Error(`WeCom is not set up right:\n${z.prettifyError(parsed.error)}`);
  const values = parsed.data;
  return {
    corpId: values.WECOM_CORP_ID,
    agentId: values.WECOM_AGENT_ID,
    secret: values.WECOM_SECRET,
    callbackToken: values.WECOM_CALLBACK_TOKEN,
    callbackAesKey: values.WECOM_CALLBACK_AES_KEY,
    callbackAgeMaxSeconds: values.WECOM_CALLBACK_MAX_AGE_SECONDS,
    apiBase: values.WECOM_API_BASE,
    oauthBase: values.WECOM_OAUTH_BASE,
    archive: readArchiveEnv(env),
  };
}

const count = z
  .string()
  .regex(/^\d{1,9}$/, 'is a number')
  .transform(Number);
const schema = z.object({
  WECOM_CORP_ID: z.string(),
  WECOM_AGENT_ID: count,
  WECOM_SECRET: z.string(),
  WECOM_CALLBACK_TOKEN: z.string(),
  WECOM_CALLBACK_AES_KEY: z.string().transform((value, context) => {
    const key = decodeAesKey(value);
    if (!key) context.addIssue({ code: 'custom', message: 'has 43 letters and digits' });
    return key ?? z.NEVER;
  }),
  WECOM_CALLBACK_MAX_AGE_SECONDS: count.default(300),
  WECOM_API_BASE: z.url({ protocol: /^https?$/ }).default('https://qyapi.weixin.qq.com'),
  WECOM_OAUTH_BASE: z.url({ protocol: /^https?$/ }).default('https://open.weixin.qq.com'),
});

function readArchiveEnv(env: Env): ArchiveConfig | null {
  if (!isSetUp(env, neededForArchive, 'The WeCom archive')) return null;
  return {
    secret: env['WECOM_ARCHIVE_SECRET'] ?? '',
    privateKeys: readPrivateKeys(env['WECOM_ARCHIVE_PRIVATE_KEYS'] ?? ''),
    sdk: env['WECOM_ARCHIVE_SDK'] ?? '',
  };
}

function isSetUp(env: Env, keys: string[], what: string): boolean {
  const missing = keys.filter((key) => !env[key]);
  if (missing.length > 0 && missing.length < keys.length) {
    throw new Error(`${what} is set up by half: ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing.`);
  }
  return missing.length === 0;
}

/** Never says what it read: it is the one thing that must not be seen. */
function readPrivateKeys(source: string): Map<number, KeyObject> {
  try {
    const text = source.trimStart().startsWith('{') ? source : readFileSync(source, 'utf8');
    const pems = z.record(z.string().regex(/^\d+$/), z.string()).parse(JSON.parse(text));
    return new Map(Object.entries(pems).map(([version, pem]) => [Number(version), createPrivateKey(pem)]));
  } catch {
    throw new Error('WECOM_ARCHIVE_PRIVATE_KEYS is neither JSON {"version": "PEM"} nor the path of a file with it.');
  }
}
