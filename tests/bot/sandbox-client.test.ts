import { createHash } from 'node:crypto';
import vm from 'node:vm';
import { beforeEach, expect, test } from 'vitest';
import type { BridgeCall, BridgeReply } from '#bot/sandbox/frame-api.ts';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();

beforeEach(() => {
  world.onRequest = (_, response) => void response.writeHead(404).end();
});

const page = '<!doctype html><html><head><title>Sidebar</title></head><body></body></html>';

function answerPage(seen: Record<string, unknown>[] = []) {
  world.onRequest = (request, response) => {
    seen.push({ ...request.headers, url: request.url });
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', etag: '"1"', 'cache-control': 'no-cache' });
    response.end(page);
  };
  return seen;
}

test('a page opened in the frame finds the bridge before its own scripts; one opened in a tab finds none', async () => {
  const seen = answerPage();
  const framed = await fetch(`${world.sandbox.url}/sidebar.html?a=1`, {
    headers: { 'sec-fetch-dest': 'iframe', 'if-none-match': '"1"', accept: 'text/html' },
  });
  expect(await framed.text()).toContain('<head><script src="/sandbox/client.js"></script><title>');
  expect(framed.headers.get('cache-control')).toBe('no-store');
  expect(framed.headers.get('etag')).toBeNull();
  expect(seen[0]).toMatchObject({ url: '/sidebar.html?a=1', 'user-agent': expect.stringContaining('wxwork/4.1.36') });
  expect(seen[0]).not.toHaveProperty('if-none-match');
  const tab = await fetch(`${world.sandbox.url}/sidebar.html`, { headers: { 'sec-fetch-dest': 'document' } });
  expect(await tab.text()).toBe(page);
});

test('a browser that does not say what it opens is told by a mark in the address or a cookie', async () => {
  answerPage();
  const open = async (path: string, headers: Record<string, string>) => {
    const answer = await fetch(world.sandbox.url + path, { headers: { accept: 'text/html', ...headers } });
    return (await answer.text()).includes('/sandbox/client.js');
  };
  expect(await open('/sidebar.html?sandbox_frame=1', {})).toBe(true);
  expect(await open('/sidebar.html', { cookie: 'sandbox_frame=1' })).toBe(true);
  expect(await open('/sidebar.html', {})).toBe(false);
});

test('live updates pass through word by word, and hanging up reaches the product', async () => {
  const next = Promise.withResolvers<void>();
  const hungUp = Promise.withResolvers<void>();
  world.onRequest = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: one\n\n');
    void next.promise.then(() => response.write('data: two\n\n'));
    response.on('close', () => hungUp.resolve());
  };
  const hangUp = new AbortController();
  const answer = await fetch(`${world.sandbox.url}/api/live`, { signal: hangUp.signal });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toBe('data: one\n\n');
  next.resolve();
  expect((await reader?.read())?.value).toBe('data: two\n\n');
  hangUp.abort();
  await hungUp.promise;
});

test('what a page sends arrives at the product whole, with its cookies and its Origin', async () => {
  const got = Promise.withResolvers<{ body: string; headers: Record<string, unknown> }>();
  world.onRequest = (request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => got.resolve({ body, headers: request.headers }));
    response.writeHead(201, { 'set-cookie': ['zhike_session=1; HttpOnly', 'b=2'] }).end('{}');
  };
  const answer = await fetch(`${world.sandbox.url}/api/login`, {
    method: 'POST',
    headers: { origin: world.sandbox.url, cookie: 'x=1' },
    body: '{"code":"c"}',
  });
  expect(answer.status).toBe(201);
  expect(answer.headers.getSetCookie()).toEqual(['zhike_session=1; HttpOnly', 'b=2']);
  const { body, headers } = await got.promise;
  expect(body).toBe('{"code":"c"}');
  expect(headers).toMatchObject({ origin: world.sandbox.url, cookie: 'x=1' });
});

test('when the product is down, the page says so', async () => {
  const before = (await world.state()).productUrl;
  world.sandbox.productAt('http://127.0.0.1:9');
  const answer = await fetch(`${world.sandbox.url}/sidebar.html`);
  world.sandbox.productAt(before);
  expect(answer.status).toBe(502);
});

test('whoever the browser plays logs in by a code that is good once', async () => {
  const redirect = `${world.sandbox.url}/sidebar.html?x=1`;
  const authorize = (query: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${world.env('WECOM_OAUTH_BASE')}/connect/oauth2/authorize?${new URLSearchParams(query)}`, {
      redirect: 'manual',
      headers,
    });
  const query = { appid: world.env('WECOM_CORP_ID'), redirect_uri: redirect, response_type: 'code', state: 'abc' };
  const back = new URL((await authorize(query)).headers.get('location') ?? '');
  expect(back.origin + back.pathname).toBe(`${world.sandbox.url}/sidebar.html`);
  expect(back.searchParams.get('x')).toBe('1');
  expect(back.searchParams.get('state')).toBe('abc');
  const access_token = await world.token();
  const code = back.searchParams.get('code') ?? '';
  expect(await world.call('auth/getuserinfo', { access_token, code })).toMatchObject({ errcode: 0, userid: 'wanglei' });
  expect(await world.call('auth/getuserinfo', { access_token, code })).toMatchObject({ errcode: 42022 });
  expect(await world.call('auth/getuserinfo', { access_token, code: 'x' })).toMatchObject({ errcode: 40029 });

  const late = new URL((await authorize(query)).headers.get('location') ?? '').searchParams.get('code') ?? '';
  world.offsetMs = 301_000;
  expect(await world.call('auth/getuserinfo', { access_token, code: late })).toMatchObject({ errcode: 42003 });
  world.offsetMs = 0;

  const elsewhere = await authorize({ ...query, redirect_uri: 'https://evil.example/' });
  expect(elsewhere.status).toBe(200);
  expect(await elsewhere.text()).toContain('50001');
});

test('playing another member changes who logs in and drops the cookies of the one before', async () => {
  const colleague = (await world.state()).members.find((one) => one.position === '区域经理')?.key ?? '';
  const answer = await fetch(`${world.sandbox.url}/sandbox/api/play`, {
    method: 'POST',
    headers: { cookie: 'zhike_session=secret; sandbox_frame=1' },
    body: JSON.stringify({ member: colleague }),
  });
  const cookies = answer.headers.getSetCookie();
  expect(cookies[0]).toContain(`sandbox_member=${colleague}`);
  expect(cookies.slice(1)).toEqual(['zhike_session=; Path=/; Max-Age=0']);
  const query = new URLSearchParams({ appid: world.env('WECOM_CORP_ID'), redirect_uri: world.sandbox.url });
  const back = await fetch(`${world.sandbox.url}/connect/oauth2/authorize?${query}`, {
    redirect: 'manual',
    headers: { cookie: `sandbox_member=${colleague}` },
  });
  const code = new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const access_token = await world.token();
  expect(await world.call('auth/getuserinfo', { access_token, code })).toMatchObject({ userid: colleague });
});

async function signed(url: string, ticket: unknown) {
  const timestamp = '1700000000';
  const nonceStr = 'n0nce';
  const text = `jsapi_ticket=${String(ticket)}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`;
  return { timestamp, nonceStr, signature: createHash('sha1').update(text).digest('hex') };
}

async function agentTicket() {
  const access_token = await world.token();
  return (await world.call('ticket/get', { access_token, type: 'agent_config' }))['ticket'];
}

function caller(contact: string | null, entry: BridgeCall['context']['entry'] = 'single_chat_tools') {
  const frame = `f${Math.random()}`;
  const url = `${world.sandbox.url}/sidebar.html?v=1`;
  return async (name: string, params: Record<string, unknown> = {}, at = url) => {
    const call: BridgeCall = { frame, name, params, url: at, context: { entry, member: 'wanglei', contact } };
    return (await world.post<BridgeReply>('bridge', call)).reply;
  };
}

async function configured(contact: string | null, entry?: BridgeCall['context']['entry']) {
  const invoke = caller(contact, entry);
  const config = { corpid: world.env('WECOM_CORP_ID'), agentid: world.env('WECOM_AGENT_ID') };
  const signature = await signed(`${world.sandbox.url}/sidebar.html?v=1`, await agentTicket());
  expect(await invoke('agentConfig', { ...config, ...signature })).toEqual({ err_msg: 'agentConfig:ok' });
  return invoke;
}

test('a page whose signature is not for its address is not served by the bridge', async () => {
  const invoke = caller(await world.newFriend());
  const config = { corpid: world.env('WECOM_CORP_ID'), agentid: world.env('WECOM_AGENT_ID') };
  const other = await signed(`${world.sandbox.url}/other.html`, await agentTicket());
  expect(await invoke('agentConfig', { ...config, ...other })).toEqual({
    err_msg: 'agentConfig:fail invalid signature',
  });
  expect(await invoke('getCurExternalContact')).toEqual({ err_msg: 'getCurExternalContact:fail_no permission' });
  const corp = await signed(`${world.sandbox.url}/sidebar.html?v=1`, 'a corp ticket');
  expect(
    await world.post('verify-signature', {
      ticket: 'corp',
      corpId: world.env('WECOM_CORP_ID'),
      url: `${world.sandbox.url}/sidebar.html?v=1#/tasks`,
      ...corp,
    }),
  ).toEqual({ ok: false, reason: 'invalid signature' });
});

test('the part of the address after # is not signed, another address needs a signature of its own', async () => {
  const contact = await world.newFriend();
  const invoke = await configured(contact);
  expect(await invoke('getCurExternalContact', {}, `${world.sandbox.url}/sidebar.html?v=1#/tasks`)).toMatchObject({
    err_msg: 'getCurExternalContact:ok',
    userId: contact,
  });
  expect(await invoke('getContext', {}, `${world.sandbox.url}/sidebar.html?v=2`)).toEqual({
    err_msg: 'getContext:fail_no permission',
  });
});

test('what the sidebar sends appears in the chat as sent from there', async () => {
  const contact = await world.newFriend();
  const invoke = await configured(contact);
  const sent = await invoke('sendChatMessage', { msgtype: 'text', text: { content: '报价单发您了' } });
  expect(sent).toEqual({ err_msg: 'sendChatMessage:ok' });
  expect((await world.chat(contact)).messages.at(-1)).toMatchObject({
    by: 'member',
    via: 'sidebar',
    text: '报价单发您了',
    archived: true,
  });
});

test('files the app uploaded, articles and mini programs sent from the sidebar stand in the chat as what they are', async () => {
  const contact = await world.newFriend();
  const invoke = await configured(contact);
  const form = new FormData();
  form.append('media', new Blob(['price list']), '报价单.pdf');
  const query = new URLSearchParams({ access_token: await world.token(), type: 'file' });
  const uploaded = await fetch(`${world.sandbox.url}/cgi-bin/media/upload?${query}`, { method: 'POST', body: form });
  const { media_id: mediaid } = (await uploaded.json()) as { media_id: string };
  const send = (msgtype: string, inside: object) => invoke('sendChatMessage', { msgtype, [msgtype]: inside });
  const ok = { err_msg: 'sendChatMessage:ok' };
  expect(await send('file', { mediaid })).toEqual(ok);
  expect(await send('news', { link: 'https://example.com/a', title: '手册', desc: '三分钟', imgUrl: '' })).toEqual(ok);
  const app = { appid: 'wx1', title: '预约', page: 'a.html', imgUrl: 'https://example.com/a.png' };
  expect(await send('miniprogram', app)).toEqual(ok);
  expect((await world.chat(contact)).messages.slice(-3)).toMatchObject([
    { kind: 'file', via: 'sidebar', card: { kind: 'file', title: '报价单.pdf' } },
    { kind: 'link', card: { kind: 'link', title: '手册', url: 'https://example.com/a', pictureUrl: null } },
    { card: { kind: 'app', title: '预约' } },
  ]);
  const invalid = { err_msg: 'sendChatMessage:fail_invalid parameter' };
  expect(await send('file', { mediaid: 'gone' })).toEqual(invalid);
  expect(await send('image', { mediaid })).toEqual(invalid);
  expect(await send('miniprogram', { ...app, imgUrl: 'a.png' })).toEqual(invalid);
});

test('a page outside a chat is told why it cannot send or see whose chat it is', async () => {
  const contact = await world.newFriend();
  const profile = await configured(contact, 'contact_profile');
  const text = { msgtype: 'text', text: { content: '你好' } };
  expect(await profile('sendChatMessage', text)).toEqual({ err_msg: 'sendChatMessage:fail_no permission' });
  expect(await profile('getCurExternalContact')).toMatchObject({ userId: contact });
  const nobody = await configured(null);
  const without = 'fail_without context of external contact';
  expect(await nobody('sendChatMessage', text)).toEqual({ err_msg: `sendChatMessage:${without}` });
  expect(await nobody('getCurExternalContact')).toEqual({ err_msg: `getCurExternalContact:${without}` });
  const normal = await configured(contact, 'normal');
  expect(await normal('getContext')).toMatchObject({ entry: 'normal' });
  expect(await normal('noSuchThing')).toEqual({ err_msg: 'noSuchThing:function not exist' });
});

test('failures of the bridge happen as often as asked for', async () => {
  const contact = await world.newFriend();
  const invoke = await configured(contact);
  const send = () => invoke('sendChatMessage', { msgtype: 'text', text: { content: '在' } });
  await world.faults({ bridge: { sendChatMessage: { kind: 'no_permission', calls: 1 } } });
  expect(await send()).toEqual({ err_msg: 'sendChatMessage:fail_no permission' });
  await world.faults({ bridge: { sendChatMessage: { kind: 'timeout', calls: 1 } } });
  expect(await send()).toBeNull();
  expect(await send()).toEqual({ err_msg: 'sendChatMessage:ok' });
});

interface FrameWindow {
  parent: { postMessage(message: unknown, origin: string): void };
  WeixinJSBridge?: { invoke(name: string, params: unknown, callback: (reply: unknown) => void): void };
}

test('the frame talks to the sandbox around it and to nobody else', async () => {
  const script = await (await fetch(`${world.sandbox.url}/sandbox/client.js`)).text();
  const sent: { message: { id: string; type: string; payload: unknown }; origin: string }[] = [];
  const listeners: ((event: unknown) => void)[] = [];
  const around = { postMessage: (message: never, origin: string) => sent.push({ message, origin }) };
  const navigator = { userAgent: 'Chrome' };
  const location = { origin: 'http://127.0.0.1:1', href: 'http://127.0.0.1:1/sidebar.html#/x' };
  const window: FrameWindow & Record<string, unknown> = {
    parent: around,
    navigator,
    location,
    addEventListener: (_: string, listener: (event: unknown) => void) => listeners.push(listener),
  };
  vm.runInNewContext(script, { window, document: { dispatchEvent: () => true }, Event });
  expect(navigator.userAgent).toMatch(/wxwork\/4\.1\.36.*ColorScheme\/Light/);
  const replies: unknown[] = [];
  window.WeixinJSBridge?.invoke('getContext', { a: 1 }, (reply) => replies.push(reply));
  expect(sent[0]).toMatchObject({
    origin: location.origin,
    message: { v: 1, type: 'bridge.call', payload: { name: 'getContext', params: { a: 1 }, url: location.href } },
  });
  const reply = { v: 1, id: sent[0]?.message.id, type: 'bridge.reply', payload: { err_msg: 'getContext:ok' } };
  const hear = (event: unknown) => listeners.forEach((listener) => listener(event));
  hear({ origin: 'https://evil.example', source: around, data: reply });
  hear({ origin: location.origin, source: {}, data: reply });
  expect(replies).toEqual([]);
  hear({ origin: location.origin, source: around, data: reply });
  expect(replies).toEqual([{ err_msg: 'getContext:ok' }]);
});
