import type { Deps } from '#server/base/deps.ts';
import { countByState } from './inbound-store.ts';

/** For the metrics, when they are read. */
export async function countInbound(deps: Deps): Promise<void> {
  for (const [state, rows] of Object.entries(await countByState(deps.db))) {
    deps.metrics.inboundRows.set({ state }, rows);
  }
}
