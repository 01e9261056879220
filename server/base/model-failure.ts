import OpenAI from 'openai';

/** The endpoint gave no answer. `reason` is a class of failure, never what was said. */
export class ModelUnavailable extends Error {
  override readonly name = 'ModelUnavailable';
  readonly reason: string;
  /** False when the endpoint is well and only this question is not to its liking. */
  readonly isOutage: boolean;
  /** For how long the endpoint does not want to be asked again; 0 when it did not say. */
  readonly retryAfterMs: number;
  /** Tries that may have been charged for: the endpoint had the question. */
  uncounted = 0;

  constructor(reason: string, isOutage: boolean, retryAfterMs = 0) {
    super(`The model gave no answer: ${reason}`);
    this.reason = reason;
    this.isOutage = isOutage;
    this.retryAfterMs = retryAfterMs;
  }
}

/** It went on and was not read to its end. */
export class ReplyTooLarge extends Error {
  override readonly name = 'ReplyTooLarge';
}

const RETRY_AFTER_MS_MAX = 2000;

/** Null when trying again now is of no use. */
export function retryDelay(error: unknown, retryPauseMs: number): number | null {
  if (!(error instanceof OpenAI.APIError) || isTimeout(error)) return null;
  const status = error.status as number | undefined;
  if (status !== undefined && status !== 429 && status < 500) return null;
  const asked = retryAfterMs(error);
  if (asked === null) return retryPauseMs;
  return asked <= RETRY_AFTER_MS_MAX ? asked : null;
}

/** RFC 9110: seconds, or the time itself. */
function retryAfterMs({ headers }: InstanceType<typeof OpenAI.APIError>): number | null {
  const said = headers?.get('retry-after');
  if (!said) return null;
  const ms = /^\d+(\.\d+)?$/.test(said.trim()) ? Number(said) * 1000 : Date.parse(said) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(ms, 0);
}

const isTimeout = (error: unknown) =>
  error instanceof OpenAI.APIConnectionTimeoutError || error instanceof OpenAI.APIUserAbortError;

export function unavailable(error: unknown, uncounted: number): Error {
  const told = classOf(error);
  if (told instanceof ModelUnavailable) told.uncounted = uncounted;
  return told;
}

function classOf(error: unknown): Error {
  const reason = reasonOf(error);
  if (reason === null) return error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof OpenAI.APIError)) return new ModelUnavailable(reason, true);
  const status = error.status as number | undefined;
  if (status === undefined) return new ModelUnavailable(reason, true);
  return new ModelUnavailable(reason, ![400, 413, 422].includes(status), retryAfterMs(error) ?? 0);
}

/** A class of failure; null for what is none of the endpoint's. */
export function reasonOf(error: unknown): string | null {
  if (isTimeout(error) || isAborted(error)) return 'timeout';
  if (error instanceof OpenAI.APIError) {
    const status = error.status as number | undefined;
    return status === undefined ? 'connection' : `http ${status}`;
  }
  // A body that is no JSON, or a connection cut in the middle of one.
  return error instanceof SyntaxError || error instanceof TypeError ? 'broken answer' : null;
}

/** A gateway that waited in vain: whoever stands behind it may have written an answer. 524 is Cloudflare's. */
const waitedInVain = new Set<unknown>([408, 504, 524]);
/** Of a connection that never came about: nothing was asked over it. */
const neverLeft = new Set<unknown>([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether the endpoint may have worked on a question it gave no answer to, and charge for it. An error it answers with is free. */
export function mayBeCharged(error: unknown): boolean {
  if (isTimeout(error) || isAborted(error)) return true;
  if (!(error instanceof OpenAI.APIError))
    return error instanceof ReplyTooLarge || error instanceof SyntaxError || error instanceof TypeError;
  const status: unknown = error.status;
  if (status !== undefined) return waitedInVain.has(status);
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    if (neverLeft.has(code) || /^(CERT|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)_/.test(String(code))) return false;
  }
  return true;
}

const isAborted = (error: unknown) =>
  error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
