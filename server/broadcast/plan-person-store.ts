import { Prisma } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import { beforehand, type PlanRules } from './plan.ts';
import { senderOrder, sendersOf } from './plan-sender-store.ts';

const { sql } = Prisma;

/**
 * Of contacts who are one person, the first by the rule of senders stays. Who is one person: who shares a key across apps,
 * or is bound to the same customer who is a person; and whoever is one person with one of these. Who opted out as one of
 * them, in the segment or not, is left alone as all of them.
 */
export async function excludeDuplicates(tx: Db, rules: PlanRules): Promise<void> {
  const { id, platform } = rules.broadcast;
  await tx.$executeRaw`
    DELETE FROM "BroadcastRecipient"
    WHERE "broadcastId" = ${id}::uuid AND part = 'excluded' AND reason = ANY(${beforehand}::text[])`;
  // Their indexes give both in order: to hash a million keys takes longer.
  await tx.$executeRaw`SELECT set_config('enable_hashagg', 'off', true)`;
  await tx.$executeRaw`
    CREATE TEMP TABLE plan_shared ON COMMIT DROP AS
    SELECT "unionKey" AS key, NULL::uuid AS "customerId" FROM "Contact"
    WHERE "unionKey" IS NOT NULL GROUP BY 1 HAVING count(*) > 1
    UNION ALL
    SELECT NULL, "customerId" FROM "Binding" GROUP BY 2 HAVING count(*) > 1`;
  await tx.$executeRaw`SELECT set_config('enable_hashagg', 'on', true)`;
  await tx.$executeRaw`ANALYZE plan_shared`;
  await tx.$executeRaw`
    CREATE TEMP TABLE plan_tie ON COMMIT DROP AS
    SELECT id, tie FROM (
      SELECT tie.id, tie.tie, count(*) OVER (PARTITION BY tie.tie) AS size FROM (
        SELECT c.id, 'u' || s.key AS tie FROM plan_shared s JOIN "Contact" c ON c."unionKey" = s.key
        WHERE c.platform = ${platform} OR c."optedOutAt" IS NOT NULL
        UNION ALL
        SELECT b."contactId", 'c' || s."customerId" FROM plan_shared s JOIN "Binding" b USING ("customerId")
        JOIN "Customer" k ON k.id = s."customerId" AND k.kind = 'person'
      ) AS tie
      WHERE tie.id IN (SELECT unnest("contactIds") FROM "BroadcastChunk" WHERE "broadcastId" = ${id}::uuid)
        OR EXISTS (SELECT FROM "Contact" o WHERE o.id = tie.id AND o."optedOutAt" IS NOT NULL)
    ) AS tied WHERE size > 1`;
  await tx.$executeRaw`
    CREATE TEMP TABLE plan_who ON COMMIT DROP AS
    SELECT c.id, c."optedOutAt" IS NOT NULL AS out FROM "Contact" c WHERE c.id IN (SELECT id FROM plan_tie)`;
  await tx.$executeRaw`ANALYZE plan_who`;
  await tx.$executeRaw`
    CREATE TEMP TABLE plan_person ON COMMIT DROP AS
    WITH ${sendersOf(rules, 'all')}
    SELECT *, place AS person FROM (
      SELECT w.id, w.out, able.id IS NOT NULL AS able,
        row_number() OVER (ORDER BY able.id IS NULL, ${senderOrder(rules.broadcast.audience.senderRule, sql`able`)}, w.id)::int AS place
      FROM plan_who w LEFT JOIN (
        SELECT sender.* FROM sender JOIN "Contact" c USING (id) WHERE c."optedOutAt" IS NULL
      ) AS able USING (id)
    ) AS placed`;
  // Until everybody who is one person has the place of the first of them.
  for (let changed = 1; changed > 0;) {
    changed = await tx.$executeRaw`
      UPDATE plan_person p SET person = best.person FROM (
        SELECT mine.id, min(first.person) AS person FROM plan_tie mine JOIN (
          SELECT t.tie, min(p.person) AS person FROM plan_tie t JOIN plan_person p ON p.id = t.id GROUP BY t.tie
        ) AS first ON first.tie = mine.tie GROUP BY mine.id
      ) AS best WHERE best.id = p.id AND best.person < p.person`;
  }
  await tx.$executeRaw`
    CREATE TEMP TABLE plan_other ON COMMIT DROP AS
    SELECT id, CASE WHEN left_alone THEN 'person_opted_out' ELSE 'duplicate_person' END AS reason FROM (
      SELECT id, out, able AND person < place AS twice, bool_or(out) OVER (PARTITION BY person) AS left_alone FROM plan_person
    ) AS whoever WHERE NOT out AND (twice OR left_alone)`;
  await tx.$executeRaw`
    DELETE FROM "BroadcastRecipient" WHERE "broadcastId" = ${id}::uuid AND "contactId" IN (SELECT id FROM plan_other)`;
  await tx.$executeRaw`
    INSERT INTO "BroadcastRecipient" ("broadcastId", "contactId", part, reason)
    SELECT ${id}::uuid, id, 'excluded', reason FROM plan_other
    WHERE id IN (SELECT unnest("contactIds") FROM "BroadcastChunk" WHERE "broadcastId" = ${id}::uuid)`;
  await tx.$executeRaw`DROP TABLE plan_shared, plan_tie, plan_who, plan_person, plan_other`;
}
