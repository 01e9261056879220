import type { ApiRefusal } from '#bot/shared/call-api.ts';
import { PlatformError, type PlatformErrorKind } from '#server/platform/platform-error.ts';

/** How a call is to be taken whose answer says that no answer came in time. */
export type NoAnswer = 'unknown' | 'unavailable';

/** New API: what `code` says. One that is not here is judged by its HTTP status. */
const namedKinds: [RegExp, PlatformErrorKind, retryAfterMs?: number][] = [
  [/^InvalidAuthentication$/, 'unavailable'],
  // 20 calls a second for each app and API.
  [/QpsLimitForAppkeyAndApi$/, 'rate_limited', 1000],
  // A cap of the whole platform on this API.
  [/QpsLimit/, 'rate_limited', 2000],
  [/^send\.too\.fast$/i, 'rate_limited', 5000],
  [/^Throttling/i, 'rate_limited', 2000],
  // Permission, IP list, the month's quota (ApiCountLimitForOrg): an operator must act.
  [/^Forbidden\./, 'forbidden'],
  [/^(invalidClientIdOrSecret|needAuth|benefitStatusInvalid|aflowProcessSetupNoPermission)$/i, 'forbidden'],
  // The robot is not there, or may not write to people.
  [/^(resource\.not\.found|chatbotId\.notAllow\.sendOTO)$/i, 'forbidden'],
  [/^(systemBusy|ServiceUnavailable|system\.?error|sysErrror)$/i, 'unavailable'],
  [/^(aflowProcessInstNotExist|processInstanceNotExist|invalidInstanceId|staffId\.notExisted)$/i, 'not_found'],
  [/card.*not.?exist|outTrackId.*(not.?exist|invalid)/i, 'not_found'],
];

/** Old API: K02@0013. A code that is not here was understood and refused: `rejected`. */
const numberedKinds: Record<Exclude<PlatformErrorKind, 'rejected' | 'unknown'>, readonly number[]> = {
  // Busy; our token, tried again with a new one first.
  unavailable: [-1, 40014, 41001, 42001],
  rate_limited: [90002, 90018, 143103, 143104],
  not_found: [33001, 33012, 40066, 60003, 60121, 60123],
  forbidden: [40001, 40013, 40056, 40089, 43004, 43005, 43007, 50002, 50004, 60011, 60020, 90020],
};
const kindByNumber = new Map(
  (Object.keys(numberedKinds) as (keyof typeof numberedKinds)[]).flatMap((kind) =>
    numberedKinds[kind].map((code) => [code, kind] as const),
  ),
);
/** 15 and a bare 88: the gateway waited 3 s for the service behind it. */
const gatewayTimeouts = new Set(['15', '88']);

/** `{ code, message }` with HTTP 4xx or 5xx. Null leaves the status to speak. */
export function namedRefusal(code: string, message: string, status: number, noAnswer: NoAnswer): ApiRefusal | null {
  const known = namedKinds.find(([pattern]) => pattern.test(code));
  const about = { code: code.slice(0, 100), message: cleanMessage(message) };
  if (known) return { ...about, kind: known[1], retryAfterMs: known[2] ?? 0 };
  if (status === 403 || status === 401) return { ...about, kind: 'forbidden' };
  if (status >= 500 && status !== 503) return { ...about, kind: noAnswer };
  return status >= 400 && status < 500 && status !== 429 ? { ...about, kind: 'rejected' } : null;
}

/** `{ errcode, errmsg, sub_code, sub_msg }` with HTTP 200; 88 wraps another code. */
export function numberedRefusal(
  of: { errcode: number; errmsg: string; subCode: string; subMessage: string },
  noAnswer: NoAnswer,
): ApiRefusal {
  const isWrapped = of.errcode === 88 && of.subCode !== '';
  const code = isWrapped ? of.subCode.slice(0, 100) : String(of.errcode);
  const message = cleanMessage(isWrapped ? of.subMessage : of.errmsg);
  if (gatewayTimeouts.has(code) || code.startsWith('isp.')) return { kind: noAnswer, code, message };
  const kind = kindByNumber.get(Number(code)) ?? 'rejected';
  return { kind, code, message, retryAfterMs: kind === 'rate_limited' ? 1000 : 0 };
}

/** K02@0012: more than 10,000 calls in 20 s from one address, and the address is out for five minutes, in words of its own. */
export function banRefusal(answer: unknown): ApiRefusal | null {
  const { status, punish, wait } = (answer ?? {}) as { status?: unknown; punish?: unknown; wait?: unknown };
  if (Number(status) !== 1111 || typeof punish !== 'string') return null;
  const seconds = Math.min(Math.max(Number(wait) || 0, 5), 300);
  return {
    kind: 'rate_limited',
    code: 'ip_banned',
    message: 'This address is shut out.',
    retryAfterMs: seconds * 1000,
  };
}

export function isTokenRefused(error: PlatformError): boolean {
  return ['InvalidAuthentication', '40014', '41001', '42001'].includes(error.code);
}

/** Refused here, before it is sent: what DingTalk would refuse, or worse, cut. */
export function refuse(call: string, code: string, message: string): PlatformError {
  return new PlatformError('rejected', { platform: 'dingtalk', call, code, message });
}

/** Text for a log: may name our address, and has no length of its own. */
function cleanMessage(message: string): string {
  return message
    .replace(/\d{1,3}(\.\d{1,3}){3}/g, '…')
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .slice(0, 120);
}
