import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { freshFolder } from '#tests/support/folder.ts';
import { startProduct } from '#tests/support/product.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

test('settings are read from the file that is named, and the environment wins', async () => {
  const file = path.join(folder, '.env');
  writeFileSync(file, 'PROCESS=sideways\nLOG_LEVEL=loud\n');
  const product = startProduct({ DATA_DIR: folder, LOG_LEVEL: 'warn' }, file);
  expect(await product.ended).toBe(1);
  expect(product.output()).toContain('PROCESS');
  expect(product.output()).not.toContain('LOG_LEVEL');
});

test('a platform that is set up by half stops the start with one sentence', async () => {
  const product = startProduct({ DATA_DIR: folder, WECOM_CORP_ID: 'ww1', WECOM_SECRET: 'secret' });
  expect(await product.ended).toBe(1);
  expect(product.output()).toBe(
    'WeCom is set up by half: WECOM_AGENT_ID, WECOM_CALLBACK_TOKEN, WECOM_CALLBACK_AES_KEY are missing.\n',
  );
});
