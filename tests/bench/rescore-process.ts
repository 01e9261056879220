import type { Caller } from '#server/base/caller.ts';
import { promoteModel } from '#server/scoring/choose-model.ts';
import { lead } from '#server/scoring/lead.ts';
import { listModels } from '#server/scoring/model-store.ts';
import { rescoreContacts } from '#server/scoring/rescore-contacts.ts';
import { trainScoring } from '#server/scoring/train-scoring.ts';
import { readWork } from '#server/scoring/work-store.ts';
import { openDeps } from './open-deps.ts';

export interface RescoreReport {
  learned: { rows: number; kind: string; seconds: number; learnSeconds: number };
  everybody: { rows: number; ms: number };
  news: { rows: number; ms: number };
  /** The most memory this process ever held. */
  rssBytes: number;
}

/** As many as write to a large company in an hour. */
const NEWS = 20_000;

/** What jobs do, in a process that does nothing else. */
async function run(databaseUrl: string): Promise<RescoreReport> {
  const { deps, close } = openDeps(databaseUrl);
  const timed = async (work: () => Promise<void>) => {
    const startedAt = performance.now();
    await work();
    return performance.now() - startedAt;
  };
  const trainMs = await timed(() => trainScoring(deps, lead, { asked: true }));
  const [model] = await listModels(deps.db, 'lead');
  if (!model) throw new Error(`Nothing was learned: ${(await readWork(deps.db, 'lead')).trainError}`);
  const admin = await deps.db.member.findFirstOrThrow({ where: { role: 'admin' } });
  const caller: Caller = {
    memberId: admin.id,
    name: admin.name,
    role: 'admin',
    platform: 'wecom',
    scope: { all: true },
  };
  if (model.state !== 'champion') await promoteModel(deps, caller, { id: model.id, reason: 'the bench' });

  const everybodyMs = await timed(() => rescoreContacts(deps));
  const everybody = await deps.db.score.count();
  await deps.pool.query(
    `UPDATE "Conversation" SET "lastMessageAt" = now() WHERE id IN (SELECT id FROM "Conversation" ORDER BY id LIMIT $1)`,
    [NEWS],
  );
  await deps.pool.query(
    `INSERT INTO "Message" (id, "conversationId", "sourceId", key, sender, at, kind)
     SELECT gen_random_uuid(), id, 'bench:archive', 'news-' || id, 'contact', now(), 'text' FROM (SELECT id FROM "Conversation" ORDER BY id LIMIT $1) v`,
    [NEWS],
  );
  const newsMs = await timed(() => rescoreContacts(deps));
  const { rescoreDone } = await readWork(deps.db, 'lead');
  await close();
  const { rows, kind, trainSeconds } = model;
  return {
    learned: { rows, kind, seconds: trainMs / 1000, learnSeconds: trainSeconds },
    everybody: { rows: everybody, ms: everybodyMs },
    news: { rows: rescoreDone, ms: newsMs },
    rssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

process.once('message', ({ databaseUrl }: { databaseUrl: string }) => {
  void run(databaseUrl).then((report) => process.send?.(report, () => process.exit(0)));
});
