import type { z } from 'zod';
import type { Prisma } from '#prisma/client/client.ts';
import type { Db } from './database.ts';

/** The company's choice for `key`, or what `schema` defaults to when it has made none or an unreadable one. */
export async function readSetting<Schema extends z.ZodType>(
  db: Db,
  key: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const row = await db.setting.findUnique({ where: { key } });
  const parsed = schema.safeParse(row?.value ?? undefined);
  return parsed.success ? parsed.data : schema.parse(undefined);
}

export async function saveSetting(
  db: Db,
  key: string,
  value: Prisma.InputJsonValue,
  updatedBy: string | null,
): Promise<void> {
  await db.setting.upsert({ where: { key }, create: { key, value, updatedBy }, update: { value, updatedBy } });
}
