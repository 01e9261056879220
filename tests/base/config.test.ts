import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { platforms } from '#bot/platforms.ts';
import { ConfigError, readConfig } from '#server/base/config.ts';
import { envExample } from '#server/base/env-example.ts';
import { freshFolder } from '#tests/support/folder.ts';

const DATA_DIR = freshFolder();

test('.env.example says exactly what the program reads', () => {
  const file = path.join(import.meta.dirname, '..', '..', '.env.example');
  expect(readFileSync(file, 'utf8'), 'write it anew with: npm run env-example').toBe(envExample(platforms));
});

test('all faults of the environment are told at once, in one sentence each', () => {
  const read = () => readConfig({ PORT: 'eighty', PROCESS: 'everything', DATABASE_URL: 'not a url' });
  expect(read).toThrow(ConfigError);
  for (const key of ['PORT', 'PROCESS', 'DATABASE_URL']) expect(read).toThrow(key);
});

test('production does not start without a secret of its own', () => {
  expect(() => readConfig({ NODE_ENV: 'production', DATA_DIR })).toThrow('SESSION_SECRET');
  expect(() => readConfig({ NODE_ENV: 'production', DATA_DIR, SESSION_SECRET: 'too short' })).toThrow('SESSION_SECRET');
});

test('elsewhere a secret is made once and kept, so that a second start reads what the first one wrote', () => {
  expect(readConfig({ DATA_DIR }).SESSION_SECRET).toBe(readConfig({ DATA_DIR }).SESSION_SECRET);
});

test('an empty value counts as not set', () => {
  expect(readConfig({ DATA_DIR, PORT: '', DATABASE_URL: '' })).toMatchObject({ PORT: 3000, DATABASE_URL: undefined });
});
