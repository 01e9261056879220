import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { api } from '#miniapp/api/api.ts';
import type { Endpoint } from '#server/base/endpoint.ts';

const server = path.join(import.meta.dirname, '..', '..', 'server');

async function contracts(): Promise<Endpoint[]> {
  const files = readdirSync(server, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('-api.ts'));
  const modules = await Promise.all(
    files.map((file) => import(path.join(server, file)) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap((module) =>
    Object.entries(module)
      .filter(([name]) => name.endsWith('Api'))
      .flatMap(([, endpoints]) => Object.values(endpoints as Record<string, Endpoint>)),
  );
}

test('every call of the pages goes to an address of the contracts', async () => {
  const known = new Set((await contracts()).map(({ method, path }) => `${method} ${path}`));
  const asked = Object.values(api).map(({ method, path }) => `${method} ${path}`);
  expect(asked.filter((address) => !known.has(address))).toEqual([]);
});

test('no two calls of the pages go to the same address', () => {
  const asked = Object.values(api).map(({ method, path }) => `${method} ${path}`);
  expect(new Set(asked).size).toBe(asked.length);
});
