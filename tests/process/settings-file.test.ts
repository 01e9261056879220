import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freshDataDir, startProduct } from '#tests/support/product.ts';

test('settings are read from the file that is named, and the environment wins', async () => {
  const folder = freshDataDir();
  const file = path.join(folder, '.env');
  writeFileSync(file, 'PROCESS=sideways\nLOG_LEVEL=loud\n');
  const product = startProduct({ DATA_DIR: folder, LOG_LEVEL: 'warn' }, file);
  expect(await product.ended).toBe(1);
  expect(product.output()).toContain('PROCESS');
  expect(product.output()).not.toContain('LOG_LEVEL');
  rmSync(folder, { recursive: true });
});
