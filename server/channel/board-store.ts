import type { Db } from '#server/base/database.ts';

export interface BoardCount {
  state: string;
  added: number;
  stayed: number;
  replied: number;
  won: number;
  wonAmountFen: number;
  days: { day: string; added: number }[];
}

/**
 * What channels brought between two moments, by state. A customer counts once for a channel, however many contacts and
 * sales it has; a sale counts when it was won after the contact came. Discounts round as `netOf` does.
 */
export async function countBoard(
  db: Db,
  states: readonly string[],
  { from, until }: { from: Date; until: Date },
): Promise<Map<string, BoardCount>> {
  const rows = await db.$queryRaw<BoardCount[]>`
    WITH brought AS MATERIALIZED (
      SELECT follow.channel, follow."contactId", follow."memberId", follow.state, follow."addedAt",
        to_char(follow."addedAt" AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD') AS day
      FROM "Follow" follow
      WHERE follow.channel = ANY(${[...states]}::text[]) AND follow."addedAt" >= ${from}::timestamptz AND follow."addedAt" < ${until}::timestamptz
    ), sales AS (
      SELECT DISTINCT brought.channel, sale.id, sale."customerId",
        coalesce(sale."amountFen" - floor(sale."amountFen" * sale."discountBp" / 10000.0 + 0.5), 0) AS net
      FROM brought
      JOIN "Binding" binding ON binding."contactId" = brought."contactId"
      JOIN "Opportunity" sale ON sale."customerId" = binding."customerId" AND sale.stage = 'won' AND sale."stageAt" >= brought."addedAt"
    )
    SELECT counted.channel AS state, counted.added, counted.stayed, counted.replied,
      coalesce(won.customers, 0)::int AS won, coalesce(won.net, 0)::float8 AS "wonAmountFen", days.days
    FROM (
      SELECT channel, count(*)::int AS added,
        (count(*) FILTER (WHERE state IN ('active', 'pending')))::int AS stayed,
        (count(*) FILTER (WHERE EXISTS (
          SELECT 1 FROM "Conversation" conversation
          JOIN "Message" message ON message."conversationId" = conversation.id AND message.sender = 'contact' AND message.at >= brought."addedAt"
          WHERE conversation."contactId" = brought."contactId" AND conversation."memberId" = brought."memberId")))::int AS replied
      FROM brought GROUP BY channel
    ) counted
    LEFT JOIN (SELECT channel, count(DISTINCT "customerId") AS customers, sum(net) AS net FROM sales GROUP BY channel) won
      ON won.channel = counted.channel
    JOIN (
      SELECT channel, jsonb_agg(jsonb_build_object('day', day, 'added', added) ORDER BY day) AS days
      FROM (SELECT channel, day, count(*)::int AS added FROM brought GROUP BY channel, day) daily GROUP BY channel
    ) days ON days.channel = counted.channel`;
  return new Map(rows.map((row) => [row.state, row]));
}
