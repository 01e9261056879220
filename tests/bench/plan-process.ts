import type { Caller } from '#server/base/caller.ts';
import { getBroadcast, saveBroadcast } from '#server/broadcast/broadcast-store.ts';
import { checkContent } from '#server/broadcast/check-content.ts';
import { createBroadcast, editBroadcast, startCheck } from '#server/broadcast/edit-broadcast.ts';
import { planBroadcast } from '#server/broadcast/plan-broadcast.ts';
import { submitBroadcast } from '#server/broadcast/submit-broadcast.ts';
import type { PlanCounts } from '#server/broadcast/broadcast-api.ts';
import { openDeps } from './open-deps.ts';

export interface PlanReport {
  checkMs: number;
  freezeMs: number;
  counts: PlanCounts;
  /** The most memory this process ever held. */
  rssBytes: number;
}

/** What a job does, in a process that does nothing else. */
async function run(databaseUrl: string): Promise<PlanReport> {
  const { deps, close } = openDeps(databaseUrl);
  const member = await deps.db.member.findFirstOrThrow({ where: { role: 'marketing' } });
  const caller: Caller = {
    memberId: member.id,
    name: member.name,
    role: 'marketing',
    platform: 'wecom',
    scope: { all: true },
  };
  const segment = await deps.db.segment.create({ data: { name: '所有人', rule: { all: [] }, ownerId: member.id } });
  const made = await createBroadcast(deps, caller, { name: '春季新品', segmentId: segment.id });
  const texts = (['A', 'B'] as const).map((key) => ({
    key,
    share: 50,
    content: { text: `您好 ${key}`, attachments: [] },
  }));
  const wish = { name: made.name, audience: made.audience, content: { variants: texts }, sendAt: null };
  const { id, version } = await editBroadcast(deps, caller, { id: made.id, version: made.version, ...wish });
  const timed = async () => {
    const startedAt = performance.now();
    await planBroadcast(deps, { broadcastId: id });
    return performance.now() - startedAt;
  };

  await startCheck(deps, caller, id);
  const checkMs = await timed();
  const { contentHash: testedHash } = await checkContent(deps, deps.db, await getBroadcast(deps.db, id));
  await saveBroadcast(deps.db, id, { testedHash }, deps.now());
  await submitBroadcast(deps, caller, { id, version, reason: '换季' });
  const freezeMs = await timed();
  const { state, planCounts } = await getBroadcast(deps.db, id);
  if (state !== 'awaiting_approval' || !planCounts) throw new Error(`The plan of the bench ended ${state}.`);
  await close();
  return { checkMs, freezeMs, counts: planCounts, rssBytes: process.resourceUsage().maxRSS * 1024 };
}

process.once('message', ({ databaseUrl }: { databaseUrl: string }) => {
  void run(databaseUrl).then((report) => process.send?.(report, () => process.exit(0)));
});
