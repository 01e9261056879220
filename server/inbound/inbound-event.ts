import type { Deps } from '#server/base/deps.ts';
import { HOUR_MS } from '#server/base/duration.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { EventKind, PlatformEvent } from '#server/platform/event.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { inboundStates } from './inbound-api.ts';

export type InboundState = (typeof inboundStates)[number];

/** What the switchboard knows about events. Every deed may be done twice: a crash can fall between a deed and its mark. */
export interface EventSwitch {
  /** Stored and acknowledged, and nothing more. */
  ignores(kind: EventKind): boolean;
  /** Cannot wait behind other events. */
  isUrgent(kind: EventKind): boolean;
  /** The part that cannot wait. Done as soon as the event is stored, and again when its turn comes. */
  hurry(deps: Deps, platform: string, event: PlatformEvent): Promise<void>;
  handle(deps: Deps, platform: string, event: PlatformEvent): Promise<void>;
}

const STRANDS = 32;

/**
 * Subjects are spread over strands, and a job works through a strand: a nudge for each strand costs the queue next to
 * nothing, while one for each subject halved the callbacks taken in.
 */
export function strandOf(platform: string, subject: string): number {
  const text = `${platform}:${subject}`;
  let mixed = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x01000193);
  // Keys that differ in their last characters only would else share a strand.
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) % STRANDS;
}

const ATTEMPTS_MAX = 10;
const FIRST_DELAY_MS = 2000;
const DELAY_MS_MAX = HOUR_MS;
const RATE_LIMITED_DELAY_MS_MIN = 1000;

export interface Failure {
  state: 'waiting' | 'dead';
  attempts: number;
  nextAttemptAt: Date | null;
  lastError: string;
}

/**
 * What becomes of an event whose deed failed. The delays add up to more than two hours, so that an outage of a platform
 * costs no event; being too fast is no fault of the event and does not count.
 */
export function afterFailure(attemptsBefore: number, error: unknown, now: Date): Failure {
  const lastError = describeFailure(error);
  const later = (ms: number) => new Date(now.getTime() + ms);
  if (isRateLimit(error)) {
    const delayMs = Math.max(error.retryAfterMs, RATE_LIMITED_DELAY_MS_MIN);
    return { state: 'waiting', attempts: attemptsBefore, nextAttemptAt: later(delayMs), lastError };
  }
  const attempts = attemptsBefore + 1;
  if (isFinal(error) || attempts >= ATTEMPTS_MAX) return { state: 'dead', attempts, nextAttemptAt: null, lastError };
  const delayMs = Math.min(FIRST_DELAY_MS * 3 ** attemptsBefore, DELAY_MS_MAX);
  return { state: 'waiting', attempts, nextAttemptAt: later(delayMs), lastError };
}

export function isRateLimit(error: unknown): error is PlatformError {
  return error instanceof PlatformError && error.kind === 'rate_limited';
}

function isFinal(error: unknown): boolean {
  return error instanceof Refusal || (error instanceof PlatformError && ['rejected', 'not_found'].includes(error.kind));
}

/** Codes only: messages of drivers and platforms repeat what they were given. */
function describeFailure(error: unknown): string {
  if (error instanceof PlatformError) return [error.call, error.kind, error.code].filter(Boolean).join(' ');
  if (error instanceof Refusal) return error.code;
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  return [name ?? 'Error', code].filter((part) => typeof part === 'string').join(' ');
}
