import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import { enterSeries } from './enter-series.ts';
import { leaveRuns, passOnRuns } from './run-store.ts';
import { runSteps } from './run-step.ts';

export const sweepSeriesEveryMs = MINUTE_MS;

/** Who should not be on the way leaves, who came goes in, whose turn it is gets their step. Several may do so at once. */
export async function sweepSeries(deps: Deps): Promise<void> {
  await passOnRuns(deps.db);
  await leaveRuns(deps.db, deps.now());
  await enterSeries(deps);
  await runSteps(deps);
}
