import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { en, zh, type Word } from '#miniapp/sandbox/words.ts';

const keys = Object.keys(zh) as Word[];
const blanks = (text: string) => String([...new Set(text.match(/\{\w+\}/g))].sort());

test('both languages of the sandbox leave the same blanks in every message', () => {
  const forms = (key: Word) => en[key].split('|');
  expect(keys.filter((key) => forms(key).some((form) => blanks(form) !== blanks(zh[key])))).toEqual([]);
});

test('no message of the sandbox is kept that its page does not say', () => {
  const folder = path.join(import.meta.dirname, '..', '..', 'miniapp', 'sandbox');
  const sources = readdirSync(folder)
    .filter((file) => /\.(vue|ts)$/.test(file) && file !== 'words.ts')
    .map((file) => readFileSync(path.join(folder, file), 'utf8'))
    .join('\n');
  // Keys of a family are put together where they are said: `mode.${mode}`.
  const families = new Set([...sources.matchAll(/`(\w+)\.\$\{/g)].map(([, family]) => family));
  families.add('refused');
  const unsaid = keys.filter((key) => !sources.includes(`'${key}'`) && !families.has(key.split('.')[0]));
  expect(unsaid).toEqual([]);
});
