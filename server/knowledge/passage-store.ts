import type { Db } from '#server/base/database.ts';
import type { Passage } from './passage.ts';
import { tsvectorOf, type Asked } from './token.ts';

/** Whose passages: exactly one is set. */
export type PassageOwner = { documentId: string } | { materialId: string; materialVersion: number };

export interface FoundPassage extends Passage {
  id: string;
  from: 'document' | 'material';
  /** Of the document or the material. */
  ownerId: string;
  title: string;
}

/** Puts these in the place of those it had. Takes a transaction. */
export async function replacePassages(
  tx: Db,
  owner: PassageOwner,
  title: string,
  passages: readonly Passage[],
): Promise<void> {
  const documentId = 'documentId' in owner ? owner.documentId : null;
  const [materialId, version] = 'materialId' in owner ? [owner.materialId, owner.materialVersion] : [null, null];
  await tx.knowledgePassage.deleteMany({ where: documentId ? { documentId } : { materialId } });
  const rows = passages.map((passage, position) => ({ ...passage, position, tokens: vectorOf(title, passage) }));
  await tx.$executeRaw`
    INSERT INTO "KnowledgePassage" (id, "documentId", "materialId", "materialVersion", position, headings, text, tokens)
    SELECT gen_random_uuid(), ${documentId}::uuid, ${materialId}::uuid, ${version}::int, position,
      ARRAY(SELECT jsonb_array_elements_text(headings)), text, tokens::tsvector
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row(position int, headings jsonb, text text, tokens text)
    ON CONFLICT DO NOTHING`;
}

const vectorOf = (title: string, { headings, text }: Passage) =>
  tsvectorOf({ above: [title, ...headings].join(' '), text });

/** The passages of a document are found by its new title. Takes a transaction. */
export async function retitlePassages(tx: Db, documentId: string, title: string): Promise<void> {
  const passages = await listPassages(tx, documentId);
  const rows = passages.map((passage) => ({ id: passage.id, tokens: vectorOf(title, passage) }));
  await tx.$executeRaw`
    UPDATE "KnowledgePassage" passage SET tokens = row.tokens::tsvector
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row(id uuid, tokens text) WHERE passage.id = row.id`;
}

export async function listPassages(db: Db, documentId: string): Promise<(Passage & { id: string })[]> {
  return db.knowledgePassage.findMany({
    where: { documentId },
    orderBy: { position: 'asc' },
    select: { id: true, headings: true, text: true },
  });
}

/** How many passages of each the embedding model has no vector for. */
export async function countUnfit(
  db: Db,
  ids: readonly string[],
  model: string | undefined,
): Promise<Map<string, number>> {
  if (model === undefined) return new Map();
  const where = { documentId: { in: [...ids] }, unfitModel: model };
  const rows = await db.knowledgePassage.groupBy({ by: ['documentId'], where, _count: true });
  return new Map(rows.map(({ documentId, _count }) => [documentId ?? '', _count]));
}

export interface RankedPassage {
  id: string;
  score: number;
}

/** Of a word in the text and of one above it: {D, C, B, A}. */
const WEIGHTS = '{0.5, 0.5, 0.5, 1}';
/** Of what a pair of characters that stands in one passage only, once, brings it. */
const SCORE_MIN = 0.6 * 0.3;

/**
 * The passages that share most of what is asked, a word the more the fewer passages have it. Nothing is shown that
 * shares less than a rare word would be.
 */
export async function rankByWords(db: Db, asked: readonly Asked[], limit: number): Promise<RankedPassage[]> {
  if (asked.length === 0) return [];
  const queries = asked.map(({ query }) => query);
  const weights = asked.map(({ weight }) => weight);
  const finds = asked.map((each) => each.finds);
  // SQL, for what ranks is how many passages share a word, which is known only after all of them were looked up.
  return db.$queryRaw<RankedPassage[]>`
    WITH asked AS (
      SELECT query::tsquery, weight, finds
      FROM unnest(${queries}::text[], ${weights}::float8[], ${finds}::boolean[]) AS asked(query, weight, finds)
    ), total AS (
      SELECT count(*)::float8 AS passages FROM "KnowledgePassage"
    ), hit AS (
      SELECT passage.id, length(passage.text) AS chars, asked.weight, asked.finds,
        ts_rank(${WEIGHTS}::float4[], passage.tokens, asked.query) AS rank,
        count(*) OVER (PARTITION BY asked.query) AS passages
      FROM asked JOIN "KnowledgePassage" passage ON passage.tokens @@ asked.query
      LEFT JOIN "Material" material ON material.id = passage."materialId"
      WHERE material.id IS NULL OR (material."archivedAt" IS NULL AND material.version = passage."materialVersion")
    ), found AS (
      SELECT hit.id, bool_or(hit.finds) AS finds, sum(hit.rank * hit.weight
        * ln(1 + (total.passages - hit.passages + 0.5) / (hit.passages + 0.5))) / (0.8 + 0.2 * max(hit.chars) / 400.0) AS score
      FROM hit CROSS JOIN total GROUP BY hit.id
    )
    SELECT found.id, found.score FROM found CROSS JOIN total
    WHERE found.finds AND found.score >= ${SCORE_MIN} * ln(1 + (total.passages - 0.5) / 1.5)
    ORDER BY found.score DESC, found.id LIMIT ${limit}`;
}

/** In the order of `ids`; without those that are gone or archived. */
export async function readPassages(db: Db, ids: readonly string[]): Promise<FoundPassage[]> {
  const rows = await db.knowledgePassage.findMany({
    where: { id: { in: [...ids] }, OR: [{ materialId: null }, { material: { archivedAt: null } }] },
    select: {
      id: true,
      headings: true,
      text: true,
      document: { select: { id: true, title: true } },
      material: { select: { id: true, title: true } },
    },
  });
  return rows
    .flatMap(({ document, material, ...passage }): FoundPassage[] => {
      const owner = document ?? material;
      if (!owner) return [];
      return [{ ...passage, from: document ? 'document' : 'material', ownerId: owner.id, title: owner.title }];
    })
    .sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
}

/** Texts of the material library that were changed since their passages were taken. */
export async function listStaleMaterials(db: Db, kinds: readonly string[], limit: number): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT material.id FROM "Material" material
    WHERE material."archivedAt" IS NULL AND material.kind = ANY(${[...kinds]}::text[]) AND NOT EXISTS (
      SELECT FROM "KnowledgePassage" passage
      WHERE passage."materialId" = material.id AND passage."materialVersion" = material.version)
    ORDER BY material."updatedAt" DESC LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

/**
 * Whoever takes the same material over waits for the other. Its version; null when it is gone, or when the other took it
 * over meanwhile: whoever found its passages is still reading them. Takes a transaction.
 */
export async function lockStaleMaterial(tx: Db, id: string): Promise<number | null> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`knowledge:${id}`}, 0))`;
  const row = await tx.material.findUnique({ where: { id }, select: { version: true } });
  if (!row) return null;
  const taken = await tx.knowledgePassage.count({ where: { materialId: id, materialVersion: row.version } });
  return taken > 0 ? null : row.version;
}
