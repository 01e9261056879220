/**
 * How a call to a platform went wrong, in the only terms a caller can act on:
 * - `rejected`: the platform understood and said no; trying again changes nothing
 * - `not_found`: it does not know (or no longer shows us) what was asked for
 * - `forbidden`: this deployment lacks a right, an IP entry or a permission: an operator must act
 * - `rate_limited`: too fast; nothing happened; come back after `retryAfterMs`
 * - `unavailable`: it did not take the call; nothing happened; back off
 * - `unknown`: the call left and no answer came: it may have happened. Look it up before trying again.
 */
export type PlatformErrorKind = 'rejected' | 'not_found' | 'forbidden' | 'rate_limited' | 'unavailable' | 'unknown';

export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly kind: PlatformErrorKind;
  readonly platform: string;
  /** The call's path, without query or body. */
  readonly call: string;
  /** The platform's own code, as text; '' when none came. */
  readonly code: string;
  readonly retryAfterMs: number;

  constructor(
    kind: PlatformErrorKind,
    about: { platform: string; call: string; code?: string; message?: string; retryAfterMs?: number },
  ) {
    super(
      `${about.platform} ${about.call}: ${kind}${about.code ? ` ${about.code}` : ''}${about.message ? ` ${about.message}` : ''}`,
    );
    this.kind = kind;
    this.platform = about.platform;
    this.call = about.call;
    this.code = about.code ?? '';
    this.retryAfterMs = about.retryAfterMs ?? 0;
  }
}

/** A callback that is not from the platform, or not for us, or not whole. Nothing of it is kept. */
export class CallbackRefused extends Error {
  override readonly name = 'CallbackRefused';
  readonly reason: 'signature' | 'receiver' | 'stale' | 'malformed';

  constructor(reason: CallbackRefused['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}
