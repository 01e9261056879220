import { createHash, randomBytes } from 'node:crypto';

export const SESSION_COOKIE = 'zhike_session';
export const SESSION_DAYS = 7;

/** A new cookie value and what is stored of it. */
export function newSessionToken(): { token: string; tokenHash: string } {
  const token = randomBytes(32).toString('base64url');
  return { token, tokenHash: hashSessionToken(token) };
}

export function hashSessionToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
