import type { EnvKey } from '#server/platform/driver.ts';
import { environment } from './config.ts';

/** The text of .env.example: every key this build reads, what it is, and its default. */
export function envExample(platforms: readonly { name: string; env: readonly EnvKey[] }[]): string {
  const own = Object.entries(environment.shape).map(([key, schema]) =>
    entry(key, schema.description ?? '', defaultOf(key)),
  );
  const theirs = platforms.map(({ name, env }) =>
    [`# ${name}`, ...env.map(({ key, about, default: initial }) => entry(key, about, initial ?? ''))].join('\n\n'),
  );
  return `# Copy to .env or set in the environment. Every key is optional; an empty one counts as not set.\n\n${[...own, ...theirs].join('\n\n')}\n`;
}

const entry = (key: string, about: string, initial: string) => `# ${about}\n${key}=${initial}`;

function defaultOf(key: string): string {
  const value = (environment.parse({}) as Record<string, unknown>)[key];
  return value === undefined ? '' : String(value);
}
