import { Prisma } from '#prisma/client/client.ts';
import type { Broadcast } from './broadcast.ts';
import type { PlanRules } from './plan.ts';

type Sql = Prisma.Sql;
const { sql } = Prisma;

/** Between which contacts a chunk lies: without it each chunk would read tables from end to end. */
export interface Reach {
  after: string | null;
  until: string;
}

export const within = ({ after, until }: Reach, contactId: Sql): Sql =>
  after === null
    ? sql`${contactId} <= ${until}::uuid`
    : sql`${contactId} > ${after}::uuid AND ${contactId} <= ${until}::uuid`;

/**
 * For everybody in plan_who: `follow`, their connections; `standing`, how many could send, and one of them; `sender`, who
 * does where several could. What chats and owners say is asked for only there, unless `of` is all.
 */
export function sendersOf({ broadcast: { platform, audience } }: PlanRules, of: Reach | 'all'): Sql {
  const isChosen = audience.memberIds === null ? sql`TRUE` : sql`f."memberId" = ANY(${audience.memberIds}::uuid[])`;
  const needed = of === 'all' ? sql`senders > 0` : sql`senders > 1`;
  const isNear = of === 'all' ? sql`TRUE` : within(of, sql`f."contactId"`);
  return sql`
    ready AS MATERIALIZED (
      SELECT m.id FROM "Member" m WHERE m.status = 'active' AND EXISTS (
        SELECT FROM "MemberIdentity" i WHERE i."memberId" = m.id AND i.platform = ${platform} AND i."leftAt" IS NULL)
    ),
    follow AS MATERIALIZED (
      SELECT f."contactId" AS id, f."memberId", f."addedAt", f.state,
        f.state = 'active' AND ${isChosen} AS chosen,
        f.state = 'active' AND ${isChosen} AND r.id IS NOT NULL AS ready
      FROM plan_who w JOIN "Follow" f ON f."contactId" = w.id LEFT JOIN ready r ON r.id = f."memberId"
      WHERE ${isNear}
    ),
    standing AS MATERIALIZED (
      SELECT id,
        bool_or(chosen) AS chosen,
        bool_or(state = 'removed_by_contact') AND NOT bool_or(state IN ('active', 'pending', 'removed_by_member')) AS removed,
        count(*) FILTER (WHERE ready) AS senders,
        (array_agg("memberId") FILTER (WHERE ready))[1] AS sole
      FROM follow GROUP BY id
    ),
    sender AS MATERIALIZED (
      SELECT DISTINCT ON (id) id, "memberId", "lastMessageAt", owns, "addedAt" FROM (
        SELECT f.id, f."memberId", f."addedAt",
          (SELECT max(v."lastMessageAt") FROM "Conversation" v
            WHERE v."contactId" = f.id AND v."memberId" = f."memberId") AS "lastMessageAt",
          (SELECT count(*) FROM "Binding" b JOIN "Customer" k ON k.id = b."customerId"
            WHERE b."contactId" = f.id AND k."ownerId" = f."memberId") > 0 AS owns
        FROM standing JOIN follow f USING (id)
        WHERE f.ready AND ${needed}
      ) AS candidate
      ORDER BY id, ${senderOrder(audience.senderRule, sql`candidate`)}, "memberId"
    )`;
}

/** Each rule falls back to the next. */
export function senderOrder(rule: Broadcast['audience']['senderRule'], of: Sql): Sql {
  const firstAdded = sql`${of}."addedAt" ASC NULLS LAST`;
  const owner = sql`${of}.owns DESC, ${firstAdded}`;
  switch (rule) {
    case 'last_chat':
      return sql`${of}."lastMessageAt" DESC NULLS LAST, ${owner}`;
    case 'owner':
      return owner;
    case 'first_added':
      return firstAdded;
    default:
      return rule satisfies never;
  }
}
