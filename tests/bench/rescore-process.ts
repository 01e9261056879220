import type { Deps } from '#server/base/deps.ts';
import { promoteModel } from '#server/scoring/promote-model.ts';
import { lead } from '#server/scoring/lead.ts';
import { listModels } from '#server/scoring/model-store.ts';
import { rescoreContacts } from '#server/scoring/rescore-contacts.ts';
import { trainScoring } from '#server/scoring/train-scoring.ts';
import { readWork } from '#server/scoring/work-store.ts';
import { openDeps } from './open-deps.ts';
import { timed } from './table.ts';

/** Learning and rescoring are jobs of their own; each is measured in a process of its own. */
export type RescoreOrder = { databaseUrl: string; task: 'learn' | 'rescore' };

export interface LearnReport {
  rows: number;
  kind: string;
  seconds: number;
  learnSeconds: number;
}
export interface RescoreReport {
  everybody: { rows: number; ms: number };
  news: { rows: number; ms: number };
  /** Of this process, everything counted: all its threads, and none of the database. */
  cpuSeconds: number;
  /** The most memory this process ever held. */
  rssBytes: number;
}

/** As many as write to a large company in an hour. */
const NEWS = 20_000;

async function learn(deps: Deps): Promise<LearnReport> {
  const trainMs = await timed(() => trainScoring(deps, lead, { asked: true }));
  const [model] = await listModels(deps.db, 'lead');
  if (!model) throw new Error(`Nothing was learned: ${(await readWork(deps.db, 'lead')).trainError}`);
  const admin = await deps.db.member.findFirstOrThrow({ where: { role: 'admin' } });
  const caller = {
    memberId: admin.id,
    name: admin.name,
    role: 'admin',
    platform: 'wecom',
    scope: { all: true },
  } as const;
  if (model.state !== 'champion') await promoteModel(deps, caller, { id: model.id, reason: 'the bench' });
  return { rows: model.rows, kind: model.kind, seconds: trainMs / 1000, learnSeconds: model.trainSeconds };
}

async function rescore(deps: Deps): Promise<RescoreReport> {
  const everybodyMs = await timed(() => rescoreContacts(deps));
  const everybody = await deps.db.score.count();
  const { user, system } = process.cpuUsage();
  const some = `SELECT id FROM "Conversation" ORDER BY id LIMIT ${NEWS}`;
  await deps.pool.query(`UPDATE "Conversation" SET "lastMessageAt" = now() WHERE id IN (${some})`);
  await deps.pool.query(
    `INSERT INTO "Message" (id, "conversationId", "sourceId", key, sender, at, kind)
     SELECT gen_random_uuid(), id, 'bench:archive', 'news-' || id, 'contact', now(), 'text' FROM (${some}) AS v`,
  );
  const newsMs = await timed(() => rescoreContacts(deps));
  const { rescoreDone } = await readWork(deps.db, 'lead');
  return {
    everybody: { rows: everybody, ms: everybodyMs },
    news: { rows: rescoreDone, ms: newsMs },
    cpuSeconds: (user + system) / 1e6,
    rssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

async function run({ databaseUrl, task }: RescoreOrder): Promise<LearnReport | RescoreReport> {
  const { deps, close } = openDeps(databaseUrl);
  const report = await (task === 'learn' ? learn(deps) : rescore(deps));
  await close();
  return report;
}

process.once('message', (order: RescoreOrder) => {
  void run(order).then((report) => process.send?.(report, () => process.exit(0)));
});
