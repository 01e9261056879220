import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { floors } from '#root/oxlint.config.ts';
import { makeMetrics } from '#server/base/metrics.ts';

const root = path.join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

const pages = globSync(['README*.md', 'CONTRIBUTING.md', 'docs/*.md'], { cwd: root }).toSorted();
const english = pages.filter((page) => !page.includes('.zh-CN.') && page !== 'CONTRIBUTING.md');
const chineseOf = (page: string): string => page.replace(/\.md$/, '.zh-CN.md');

const made = /^(prisma\/client|miniapp\/dist)$/;
const tree = globSync(['*', '{bot,docs,server,miniapp,prisma,prompts,tests}/**'], {
  cwd: root,
  exclude: (name) => made.test(String(name)),
}).map((name) => name.replaceAll(path.sep, '/').replace(/\/$/, ''));
const there = new Set([...tree, '.env.example', '.ci/run']);
const sources = tree
  .filter((file) => /^(server|bot|miniapp|tests\/(support|crash)|prisma)\/.*\.(ts|vue|prisma)$/.test(file))
  .map(read)
  .join('\n');

/** What stands between single backticks; blocks of code are apart. */
const wordsOf = (text: string): string[] =>
  [...text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word);

const blocksOf = (text: string): string[] =>
  [...text.matchAll(/^ *```\w*\n([\s\S]*?)^ *```/gm)].map(([, block = '']) => block);

/** What GitHub makes of a heading. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

const levelsOf = (text: string): string[] => [...text.matchAll(/^#+(?= )/gm)].map(String);

const treeOf = (text: string): string => blocksOf(text).find((block) => block.startsWith('bot/')) ?? '';

test.each(english)('%s says in Chinese what it says in English, and each leads to the other', (page) => {
  const [here, beside] = [read(page), read(chineseOf(page))];
  expect(here).toContain(`[中文](${path.basename(chineseOf(page))})`);
  expect(beside).toContain(`[English](${path.basename(page)})`);
  expect(levelsOf(beside)).toEqual(levelsOf(here));
  // Words of code alone, and none that stands for what the reader puts in: that is said in the reader's language.
  const named = (text: string): string[] =>
    [...new Set(wordsOf(text).filter((word) => /^[\x20-\x7e]+$/.test(word) && !/<.+>/.test(word)))].toSorted();
  expect(named(beside)).toEqual(named(here));
});

test.each(pages)('%s leads nowhere that is not there', (page) => {
  const lost = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^https?:/.test(target))
    .filter((target) => {
      const [file = '', anchor] = target.split('#');
      const place = file === '' ? page : path.posix.join(path.posix.dirname(page), file).replace(/\/$/, '');
      if (!there.has(place)) return true;
      return anchor !== undefined && !anchorsOf(read(place)).includes(decodeURIComponent(anchor));
    });
  expect(lost).toEqual([]);
});

test.each(pages)('%s names commands, files, settings, routes and metrics that exist', (page) => {
  const text = read(page);
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const settings = new Set([...read('.env.example').matchAll(/^([A-Z0-9_]+)=/gm)].map(([, key]) => key));
  const words = [...wordsOf(text), ...blocksOf(text).flatMap((block) => block.split('\n'))];
  const wrong = new Set<string>();
  for (const word of words) {
    for (const [, script = ''] of word.matchAll(/\bnpm run ([\w:-]+)/g)) if (!(script in scripts)) wrong.add(word);
    if (word.startsWith('npm test '))
      for (const [file] of word.matchAll(/\btests\/[\w./-]+/g)) if (!there.has(file)) wrong.add(word);
    for (const [file] of word.matchAll(/(?<![\w./<*…-])[\w-][\w./-]*\.(?:ts|vue|jsonl|prisma)\b/g))
      if (!tree.some((known) => known === file || known.endsWith(`/${file}`)) && !/noun|file\.ts|x\.ts/.test(file))
        wrong.add(file);
    for (const [key] of word.matchAll(/(?<![\w$])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w*])/g))
      if (!settings.has(key) && !sources.includes(key)) wrong.add(key);
    for (const [route] of word.matchAll(/(?<![\w<>])\/api\/[\w/-]*\w|\/(?:healthz|readyz|metrics)\b/g))
      if (!sources.includes(`'${route}`)) wrong.add(route);
    for (const [metric] of word.matchAll(/\bzhike_\w+/g)) if (!sources.includes(metric)) wrong.add(metric);
  }
  expect([...wrong]).toEqual([]);
});

test.each(['README.md', 'README.zh-CN.md'])('the tree of %s is the tree, its rooms from the ground up', (page) => {
  const folders: string[] = [];
  const listed = treeOf(read(page))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = ''] = line.trim().split(/\s/);
      if (line.startsWith(' ')) return `${folders.at(-1)}${name}`;
      folders.push(name);
      return name;
    });
  expect(listed.filter((name) => !there.has(name.replace(/\/$/, '')))).toEqual([]);
  const rooms = listed.flatMap((name) => /^server\/([\w-]+)\/$/.exec(name)?.[1] ?? []);
  expect(rooms).toEqual(floors);
});

test.each(['README.md', 'README.zh-CN.md'])('%s gives a reason for every package, and for no other', (page) => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const rows = read(page)
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const start = rows.findIndex((row) => row.startsWith('| `node` |'));
  const named = rows.slice(start).flatMap((row) => wordsOf(row.split(' | ')[0] ?? ''));
  expect(start).toBeGreaterThanOrEqual(0);
  expect(named.toSorted()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).toSorted());
});

test('every number that is measured for operators is named to them', () => {
  const operations = read('docs/operations.md');
  const names = makeMetrics()
    .registry.getMetricsAsArray()
    .map(({ name }) => name);
  const measured = names.filter((name) => name.startsWith('zhike_'));
  expect(measured).not.toEqual([]);
  expect(measured.filter((name) => !operations.includes(name))).toEqual([]);
});
