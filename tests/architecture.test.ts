import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { floors, platforms } from '#root/oxlint.config.ts';
import { platformNames } from '#root/oxlint.names.ts';

const root = path.join(import.meta.dirname, '..');
const oxlint = path.join(path.dirname(createRequire(import.meta.url).resolve('oxlint/package.json')), 'bin', 'oxlint');
const scratch = mkdtempSync(path.join(os.tmpdir(), 'zhike-architecture-'));
for (const name of ['oxlint.config.ts', 'oxlint.names.ts', 'package.json'])
  symlinkSync(path.join(root, name), path.join(scratch, name));
symlinkSync(path.join(oxlint, '..', '..', '..'), path.join(scratch, 'node_modules'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** What the linter says about a file of this content at this place. */
function lintWith(place: string, source: string): string {
  const file = path.join(scratch, place);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${source}\n`);
  const { stdout, stderr } = spawnSync(process.execPath, [oxlint, '--config', 'oxlint.config.ts', place], {
    cwd: scratch,
    encoding: 'utf8',
  });
  rmSync(file);
  return stdout + stderr;
}

test.each([
  ['server/contact/planted.ts', "import '#bot/wecom/wecom.ts';", 'names no chat platform'],
  ['server/contact/planted.ts', "import '#server/sidebar/sidebar.ts';", 'server/contact stands below that room'],
  ['server/base/planted.ts', "import '#server/member/session.ts';", 'server/base stands below that room'],
  ['server/contact/planted.ts', "import '#server/jobs.ts';", 'do not know the switchboards'],
  ['server/contact/planted.ts', "import '../base/refusal.ts';", 'Another room'],
  ['server/planted.ts', "import '#bot/platforms.ts';", 'names no chat platform'],
  ['server/main.ts', "import '#bot/wecom/wecom.ts';", 'knows the list of platforms only'],
  ['bot/wecom/planted.ts', "import '#server/contact/follow.ts';", 'knows server/platform/ only'],
  ['bot/wecom/planted.ts', "import '#bot/dingtalk/dingtalk.ts';", 'Platforms do not meet'],
  ['bot/sandbox/planted.ts', "import '#bot/wecom/wecom-crypto.ts';", 'Platforms do not meet'],
  ['bot/shared/planted.ts', "import '#bot/wecom/wecom.ts';", 'Platforms do not meet'],
  ['miniapp/planted.ts', "import '#server/contact/follow.ts';", 'contracts only'],
  ['server/contact/planted.ts', 'export const key = process.env.KEY;', 'node(no-process-env)'],
  [
    'server/contact/planted.ts',
    "export const isIt = ({ name }: { name: string }) => name === 'dingtalk';",
    'ask a capability of the port',
  ],
  ['server/planted.ts', 'export const fromWecom = true;', 'ask a capability of the port'],
])('%s may not say %s', (place, source, message) => {
  expect(lintWith(place, source)).toContain(message);
});

test.each([
  ['server/contact/planted.ts', "import '#server/base/refusal.ts';"],
  ['bot/wecom/planted.ts', "import '#server/platform/event.ts';"],
  ['server/main.ts', "import '#bot/platforms.ts';"],
])('%s may say %s', (place, source) => {
  expect(lintWith(place, source)).toContain('0 errors');
});

test('every folder of server/ is a floor, and every floor a folder', () => {
  const folders = (place: string) =>
    readdirSync(path.join(root, place), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  expect(folders('server').toSorted()).toEqual(floors.toSorted());
  expect([...platforms, 'shared']).toEqual(expect.arrayContaining(folders('bot')));
});

test('generic code names no platform: what one cannot do is a capability of the port', () => {
  const sources = readdirSync(path.join(root, 'server'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const naming = sources.filter((name) => platformNames.test(readFileSync(path.join(root, 'server', name), 'utf8')));
  expect(sources.length).toBeGreaterThan(20);
  expect(naming).toEqual([]);
});
