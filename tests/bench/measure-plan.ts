import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import pg from 'pg';
import { fillMillion, CUSTOMERS } from './million.ts';
import type { PlanReport } from './plan-process.ts';
import type { Stage } from './stage.ts';
import type { Line } from './table.ts';

const MB = 2 ** 20;

/** Who is sent a broadcast, worked out of a million, against one statement that only writes as many rows. */
export async function measurePlan(stage: Stage): Promise<Line[]> {
  await fillMillion(stage);
  return measurePlanIn(stage.databaseUrl);
}

export async function measurePlanIn(databaseUrl: string): Promise<Line[]> {
  const floorMs = await measureFloor(databaseUrl);
  const child = fork(path.join(import.meta.dirname, 'plan-process.ts'));
  child.send({ databaseUrl });
  const [report] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [PlanReport | number];
  if (typeof report === 'number') throw new Error('The plan of the bench came to no end.');
  const { checkMs, freezeMs, counts, rssBytes } = report;
  if (counts.segment !== CUSTOMERS) throw new Error(`${counts.segment} of the million were planned.`);
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const of = `plan of ${CUSTOMERS / 1e6} million`;
  const line = (what: string, ms: number): Line[] => [
    { what: `${of}, ${what}`, value: seconds(ms), aim: '≤ 15 s', isMet: ms <= 15_000 },
    { what: `${of}, ${what} ÷ floor`, value: (ms / floorMs).toFixed(2), aim: '≤ 3', isMet: ms / floorMs <= 3 },
  ];
  return [
    { what: `${of}: the floor, one INSERT … SELECT of them and their sender`, value: seconds(floorMs) },
    ...line('the check', checkMs),
    ...line('the freeze with calls, days and hashes', freezeMs),
    {
      what: `${of}: memory of the process`,
      value: `${(rssBytes / MB).toFixed(0)} MB`,
      aim: '≤ 300 MB',
      isMet: rssBytes <= 300 * MB,
    },
  ];
}

async function measureFloor(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const id = '00000000-0000-4000-8000-00000000f100';
  const startedAt = performance.now();
  await client.query(
    `INSERT INTO "BroadcastRecipient" ("broadcastId", "contactId", part, "memberId", variant)
     SELECT DISTINCT ON (c.id) $1::uuid, c.id, 'target', f."memberId", 'A'
     FROM "Contact" c LEFT JOIN "Follow" f ON f."contactId" = c.id AND f.state = 'active' ORDER BY c.id, f."addedAt"`,
    [id],
  );
  const tookMs = performance.now() - startedAt;
  await client.query('DELETE FROM "BroadcastRecipient" WHERE "broadcastId" = $1', [id]);
  await client.query('VACUUM "BroadcastRecipient"');
  await client.end();
  return tookMs;
}
