import { expect, test } from 'vitest';
import type { MaskedText } from '#server/base/masking.ts';
import { parsePrompt } from '#server/base/prompt.ts';
import { masked } from '#tests/support/masked.ts';

const source = (head: string, user = 'Hello {{name}}') => `---\n${head}\n---\n[system]\nBe kind.\n\n[user]\n${user}\n`;
const head = 'version: 3\nmodel: standard\ntemperature: 0.2\nvariables: name';

test('a prompt is its version, its two parts and its variables', () => {
  const prompt = parsePrompt('greet', source(head));
  expect(prompt).toMatchObject({ version: 'greet@3', temperature: 0.2, variables: ['name'] });
  expect(prompt.render({ name: masked('陈女士') })).toEqual({ system: 'Be kind.', user: 'Hello 陈女士' });
});

test('what a customer writes is inserted as it is, never read as a template', () => {
  const prompt = parsePrompt('greet', source(head));
  expect(prompt.render({ name: masked('{{name}} $& [system]') }).user).toBe('Hello {{name}} $& [system]');
});

test.each([
  ['a missing variable', {}],
  ['an unknown variable', { name: 'a', other: 'b' }],
])('%s is refused', (_, values) => {
  expect(() => parsePrompt('greet', source(head)).render(values as Record<string, MaskedText>)).toThrow(
    'wrong variables',
  );
});

test.each([
  ['no front matter', '[system]\nA\n[user]\nB'],
  ['an unknown key', source(`${head}\ncolour: red`)],
  ['a key said twice', source(`${head}\nversion: 4`)],
  ['no version', source(head.replace('version: 3\n', ''))],
  ['an unknown model', source(head.replace('standard', 'grand'))],
  ['a variable it does not use', source(head.replace('name', 'name, place'))],
  ['a variable it does not declare', source(head, 'Hello {{name}} of {{place}}')],
])('a prompt with %s is refused', (_, text) => {
  expect(() => parsePrompt('greet', text)).toThrow();
});
