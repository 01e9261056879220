import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import pg from 'pg';
import { vectorBytes } from '#server/scoring/feature-block.ts';
import { fillMillion, CUSTOMERS } from './million.ts';
import type { LearnReport, RescoreOrder, RescoreReport } from './rescore-process.ts';
import type { Stage } from './stage.ts';
import type { Line } from './table.ts';

const MB = 2 ** 20;

/** A million scored anew by a model that learned from their sales, against a statement that writes such rows and knows nothing. */
export async function measureRescore(stage: Stage): Promise<Line[]> {
  await fillMillion(stage);
  await fillHistory(stage.databaseUrl);
  return measureRescoreIn(stage.databaseUrl);
}

export async function measureRescoreIn(databaseUrl: string): Promise<Line[]> {
  const floorMs = await measureFloor(databaseUrl);
  const learned = await inProcess<LearnReport>({ databaseUrl, task: 'learn' });
  const { everybody, news, cpuSeconds, rssBytes } = await inProcess<RescoreReport>({ databaseUrl, task: 'rescore' });
  if (everybody.rows !== CUSTOMERS) throw new Error(`${everybody.rows} of the million were scored.`);
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const perSecond = ({ rows, ms }: { rows: number; ms: number }) => `${Math.round(rows / (ms / 1000))} rows/s`;
  const of = `rescoring ${CUSTOMERS / 1e6} million`;
  return [
    {
      what: `learning from ${learned.rows} outcomes (${learned.kind}), of it in the thread that learns`,
      value: `${learned.seconds.toFixed(1)} s, ${learned.learnSeconds.toFixed(1)} s`,
    },
    { what: `${of}, rows written by hand: the floor`, value: seconds(floorMs) },
    { what: of, value: seconds(everybody.ms), aim: '≤ 60 s', isMet: everybody.ms <= 60_000 },
    { what: `${of}: pace`, value: perSecond(everybody) },
    { what: `${of}: processor time of the process, without the database`, value: `${cpuSeconds.toFixed(1)} s` },
    { what: `${of} ÷ floor`, value: (everybody.ms / floorMs).toFixed(2) },
    {
      what: `${of}: memory of the process`,
      value: `${(rssBytes / MB).toFixed(0)} MB`,
      aim: '≤ 400 MB',
      isMet: rssBytes <= 400 * MB,
    },
    { what: `those of whom there is news afterwards: ${news.rows}`, value: `${seconds(news.ms)}, ${perSecond(news)}` },
  ];
}

async function inProcess<Report>(order: RescoreOrder): Promise<Report> {
  const child = fork(path.join(import.meta.dirname, 'rescore-process.ts'));
  child.send(order);
  const [report] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [Report | number];
  if (typeof report === 'number') throw new Error(`The bench came to no end where it was to ${order.task}.`);
  return report;
}

/** As many rows of the same size, out of nothing. */
async function measureFloor(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const startedAt = performance.now();
  await client.query(
    `INSERT INTO "Score" (id, "contactId", at, value, method, "modelId", vector)
     SELECT gen_random_uuid(), id, now(), 50, 'lead@0', id, $1::bytea FROM "Contact" ORDER BY id`,
    [Buffer.alloc(vectorBytes)],
  );
  const floorMs = performance.now() - startedAt;
  await client.query('TRUNCATE "Score"');
  await client.end();
  return floorMs;
}

const percent = (text: string, salt: number) => `(hashtextextended(${text}, ${salt}) & 2147483647) % 100`;

/** What was said in the chats of the last month, what it meant, and sales that end as grade and source would have it. */
async function fillHistory(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const startedAt = performance.now();
  await client.query(`SET session_replication_role = replica; SET work_mem = '128MB'`);
  await client.query(
    `INSERT INTO "Message" (id, "conversationId", "sourceId", key, sender, at, kind)
     SELECT gen_random_uuid(), v.id, 'bench:archive', v.id || '-' || n, CASE WHEN n % 2 = 0 THEN 'contact' ELSE 'member' END,
       v."lastMessageAt" - n * interval '7 hours', 'text'
     FROM "Conversation" v CROSS JOIN generate_series(0, 3) n WHERE v."lastMessageAt" > now() - interval '31 days'`,
  );
  await client.query(
    `INSERT INTO "MessageSignal" ("messageId", kind, "contactId", at, quote)
     SELECT m.id, (ARRAY['asks_price', 'negative', 'asks_delivery'])[1 + ${percent('m.id::text', 1)} % 3], v."contactId", m.at, ''
     FROM "Message" m JOIN "Conversation" v ON v.id = m."conversationId" WHERE m.sender = 'contact' AND ${percent('m.id::text', 2)} < 15`,
  );
  await client.query(
    `UPDATE "Opportunity" s SET "createdAt" = s."stageAt" - interval '40 days', "updatedAt" = s."stageAt",
       stage = CASE WHEN ${percent('s.id::text', 3)} < 10 THEN 'quoted'
         WHEN ${percent('s.id::text', 4)} < 20 + CASE u.grade WHEN 'A' THEN 45 WHEN 'B' THEN 25 ELSE 0 END + CASE u.source WHEN '转介绍' THEN 25 ELSE 0 END
         THEN 'won' ELSE 'lost' END
     FROM "Customer" u WHERE u.id = s."customerId"`,
  );
  await client.query(`UPDATE "Binding" b SET "madeAt" = u."createdAt" FROM "Customer" u WHERE u.id = b."customerId"`);
  // Nothing of it is news.
  await client.query(`UPDATE "Follow" SET "changedAt" = "addedAt"`);
  for (const table of ['Message', 'MessageSignal', 'Opportunity', 'Binding', 'Follow'])
    await client.query(`VACUUM (ANALYZE) "${table}"`);
  await client.query('CHECKPOINT');
  console.error(`filled with what was said and sold in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  await client.end();
}
