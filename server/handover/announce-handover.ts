import type { Deps } from '#server/base/deps.ts';
import type { Handover } from './handover.ts';

/** Screens of whoever made it, gives or takes ask again. */
export function announceHandover(
  deps: Deps,
  { createdBy, fromMemberId }: Pick<Handover, 'createdBy' | 'fromMemberId'>,
  takers: readonly string[] = [],
): void {
  const topics = [...new Set([createdBy, fromMemberId, ...takers])].map((id) => `member.${id}` as const);
  for (const topic of [...topics, 'admin' as const]) deps.live.publish(topic, { part: 'handovers' });
}

export async function runSoon(deps: Deps, handoverId: string): Promise<void> {
  await deps.jobs.add('run-handover', { handoverId }, { key: handoverId });
}
