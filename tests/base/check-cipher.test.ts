import { expect, test } from 'vitest';
import { checkCipher } from '#server/base/check-cipher.ts';
import { makeFieldCipher } from '#server/base/field-cipher.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();

test('a start with another secret than the database was written with is refused with a sentence', async () => {
  const { db, cipher } = world.deps;
  await Promise.all([checkCipher(db, cipher), checkCipher(db, cipher)]);
  await checkCipher(db, cipher);
  const another = makeFieldCipher('another secret of at least 32 characters');
  await expect(checkCipher(db, another)).rejects.toThrow('written with another SESSION_SECRET');
});
