import { Prisma } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import { horizonOf, rollingOf, windowsOver } from './caps.ts';
import { placeOf, type PlanRules } from './plan.ts';
import { within, type Reach } from './plan-sender-store.ts';

type Sql = Prisma.Sql;
const { sql, empty } = Prisma;

/**
 * `taken`: contacts another broadcast would be too much for, and the first reason, as caps.ts, mayTouch says it of one
 * contact; and who is held out of one that is `holding` them.
 */
export function fullOf({ broadcast: { id }, span, caps }: PlanRules, reach: Reach, holding: readonly string[]): Sql {
  const held =
    holding.length === 0
      ? empty
      : sql`
        UNION ALL
        SELECT r."contactId", ${placeOf('overlapping')}::int FROM "BroadcastRecipient" r
        WHERE r."broadcastId" = ANY(${[...holding]}::uuid[]) AND r.part = 'hold_out' AND ${within(reach, sql`r."contactId"`)}`;
  const horizon = horizonOf(span, caps);
  const windows = windowsOver(span, caps).map(({ reason, ...window }) => ({ place: placeOf(reason), ...window }));
  const rolling = rollingOf(caps).map(({ reason, ...window }) => ({ place: placeOf(reason), ...window }));
  return sql`
    near AS MATERIALIZED (
      SELECT w.id, t."fromDay" - DATE '1970-01-01' AS "fromDay", t."untilDay" - DATE '1970-01-01' AS "untilDay", t.state
      FROM plan_who w JOIN "ContactTouch" t ON t."contactId" = w.id
      WHERE t."broadcastId" <> ${id}::uuid AND ${within(reach, sql`t."contactId"`)}
        AND t."untilDay" >= DATE '1970-01-01' + ${horizon.fromDay}::int
        AND t."fromDay" <= DATE '1970-01-01' + ${horizon.untilDay}::int
    ),
    calendar AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(windows)}::jsonb)
        AS w (place int, "fromDay" int, "untilDay" int, cap int)
    ),
    -- Of the windows that begin on any day, the fullest begin where one of the touches begins to be in them.
    begin AS MATERIALIZED (
      SELECT DISTINCT near.id, w.place, w.days, w.cap,
        greatest(near."fromDay", ${span.fromDay}::int) - w.days + 1 AS day, near."untilDay"
      FROM near CROSS JOIN jsonb_to_recordset(${JSON.stringify(rolling)}::jsonb) AS w (place int, days int, cap int)
    ),
    taken AS MATERIALIZED (
      SELECT id, min(place) AS place FROM (
        SELECT id, ${placeOf('overlapping')}::int AS place FROM near
        WHERE state = 'reserved' AND "fromDay" <= ${span.untilDay}::int AND "untilDay" >= ${span.fromDay}::int
        ${held}
        UNION ALL
        SELECT near.id, w.place FROM near JOIN calendar w ON near."fromDay" <= w."untilDay" AND near."untilDay" >= w."fromDay"
        GROUP BY near.id, w.place, w."fromDay", w.cap HAVING count(*) + 1 > w.cap
        UNION ALL
        SELECT begin.id, begin.place FROM begin JOIN near ON near.id = begin.id
          AND near."fromDay" <= begin.day + begin.days - 1 AND near."untilDay" >= begin.day
        WHERE begin.day <= ${span.untilDay}::int AND begin."untilDay" >= begin.day
        GROUP BY begin.id, begin.place, begin.day, begin."untilDay", begin.cap HAVING count(*) + 1 > begin.cap
      ) AS over GROUP BY id
    )`;
}

/**
 * Other broadcasts of these days whose calls have not all left. Whoever is held out of one is left alone as those are who
 * are to be sent it: else their group would be the one that gets this broadcast instead.
 */
export async function listHolding(tx: Db, { broadcast: { id }, span }: PlanRules): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM "Broadcast" WHERE state IN ('freezing', 'awaiting_approval', 'scheduled', 'sending')
      AND id <> ${id}::uuid AND "fromDay" - DATE '1970-01-01' <= ${span.untilDay}::int
      AND "untilDay" - DATE '1970-01-01' >= ${span.fromDay}::int`;
  return rows.map((row) => row.id);
}
