import type pg from 'pg';

/** Asked through the pool: Prisma knows neither the extension's types nor a table that is not always there. */
type Sql = Pick<pg.Pool, 'query'>;

const MAKING_LOCK = 7_201_948;
/** Of a database whose administrator does not let us make the extension, or has none. */
const notOurs = new Set(['42501', '58P01', '0A000', '42704']);

/**
 * Whether vectors can be kept: makes their table where the extension `vector` is there to be used. No migration does, for
 * most databases have none. https://github.com/pgvector/pgvector
 */
export async function openVectors(sql: Sql): Promise<boolean> {
  const { rows } = await sql.query<{ table: string | null; available: boolean }>(
    `SELECT to_regclass('"KnowledgeVector"')::text AS table,
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') AS available`,
  );
  if (rows[0]?.table) return true;
  if (!rows[0]?.available) return false;
  try {
    await sql.query(`DO $$ BEGIN
      PERFORM pg_advisory_xact_lock(${MAKING_LOCK});
      CREATE EXTENSION IF NOT EXISTS vector;
      CREATE TABLE IF NOT EXISTS "KnowledgeVector" (
        "passageId" uuid PRIMARY KEY REFERENCES "KnowledgePassage"(id) ON DELETE CASCADE,
        model text NOT NULL,
        vector vector NOT NULL
      );
    END $$`);
    return true;
  } catch (error) {
    if (notOurs.has(String((error as { code?: unknown }).code))) return false;
    throw error;
  }
}

export interface UnembeddedPassage {
  id: string;
  title: string;
  headings: string[];
  text: string;
}

/** Passages without a vector of this model, but for those it has none for. */
export async function listUnembedded(sql: Sql, model: string, limit: number): Promise<UnembeddedPassage[]> {
  const { rows } = await sql.query<UnembeddedPassage>(
    `SELECT passage.id, passage.headings, passage.text, coalesce(document.title, material.title, '') AS title
     FROM "KnowledgePassage" passage
     LEFT JOIN "KnowledgeDocument" document ON document.id = passage."documentId"
     LEFT JOIN "Material" material ON material.id = passage."materialId"
     LEFT JOIN "KnowledgeVector" kept ON kept."passageId" = passage.id AND kept.model = $1
     WHERE kept."passageId" IS NULL AND passage."unfitModel" IS DISTINCT FROM $1 AND material."archivedAt" IS NULL
     ORDER BY passage.id LIMIT $2`,
    [model, limit],
  );
  return rows;
}

/** This model is not asked about them again; another is. */
export async function noteUnfit(sql: Sql, model: string, passageIds: readonly string[]): Promise<void> {
  await sql.query('UPDATE "KnowledgePassage" SET "unfitModel" = $1 WHERE id = ANY($2::uuid[])', [model, passageIds]);
}

/** Of passages that are gone meanwhile nothing is kept. */
export async function saveVectors(
  sql: Sql,
  model: string,
  vectors: readonly { passageId: string; vector: readonly number[] }[],
): Promise<void> {
  await sql.query(
    `INSERT INTO "KnowledgeVector" ("passageId", model, vector)
     SELECT passage.id, $1, row.vector::vector
     FROM jsonb_to_recordset($2::jsonb) AS row("passageId" uuid, vector text)
     JOIN "KnowledgePassage" passage ON passage.id = row."passageId" FOR KEY SHARE OF passage
     ON CONFLICT ("passageId") DO UPDATE SET model = excluded.model, vector = excluded.vector`,
    [model, JSON.stringify(vectors.map(({ passageId, vector }) => ({ passageId, vector: JSON.stringify(vector) })))],
  );
}

/** Nearest first. All are looked at: an index finds only nearly all, and serves from some hundred thousand passages on. */
export async function rankByMeaning(
  sql: Sql,
  model: string,
  vector: readonly number[],
  limit: number,
): Promise<{ id: string; likeness: number }[]> {
  const { rows } = await sql.query<{ id: string; likeness: number }>(
    `SELECT kept."passageId" AS id, 1 - (kept.vector <=> $2::vector) AS likeness
     FROM "KnowledgeVector" kept
     JOIN "KnowledgePassage" passage ON passage.id = kept."passageId"
     LEFT JOIN "Material" material ON material.id = passage."materialId"
     WHERE kept.model = $1 AND vector_dims(kept.vector) = $3
       AND (material.id IS NULL OR (material."archivedAt" IS NULL AND material.version = passage."materialVersion"))
     ORDER BY kept.vector <=> $2::vector, kept."passageId" LIMIT $4`,
    [model, JSON.stringify(vector), vector.length, limit],
  );
  return rows;
}
