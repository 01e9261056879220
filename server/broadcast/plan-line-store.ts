import { Prisma } from '#prisma/client/client.ts';
import { exclusionReasons } from './broadcast-api.ts';
import { placeOf, type PlanRules } from './plan.ts';
import { fullOf } from './plan-cap-store.ts';
import { sendersOf, type Reach } from './plan-sender-store.ts';

type Sql = Prisma.Sql;
const { sql, join } = Prisma;

/** Who gets it, by whom, in which call; who does not, and why. */
export function linesOf(rules: PlanRules, reach: Reach, holding: readonly string[]): Sql {
  const { broadcast, contactsMax, isQuiet } = rules;
  const { id, audience } = broadcast;
  const quiet = isQuiet ? sql`${placeOf('quiet_hours')}::int` : sql`NULL::int`;
  return sql`
    WITH ${sendersOf(rules, reach)},
    ${fullOf(rules, reach, holding)},
    before AS (
      SELECT "memberId", variant, sum("contactCount") AS count FROM "BroadcastDelivery"
      WHERE "broadcastId" = ${id}::uuid GROUP BY "memberId", variant
    ),
    known AS MATERIALIZED (
      SELECT w.id, CASE WHEN standing.senders = 1 THEN standing.sole ELSE sender."memberId" END AS "memberId",
        CASE
          WHEN w.out THEN ${placeOf('opted_out')}::int
          WHEN standing.removed THEN ${placeOf('removed_us')}::int
          WHEN standing.chosen IS NOT TRUE THEN ${placeOf('no_sender')}::int
          WHEN standing.senders = 0 THEN ${placeOf('sender_unready')}::int
          ELSE coalesce(taken.place, ${quiet}) END AS place,
        ('x' || left(md5(${id}::text || w.id::text), 16))::bit(64)::bigint AS dice
      FROM plan_who w LEFT JOIN standing ON standing.id = w.id LEFT JOIN sender ON sender.id = w.id
      LEFT JOIN taken ON taken.id = w.id
    ),
    part AS (
      SELECT id, "memberId", place, part, CASE WHEN part = 'target' THEN ${variantOf(rules)} END AS variant FROM (
        SELECT *, CASE WHEN place IS NOT NULL THEN 'excluded'
          WHEN ((dice >> 32) & 2147483647) % 100 < ${audience.holdOutPercent}::int THEN 'hold_out'
          ELSE 'target' END AS part
        FROM known
      ) AS parted
    ),
    batched AS MATERIALIZED (
      SELECT part.id, part.part, part.place, "memberId", variant, CASE WHEN part = 'target' THEN (coalesce(before.count, 0) - 1
        + row_number() OVER (PARTITION BY "memberId", variant COLLATE "C" ORDER BY id)
        )::int / ${contactsMax}::int END AS batch
      FROM part LEFT JOIN before USING ("memberId", variant)
    )
    SELECT id, part, (${[...exclusionReasons]}::text[])[place + 1] AS reason, "memberId", variant, batch, "deliveryId"
    FROM batched LEFT JOIN (
      SELECT "memberId", variant, batch, md5(concat_ws(':', ${id}::text, "memberId", variant, batch))::uuid AS "deliveryId"
      FROM batched WHERE batch IS NOT NULL GROUP BY "memberId", variant, batch
    ) AS cut USING ("memberId", variant, batch)`;
}

function variantOf({ variants }: PlanRules): Sql {
  const roll = sql`(dice & 2147483647) % 100`;
  const last = variants.at(-1)?.key ?? 'A';
  if (variants.length < 2) return sql`${last}::text`;
  return sql`CASE ${join(
    variants.slice(0, -1).map(({ key, upTo }) => sql`WHEN ${roll} < ${upTo}::int THEN ${key}::text`),
    ' ',
  )} ELSE ${last}::text END`;
}
