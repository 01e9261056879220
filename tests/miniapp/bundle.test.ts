import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { stylesOf, weigh } from './bundle.ts';

const dist = path.join(import.meta.dirname, '..', '..', 'miniapp', 'dist');
const built = () =>
  readdirSync(path.join(dist, 'assets')).map((name) => ({
    name,
    text: readFileSync(path.join(dist, 'assets', name), 'utf8'),
  }));

test('the sidebar answers a press after at most 110 KiB of scripts and 16 KiB of styles', () => {
  const { scripts, styles } = weigh('sidebar.html');
  expect(scripts).toBeLessThanOrEqual(110);
  expect(styles).toBeLessThanOrEqual(16);
});

test('the manager’s page answers a press after at most 130 KiB of scripts and styles', () => {
  const { scripts, styles } = weigh('inbox.html');
  expect(scripts + styles).toBeLessThanOrEqual(130);
});

test('no part of the manager’s page that is fetched later weighs more than 25 KiB, the clients’ SDKs among them', () => {
  const { later } = weigh('inbox.html');
  expect(Object.keys(later)).toEqual(expect.arrayContaining(['host/dingtalk-sdk.ts', 'host/wecom-sdk.ts']));
  expect(Object.entries(later).filter(([, kib]) => kib > 25)).toEqual([]);
});

test('no part of the sidebar that is fetched later weighs more than 25 KiB', () => {
  const { later } = weigh('sidebar.html');
  expect(Object.keys(later)).not.toEqual([]);
  expect(Object.entries(later).filter(([, kib]) => kib > 25)).toEqual([]);
});

test('the client’s SDK is fetched after the sidebar is on screen', () => {
  expect(Object.keys(weigh('sidebar.html').later)).toContain('host/wecom-sdk.ts');
});

test('the desk shows its first screen after at most 240 KiB', () => {
  const { scripts, styles } = weigh('desk.html');
  expect(scripts + styles).toBeLessThanOrEqual(240);
});

test('each screen of the desk is fetched when it is opened, and weighs at most 25 KiB', () => {
  const { later } = weigh('desk.html');
  expect(Object.keys(later)).toContain('desk/handover/HandoverScreen.vue');
  expect(Object.entries(later).filter(([, kib]) => kib > 25)).toEqual([]);
});

test('every built file has a name the server hands out, and no style asks another host', () => {
  const files = built();
  expect(files.map(({ name }) => name).filter((name) => !/^[\w.-]+$/.test(name))).toEqual([]);
  const asking = files.filter(({ name, text }) => name.endsWith('.css') && /url\(\s*["']?(https?:)?\/\//.test(text));
  expect(asking.map(({ name }) => name)).toEqual([]);
});

test('the pages carry no script of their own beside the built ones, so that a strict content security policy holds', () => {
  const ownScript = /<script(?![^>]*\bsrc=)|\son\w+=/;
  const pages = ['sidebar.html', 'inbox.html', 'desk.html'];
  expect(pages.filter((page) => ownScript.test(readFileSync(path.join(dist, page), 'utf8')))).toEqual([]);
});

test.each(['sidebar.html', 'inbox.html', 'desk.html'])(
  'no style of %s needs what Chromium 69 does not know',
  (page) => {
    const newer =
      /[;{](gap|inset|aspect-ratio|row-gap)\s*:|:is\(|:where\(|:has\(|\d(dvh|svh|lvh)\b|color-mix\(|clamp\(/;
    expect(stylesOf(page).filter(({ text }) => newer.test(text))).toEqual([]);
  },
);

test('no script of the sidebar calls what Chromium 69 and compat.ts do not have', () => {
  const miniapp = path.join(import.meta.dirname, '..', '..', 'miniapp');
  const newer =
    /structuredClone|AbortSignal\.(timeout|any)|randomUUID|\.(toSorted|toReversed|toSpliced|findLast|findLastIndex|matchAll|groupBy|trimStart|trimEnd|replaceChildren|showModal|checkVisibility)\(|Object\.groupBy|Promise\.(any|withResolvers)|RelativeTimeFormat|ListFormat|(date|time)Style|ResizeObserver/;
  const using = readdirSync(miniapp, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(vue|ts)$/.test(file) && !/^(dist|sandbox|desk)[/\\]|compat\.ts$/.test(file))
    .filter((file) => newer.test(readFileSync(path.join(miniapp, file), 'utf8')));
  expect(using).toEqual([]);
});
