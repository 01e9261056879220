import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { MaskedText } from './masking.ts';

const promptsDir = path.join(import.meta.dirname, '..', '..', 'prompts');
const fence = /^---\n([\s\S]*?)\n---\n\[system\]\n([\s\S]*?)\n\[user\]\n([\s\S]*)$/;
const variable = /\{\{(\w+)\}\}/g;

const frontMatter = z.strictObject({
  version: z.coerce.number().int().min(1),
  /** Which of the configured models answers; there is one. */
  model: z.literal('standard'),
  temperature: z.coerce.number().min(0).max(2),
  variables: z.string().transform((list) => list.split(',').map((name) => name.trim())),
});

export interface Prompt {
  name: string;
  /** `summarise-conversation@1`: stored with everything the prompt brought forth. */
  version: string;
  temperature: number;
  variables: readonly string[];
  /** As it is sent, with the names of its variables. */
  text: string;
  /** Throws when a variable is missing or is none of the prompt's. A value is inserted as it is, never read as a template. */
  render(values: Record<string, MaskedText>): { system: MaskedText; user: MaskedText };
}

const read = new Map<string, Prompt>();

/** The prompt of prompts/<name>.md, read once. Throws when the file does not keep to the form. */
export function readPrompt(name: string): Prompt {
  const known = read.get(name);
  if (known) return known;
  const prompt = parsePrompt(name, readFileSync(path.join(promptsDir, `${name}.md`), 'utf8'));
  read.set(name, prompt);
  return prompt;
}

/** Has this process ask with other words than those of prompts/: to compare two versions. */
export function putPrompt(name: string, source: string): Prompt {
  const prompt = parsePrompt(name, source);
  read.set(name, prompt);
  return prompt;
}

/** All there are, by name. */
export function listPrompts(): Prompt[] {
  return readdirSync(promptsDir)
    .filter((file) => file.endsWith('.md'))
    .toSorted()
    .map((file) => readPrompt(file.slice(0, -'.md'.length)));
}

export function parsePrompt(name: string, source: string): Prompt {
  const [, head, system, user] = fence.exec(source.replaceAll('\r\n', '\n')) ?? [];
  if (head === undefined || system === undefined || user === undefined)
    throw new Error(`The prompt ${name} needs front matter between ---, then [system], then [user].`);
  const { version, temperature, variables } = frontMatter.parse(fieldsOf(name, head));
  const used = new Set([...`${system}\n${user}`.matchAll(variable)].map(([, key]) => key ?? ''));
  const odd = variables.filter((key) => !used.delete(key)).concat([...used]);
  if (odd.length > 0 || new Set(variables).size !== variables.length)
    throw new Error(`The prompt ${name} does not declare what it uses: ${odd.join(', ')}`);

  return {
    name,
    version: `${name}@${version}`,
    temperature,
    variables,
    text: `[system]\n${system.trim()}\n\n[user]\n${user.trim()}\n`,
    render(values) {
      const wrong = [
        ...variables.filter((key) => values[key] === undefined),
        ...Object.keys(values).filter((key) => !variables.includes(key)),
      ];
      if (wrong.length > 0) throw new Error(`The prompt ${name} is given the wrong variables: ${wrong.join(', ')}`);
      const fill = (text: string) => text.replace(variable, (_, key: string) => values[key] ?? '').trim() as MaskedText;
      return { system: fill(system), user: fill(user) };
    },
  };
}

function fieldsOf(name: string, head: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of head.split('\n')) {
    const colon = line.indexOf(':');
    const key = line.slice(0, colon).trim();
    if (colon < 1 || Object.hasOwn(fields, key))
      throw new Error(`The prompt ${name} has a line of front matter that is none: ${line}`);
    fields[key] = line.slice(colon + 1).trim();
  }
  return fields;
}
