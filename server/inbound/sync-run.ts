import { DAY_MS } from '#server/base/duration.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { SyncRunView } from './inbound-api.ts';

export type SyncKind = SyncRunView['kind'];

/** One walk over a platform's records. `cursor` is opaque to everyone but the use case that walks; null at the start. */
export interface SyncRun {
  id: string;
  platform: string;
  kind: SyncKind;
  state: SyncRunView['state'];
  cursor: unknown;
  done: number;
  total: number | null;
  repaired: number;
  lastError: string | null;
  startedAt: Date;
  updatedAt: Date;
  finishedAt: Date | null;
}

const CURSOR_AGE_MAX_MS = DAY_MS;

/** A walk that stopped is gone on with, unless its place in the platform's list may be forgotten there. */
export function canGoOn(run: SyncRun, now: Date): boolean {
  if (run.state === 'running') return true;
  return run.state === 'failed' && now.getTime() - run.updatedAt.getTime() < CURSOR_AGE_MAX_MS;
}

/** Trouble that passes leaves the run as it is: the job comes back and goes on. */
export function willPass(error: unknown): boolean {
  return error instanceof PlatformError && ['rate_limited', 'unavailable', 'unknown'].includes(error.kind);
}

/** A cursor the platform refuses would be refused for ever. */
export function mustStartOver(error: unknown): boolean {
  return error instanceof PlatformError && ['rejected', 'not_found'].includes(error.kind);
}

export function viewSyncRun(run: SyncRun): SyncRunView {
  const { id, platform, kind, state, done, total, repaired, lastError } = run;
  const [startedAt, finishedAt] = [run.startedAt.toISOString(), run.finishedAt?.toISOString() ?? null];
  return { id, platform, kind, state, done, total, repaired, lastError, startedAt, finishedAt };
}
