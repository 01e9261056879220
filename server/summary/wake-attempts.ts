import type { Deps } from '#server/base/deps.ts';
import { DAY_MS } from '#server/base/duration.ts';
import type { ModelOutcome } from '#server/base/llm.ts';
import { wakeAttempts as wakeRows } from './summary-store.ts';

/** What was said longer ago is summarised when it goes on. */
const CATCH_UP_MS = 14 * DAY_MS;

/** What kept the model from being asked is gone: the sweep takes up lately kept back conversations, a few at a time. */
export async function wakeAttempts(deps: Deps, outcome: ModelOutcome): Promise<void> {
  const now = deps.now();
  await wakeRows(deps.db, outcome, { since: new Date(now.getTime() - CATCH_UP_MS), now });
}
