import type pg from 'pg';

/** Of all columns of all tables of ours, those where `said` stands: as text, as bytes, or as JSON may escape it. */
export async function columnsHolding(pool: pg.Pool, said: string): Promise<string[]> {
  const { rows: columns } = await pool.query<{ schema: string; table: string; column: string }>(
    `SELECT n.nspname AS schema, c.relname AS table, a.attname AS column
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped
       AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
     ORDER BY 1, 2, 3`,
  );
  const escaped = JSON.stringify(said)
    .slice(1, -1)
    .replaceAll(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`);
  const looks = [said, Buffer.from(said).toString('hex'), Buffer.from(said).toString('base64').slice(0, -4), escaped];
  const holding = [];
  for (const { schema, table, column } of columns) {
    const name = `"${column}"::text`;
    const { rowCount } = await pool.query(
      `SELECT 1 FROM "${schema}"."${table}" WHERE EXISTS (SELECT 1 FROM unnest($1::text[]) look WHERE position(look IN ${name}) > 0) LIMIT 1`,
      [looks],
    );
    if (rowCount) holding.push(`${schema}.${table}.${column}`);
  }
  return holding;
}
