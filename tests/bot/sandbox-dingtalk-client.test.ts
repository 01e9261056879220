import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import vm from 'node:vm';
import { expect, test } from 'vitest';
import { marked } from '#bot/sandbox/dingtalk-phone-api.ts';
import { DingtalkSide } from './dingtalk-side.ts';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();
const dingtalk = new DingtalkSide(world);
const page = '<!doctype html><html><head><title>Inbox</title></head><body></body></html>';

function answerPage(seen: Record<string, unknown>[] = []) {
  world.onRequest = (request, response) => {
    seen.push({ ...request.headers, url: request.url });
    const headers = { 'content-type': 'text/html; charset=utf-8', 'referrer-policy': 'no-referrer' };
    response.writeHead(200, { ...headers, 'set-cookie': ['zhike_session=abc; Path=/; HttpOnly'] });
    response.end(page);
  };
  return seen;
}

test('a page in the phone’s frame finds DingTalk’s bridge and calls itself DingTalk', async () => {
  const seen = answerPage();
  const framed = await fetch(`${world.sandbox.url}/inbox.html?sandbox_dingtalk=1234`, {
    headers: { 'sec-fetch-dest': 'iframe', accept: 'text/html' },
  });
  expect(await framed.text()).toContain('<head><script src="/sandbox/dingtalk-client.js"></script><title>');
  expect(seen[0]?.['user-agent']).toMatch(/iPhone.*DingTalk\/\d/);
  expect(framed.headers.get('referrer-policy')).toBe('same-origin');
  const sidebar = await fetch(`${world.sandbox.url}/sidebar.html`, { headers: { 'sec-fetch-dest': 'iframe' } });
  expect(await sidebar.text()).toContain('/sandbox/client.js');
  expect(sidebar.headers.get('referrer-policy')).toBe('no-referrer');
});

test('each phone has a cookie jar of its own beside the WeCom window’s', async () => {
  const seen = answerPage();
  const first = `${world.sandbox.url}/inbox.html?sandbox_dingtalk=1234`;
  const opened = await fetch(first, { headers: { 'sec-fetch-dest': 'iframe' } });
  expect(opened.headers.getSetCookie()).toEqual(['sandbox_jar_1234_zhike_session=abc; Path=/; HttpOnly']);
  const cookie = 'zhike_session=rep; sandbox_jar_1234_zhike_session=manager; sandbox_jar_99_zhike_session=director';
  const asks = async (headers: Record<string, string>) => {
    await fetch(`${world.sandbox.url}/api/me`, { headers: { cookie, ...headers } });
    return seen.at(-1)?.['cookie'];
  };
  expect(await asks({ referer: first })).toBe('zhike_session=manager');
  expect(await asks({ referer: `${world.sandbox.url}/inbox.html?sandbox_dingtalk=99` })).toBe('zhike_session=director');
  expect(await asks({ referer: `${world.sandbox.url}/inbox.html?sandbox_dingtalk=5` })).toBeUndefined();
  expect(await asks({})).toBe('zhike_session=rep');
  expect(await asks({ referer: 'https://elsewhere.example/?sandbox_dingtalk=99' })).toBe('zhike_session=rep');
});

test('a page that moves on inside the phone stays the phone’s', async () => {
  answerPage();
  const moved = await fetch(`${world.sandbox.url}/inbox.html?x=1`, {
    redirect: 'manual',
    headers: { 'sec-fetch-dest': 'iframe', referer: `${world.sandbox.url}/inbox.html?sandbox_dingtalk=1234` },
  });
  expect(moved.status).toBe(302);
  expect(moved.headers.get('location')).toBe('/inbox.html?x=1&sandbox_dingtalk=1234');
});

test('a link out of a card is opened as the phone’s, one to elsewhere as it is', () => {
  const origin = world.sandbox.url;
  expect(marked(`${origin}/inbox.html?a=1#/approvals/5`, '77', origin)).toBe(
    `${origin}/inbox.html?a=1&sandbox_dingtalk=77#/approvals/5`,
  );
  expect(marked('https://aflow.dingtalk.com/x', '77', origin)).toBe('https://aflow.dingtalk.com/x');
});

interface Posted {
  id: string;
  payload: { frame: string; name: string; params: Record<string, unknown>; url: string };
}

/** A window with a parent that hands calls to the sandbox, as the phone's page does. */
async function openFrame(user: string) {
  const listeners: ((event: unknown) => void)[] = [];
  const parent = { postMessage: (message: Posted) => void answer(message) };
  async function answer({ id, payload }: Posted): Promise<void> {
    const { reply } = await world.post<{ reply: unknown }>('dingtalk/bridge', { ...payload, user });
    const data = { v: 1, id, type: 'bridge.reply', payload: reply };
    for (const listener of listeners) listener({ origin: world.sandbox.url, source: parent, data });
  }
  const location = new URL(`${world.sandbox.url}/inbox.html?sandbox_dingtalk=${user}`);
  const window: Record<string, unknown> = {
    location,
    parent,
    navigator: {},
    name: '',
    addEventListener: (_: string, listener: (event: unknown) => void) => listeners.push(listener),
    dispatchEvent: () => true,
  };
  const document = { dispatchEvent: () => true, addEventListener: () => undefined, createElement: () => ({}) };
  const sandbox: Record<string, unknown> = { window, document, Event, setTimeout, Promise, console, location };
  vm.createContext(sandbox);
  const script = await (await fetch(`${world.sandbox.url}/sandbox/dingtalk-client.js`)).text();
  vm.runInContext(script, sandbox);
  return { window, document, sandbox, location };
}

/** The published page library, run against what the sandbox puts into the frame. */
async function library(user: string) {
  const { window, document, sandbox } = await openFrame(user);
  const load = createRequire(import.meta.url);
  const modules = new Map<string, { exports: Record<string, unknown> }>();
  const globals = { ...window, window, self: window, document, navigator: window['navigator'] };
  const requireIn = (path: string): Record<string, unknown> => {
    const found = modules.get(path);
    if (found) return found.exports;
    const module = { exports: {} as Record<string, unknown> };
    modules.set(path, module);
    const inner = createRequire(path);
    const names = ['module', 'exports', 'require', ...Object.keys(globals)];
    const run = vm.compileFunction(readFileSync(path, 'utf8'), names, { parsingContext: sandbox as vm.Context });
    const values = [
      module,
      module.exports,
      (name: string) => requireIn(inner.resolve(name)),
      ...Object.values(globals),
    ];
    (run as (...values: unknown[]) => void)(...values);
    return module.exports;
  };
  return requireIn(load.resolve('dingtalk-jsapi')) as {
    env: { platform: string; version: string };
    requestAuthCode(params: object): Promise<{ code: string }>;
    openLink(params: object): Promise<unknown>;
    config(params: object): void;
    error(listener: (error: unknown) => void): void;
  };
}

test('DingTalk’s published page library takes the frame for an iPhone and gets a code that logs its user in', async () => {
  const { demo } = await dingtalk.state();
  const dd = await library(demo.manager);
  expect(dd.env.platform).toBe('ios');
  const ids = { corpId: world.env('DINGTALK_CORP_ID'), clientId: world.env('DINGTALK_CLIENT_ID') };
  const { code } = await dd.requestAuthCode(ids);
  expect(await dingtalk.old('/topapi/v2/user/getuserinfo', { code })).toMatchObject({
    result: { userid: demo.manager },
  });
  await expect(dd.requestAuthCode({ ...ids, corpId: 'x' })).rejects.toMatchObject({ errorCode: '3' });
  const said = Promise.withResolvers<unknown>();
  dd.error((error) => said.resolve(error));
  dd.config({
    ...ids,
    agentId: world.env('DINGTALK_AGENT_ID'),
    timeStamp: 1,
    nonceStr: 'x',
    signature: 'bad',
    jsApiList: ['biz.contact.complexPicker'],
  });
  expect(await said.promise).toMatchObject({ message: expect.stringContaining('签名校验失败') });
});
