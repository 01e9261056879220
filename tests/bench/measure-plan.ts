import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import pg from 'pg';
import { fillMillion, CUSTOMERS } from './million.ts';
import type { PlanReport } from './plan-process.ts';
import type { Stage } from './stage.ts';
import type { Line } from './table.ts';

const MB = 2 ** 20;

/** Who is sent a broadcast, worked out of a million, against statements that write such rows and decide nothing. */
export async function measurePlan(stage: Stage): Promise<Line[]> {
  await fillMillion(stage);
  return measurePlanIn(stage.databaseUrl);
}

export async function measurePlanIn(databaseUrl: string): Promise<Line[]> {
  const floor = await measureFloor(databaseUrl);
  const child = fork(path.join(import.meta.dirname, 'plan-process.ts'));
  child.send({ databaseUrl });
  const [report] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [PlanReport | number];
  if (typeof report === 'number') throw new Error('The plan of the bench came to no end.');
  const { checkMs, freezeMs, counts, rssBytes } = report;
  if (counts.segment !== CUSTOMERS) throw new Error(`${counts.segment} of the million were planned.`);
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const of = `plan of ${CUSTOMERS / 1e6} million`;
  const line = (what: string, ms: number, floorMs: number): Line[] => [
    { what: `${of}, ${what}, by hand: the floor`, value: seconds(floorMs) },
    { what: `${of}, ${what}`, value: seconds(ms), aim: '≤ 15 s', isMet: ms <= 15_000 },
    { what: `${of}, ${what} ÷ floor`, value: (ms / floorMs).toFixed(2), aim: '≤ 3', isMet: ms / floorMs <= 3 },
  ];
  return [
    ...line('the check', checkMs, floor.rowsMs),
    ...line('the freeze with calls, days and hashes', freezeMs, floor.rowsMs + floor.daysMs),
    {
      what: `${of}: memory of the process`,
      value: `${(rssBytes / MB).toFixed(0)} MB`,
      aim: '≤ 300 MB',
      isMet: rssBytes <= 300 * MB,
    },
  ];
}

/** The same rows by hand: a sender, the dice, the call; and, for a freeze, the days kept free. */
async function measureFloor(databaseUrl: string): Promise<{ rowsMs: number; daysMs: number }> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const id = '00000000-0000-4000-8000-00000000f100';
  const timed = async (statement: string) => {
    const startedAt = performance.now();
    await client.query(statement, [id]);
    return performance.now() - startedAt;
  };
  const rowsMs = await timed(
    `INSERT INTO "BroadcastRecipient" ("broadcastId", "contactId", part, "memberId", variant, "deliveryId")
     SELECT $1::uuid, id, part, "memberId", variant,
       CASE WHEN part = 'target' THEN md5(concat_ws(':', $1, "memberId", variant))::uuid END
     FROM (
       SELECT id, "memberId",
         CASE WHEN "memberId" IS NULL THEN 'excluded' WHEN (dice >> 32 & 2147483647) % 100 < 10 THEN 'hold_out' ELSE 'target' END AS part,
         CASE WHEN (dice & 2147483647) % 100 < 50 THEN 'A' ELSE 'B' END AS variant
       FROM (
         SELECT DISTINCT ON (c.id) c.id, f."memberId", ('x' || left(md5($1 || c.id::text), 16))::bit(64)::bigint AS dice
         FROM "Contact" c LEFT JOIN "Follow" f ON f."contactId" = c.id AND f.state = 'active'
         ORDER BY c.id, f."addedAt"
       ) AS sent OFFSET 0
     ) AS line`,
  );
  const daysMs = await timed(
    `INSERT INTO "ContactTouch" ("contactId", "broadcastId", "fromDay", "untilDay")
     SELECT "contactId", $1::uuid, current_date, current_date + 5 FROM "BroadcastRecipient"
     WHERE "broadcastId" = $1::uuid AND part = 'target' ORDER BY "contactId"`,
  );
  await client.query('DELETE FROM "BroadcastRecipient" WHERE "broadcastId" = $1', [id]);
  await client.query('DELETE FROM "ContactTouch" WHERE "broadcastId" = $1', [id]);
  await client.query('VACUUM "BroadcastRecipient", "ContactTouch"');
  await client.end();
  return { rowsMs, daysMs };
}
