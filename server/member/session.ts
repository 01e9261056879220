import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export const SESSION_COOKIE = 'zhike_session';
export const SESSION_DAYS = 7;
/** Ties a login to the browser that began it. */
export const LOGIN_COOKIE = 'zhike_login';
export const LOGIN_MINUTES = 10;

/** A new cookie value and what is stored of it. */
export function newSessionToken(): { token: string; tokenHash: string } {
  const token = randomBytes(32).toString('base64url');
  return { token, tokenHash: hashSessionToken(token) };
}

export function hashSessionToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

export function newLoginNonce(): string {
  return randomBytes(16).toString('hex');
}

/** Goes with the browser to the platform and comes back: says until when this browser may finish the login. */
export function signLoginState(secret: string, platform: string, nonce: string, now: Date): string {
  const until = Math.floor(now.getTime() / 1000) + LOGIN_MINUTES * 60;
  // Letters and digits only: some platforms take nothing else, and no more than 128 of them.
  const head = until.toString(16).padStart(10, '0');
  return head + macOf(secret, platform, nonce, head);
}

export function isLoginStateValid(secret: string, platform: string, nonce: string, state: string, now: Date): boolean {
  const head = state.slice(0, 10);
  if (!/^[\da-f]{10}$/.test(head) || Number.parseInt(head, 16) * 1000 < now.getTime()) return false;
  const [expected, given] = [Buffer.from(macOf(secret, platform, nonce, head)), Buffer.from(state.slice(10))];
  return expected.length === given.length && timingSafeEqual(expected, given);
}

function macOf(secret: string, platform: string, nonce: string, head: string): string {
  return createHmac('sha256', secret).update(`login state\n${platform}\n${nonce}\n${head}`).digest('hex');
}
