import { PlatformError, type PlatformErrorKind } from '#server/platform/platform-error.ts';

/** D90313. A code that is not here was understood and refused: `rejected`. */
const kinds: Record<Exclude<PlatformErrorKind, 'rejected' | 'unknown'>, readonly number[]> = {
  // Busy, conflict of versions, our token or ticket; the last two are tried again with a new one first.
  unavailable: [-1, 6000, 301057, 40014, 41001, 42001, 42012],
  rate_limited: [45009, 45033, 45035, 45029, 45036, 41063, 41096],
  not_found: [
    40003, 40007, 40050, 40096, 40145, 41044, 41047, 46004, 49008, 60003, 60004, 60021, 60111, 60123, 84061, 84084,
    90501, 90509, 301048, 301052,
  ],
  forbidden: [
    40001, 40013, 40056, 40091, 41002, 41004, 41011, 43009, 43012, 48001, 48002, 48004, 48005, 48006, 48009, 48011,
    50001, 50002, 50003, 60011, 60020, 60031, 81011, 84074, 85005, 301002, 301042, 301053, 301111, 610024, 701008,
  ],
};

const kindByCode = new Map(
  (Object.keys(kinds) as (keyof typeof kinds)[]).flatMap((kind) => kinds[kind].map((code) => [code, kind])),
);

/**
 * D90312: over the minute's limit an API is closed for 60 s, over the hour's for 60 min; which of the two the code does
 * not say. 45033: too many at once; 45035: another call changes the same thing; 41096: another app is sending just now.
 */
const retryAfterMs = new Map([
  [45009, 60_000],
  [45029, 60_000],
  [45036, 60_000],
  [41063, 5_000],
  [45033, 1_000],
  [45035, 1_000],
  [41096, 1_000],
]);

export function refusalOf(errcode: number, errmsg: string) {
  return {
    kind: kindByCode.get(errcode) ?? ('rejected' as const),
    code: String(errcode),
    message: cleanMessage(errmsg),
    retryAfterMs: retryAfterMs.get(errcode) ?? 0,
  };
}

export function isTokenRefused(error: PlatformError): boolean {
  return ['40014', '41001', '42001'].includes(error.code);
}

/** Refused here, before it is sent: what WeCom would refuse, or worse, cut. */
export function refuse(call: string, code: string, message: string): PlatformError {
  return new PlatformError('rejected', { platform: 'wecom', call, code, message });
}

/** Text for a log: errmsg goes on with our own address, and has no length of its own. */
function cleanMessage(errmsg: string): string {
  return errmsg
    .replace(/,?\s*from ip.*$/is, '')
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .slice(0, 120);
}
