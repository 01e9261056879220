import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { PlatformErrorKind } from '#server/platform/platform-error.ts';
import { fixture } from '#tests/bot/wecom-double.ts';
import { makeWecomWorld, type WecomWorld } from '#tests/bot/wecom-world.ts';

let world: WecomWorld;
beforeAll(async () => {
  world = await makeWecomWorld();
});
afterEach(() => world.double.asUsual());
afterAll(() => world.double.close());

const follow = { member: 'zhangsan', contact: 'wmTestExternal0001' };
const read = () => world.platform.getContact('wmTestExternal0001');
const change = () => world.platform.saveRemark(follow, { remark: 'x' });

test.each<[number, PlatformErrorKind, number]>([
  [-1, 'unavailable', 0],
  [45009, 'rate_limited', 60_000],
  [45033, 'rate_limited', 1000],
  [45035, 'rate_limited', 1000],
  [41096, 'rate_limited', 1000],
  [60020, 'forbidden', 0],
  [48002, 'forbidden', 0],
  [301042, 'forbidden', 0],
  [84061, 'not_found', 0],
  [40096, 'not_found', 0],
  [40003, 'not_found', 0],
  [60111, 'not_found', 0],
  [41050, 'rejected', 0],
  [41051, 'rejected', 0],
  [40068, 'rejected', 0],
  [987654, 'rejected', 0],
])('the answer %i is %s', async (errcode, kind, retryAfterMs) => {
  world.double.answer('externalcontact/get', { errcode, errmsg: 'x' });
  await expect(read()).rejects.toMatchObject({
    kind,
    code: String(errcode),
    retryAfterMs,
    call: 'externalcontact/get',
  });
});

test('an error says nothing of our address, and not much of what WeCom put into it', async () => {
  world.double.answer('externalcontact/get', {
    errcode: 40096,
    errmsg: `invalid\nexternal user, hint: [1700000000_1_abc], from ip: 203.0.113.9, more info at ${'x'.repeat(500)}`,
  });
  const error = await read().catch((error: unknown) => error as Error);
  expect(String(error)).toBe(
    'PlatformError: wecom externalcontact/get: not_found 40096 invalid external user, hint: [1700000000_1_abc]',
  );
});

test.each([42001, 40014, 41001])(
  'a token that is refused with %i is fetched anew and the call made again',
  async (errcode) => {
    await read();
    const fetchedBefore = world.double.tokens.fetched;
    world.double.tokens.app = `app-token-after-${errcode}`;
    world.double.answer('externalcontact/get', (call) =>
      call.query['access_token'] === world.double.tokens.app ? fixture('external-get') : { errcode, errmsg: 'x' },
    );
    expect((await read()).name).toBe('王总');
    expect(world.double.tokens.fetched).toBe(fetchedBefore + 1);
  },
);

test('a new token that is refused too ends the attempt: come back later', async () => {
  world.double.answer('externalcontact/get', { errcode: 42001, errmsg: 'access_token expired' });
  const before = world.double.calls.length;
  await expect(read()).rejects.toMatchObject({ kind: 'unavailable', code: '42001' });
  expect(world.double.calls.slice(before).map(({ path }) => path)).toEqual([
    'externalcontact/get',
    'gettoken',
    'externalcontact/get',
  ]);
});

test('a wrong secret needs an operator', async () => {
  const { platform, double } = await makeWecomWorld({ WECOM_SECRET: 'wrong' });
  await expect(platform.listTags()).rejects.toMatchObject({ kind: 'forbidden', code: '40001', call: 'gettoken' });
  await double.close();
});

test.each([
  ['no JSON', (response: ServerResponse) => response.end('<html>gateway</html>')],
  ['half of the JSON', (response: ServerResponse) => response.end('{"errcode":0,"errm')],
  ['another shape', (response: ServerResponse) => response.end('{"errcode":0,"external_contact":[]}')],
  ['no errcode', (response: ServerResponse) => response.end('{}')],
  ['null', (response: ServerResponse) => response.end('null')],
])('an answer that is %s is one that never came', async (_, send) => {
  world.double.answer('externalcontact/get', (_call, response) => send(response));
  world.double.answer('externalcontact/remark', (_call, response) => send(response));
  await expect(read()).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a change whose answer cannot be read may have happened', async () => {
  world.double.answer('externalcontact/remark', (_call, response) => response.end('{}'));
  await expect(change()).rejects.toMatchObject({ kind: 'unknown' });
});

test.each<[number, PlatformErrorKind, PlatformErrorKind]>([
  [400, 'rejected', 'rejected'],
  [403, 'forbidden', 'forbidden'],
  [429, 'rate_limited', 'rate_limited'],
  [500, 'unavailable', 'unknown'],
  [502, 'unavailable', 'unknown'],
  [503, 'unavailable', 'unavailable'],
])('HTTP %i on the way is %s for a question and %s for a change', async (status, question, deed) => {
  for (const path of ['externalcontact/get', 'externalcontact/remark']) {
    world.double.answer(path, (_call, response) => response.writeHead(status).end('gateway'));
  }
  await expect(read()).rejects.toMatchObject({ kind: question });
  await expect(change()).rejects.toMatchObject({ kind: deed });
});

test('a connection that breaks after the call left makes a question unavailable and a change unknown', async () => {
  for (const path of ['externalcontact/get', 'externalcontact/remark']) {
    world.double.answer(path, (_call, response) => response.destroy());
  }
  await expect(read()).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(change()).rejects.toMatchObject({ kind: 'unknown' });
});

test('a redirect is not followed: it would carry the token elsewhere', async () => {
  world.double.answer('externalcontact/get', (_call, response) =>
    response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
  );
  await expect(read()).rejects.toMatchObject({ kind: expect.stringMatching(/unavailable|rejected/) });
});

test('a change that found nobody listening did not happen', async () => {
  const { platform, double } = await makeWecomWorld();
  await platform.listTags();
  await double.close();
  // The first to fail takes the connection that was kept open with it.
  await expect(platform.listTags()).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(platform.saveRemark(follow, { remark: 'x' })).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a certificate nobody vouches for is known before anything is sent', async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.end('not TLS');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { platform, double } = await makeWecomWorld({ WECOM_API_BASE: `https://127.0.0.1:${port}` });
  await expect(platform.listTags()).rejects.toMatchObject({ kind: 'unavailable', call: 'gettoken' });
  for (const socket of sockets) socket.destroy();
  server.close();
  await double.close();
});

test('every call is told to the metrics by its path and code, without a credential', async () => {
  const { platform, double, tools } = await makeWecomWorld();
  await platform.listTags();
  double.answer('user/get', { errcode: 60111, errmsg: 'x' });
  await expect(platform.getMember('zhangsan')).rejects.toThrow('60111');
  expect(tools.calls.map(({ platform, call, code }) => ({ platform, call, code }))).toEqual([
    { platform: 'wecom', call: 'gettoken', code: 'ok' },
    { platform: 'wecom', call: 'externalcontact/get_corp_tag_list', code: 'ok' },
    { platform: 'wecom', call: 'user/get', code: '60111' },
  ]);
  await double.close();
});
