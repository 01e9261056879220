import { ConfigError } from './config.ts';
import type { Db } from './database.ts';
import type { FieldCipher } from './field-cipher.ts';

const KEY = 'cipher.mark';

/** Started with another secret, nothing kept before could be read, and what is written now not later. Throws ConfigError. */
export async function checkCipher(db: Db, cipher: FieldCipher): Promise<void> {
  const mark = cipher.hash('the secret this database is written with');
  await db.setting.createMany({ data: { key: KEY, value: mark }, skipDuplicates: true });
  const kept = await db.setting.findUniqueOrThrow({ where: { key: KEY } });
  if (kept.value !== mark)
    throw new ConfigError(
      'This database was written with another SESSION_SECRET. Start with that one: what is encrypted cannot be read without it.',
    );
}
