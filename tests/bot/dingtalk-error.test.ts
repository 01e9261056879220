import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PlatformErrorKind } from '#server/platform/platform-error.ts';
import { not, refused, type Json } from '#tests/bot/dingtalk-double.ts';
import { makeDingtalkWorld, type DingtalkWorld } from '#tests/bot/dingtalk-world.ts';

let world: DingtalkWorld;
beforeAll(async () => {
  world = await makeDingtalkWorld();
});
beforeEach(() => {
  world.double.asUsual();
  world.tools.tokens.clear();
});
afterAll(() => world.double.close());

const face = { key: 'k', title: 't', lines: [], risk: '', url: 'https://crm.example.com/', buttons: [], verdict: '' };
const put = 'PUT /v1.0/card/instances';
const change = () => world.platform.updateCard('zhangsan', face, null);
const ask = () => world.platform.getMember('zhangsan');
const banned = { status: 1111, wait: 5, source: 'x5', punish: 'deny', uuid: 'u' };
const denied = 'Forbidden.AccessDenied.';

describe('of the new API, a caller is told what it can do about it', () => {
  test.each<[number, string, PlatformErrorKind, number]>([
    [403, `${denied}AccessTokenPermissionDenied`, 'forbidden', 0],
    [403, `${denied}IpNotInWhiteList`, 'forbidden', 0],
    [403, `${denied}QpsLimitForAppkeyAndApi`, 'rate_limited', 1000],
    [403, `${denied}QpsLimitForApi`, 'rate_limited', 2000],
    [403, `${denied}ApiCountLimitForOrg`, 'forbidden', 0],
    [500, 'systemBusy', 'unavailable', 0],
    [503, 'ServiceUnavailable', 'unavailable', 0],
    [500, 'somethingElse', 'unknown', 0],
    [400, 'param.cardNotExist', 'not_found', 0],
    [400, 'param.contentUnsafe', 'rejected', 0],
    [400, 'processInstanceNotExist', 'not_found', 0],
    [400, 'InvalidAuthentication', 'unavailable', 0],
  ])('HTTP %i %s is %s', async (status, code, kind, retryAfterMs) => {
    world.double.answer(put, refused(status, code));
    await expect(change()).rejects.toMatchObject({ kind, code, retryAfterMs, call: 'v1.0/card/instances' });
  });

  test.each<[string, (response: ServerResponse) => ServerResponse, PlatformErrorKind]>([
    ['a gateway that waited in vain', (one) => one.writeHead(504).end('<html>504</html>'), 'unknown'],
    ['a web page in place of an answer', (one) => one.end('<html>no</html>'), 'unknown'],
    ['a connection cut in mid-answer', (one) => one.destroy() as ServerResponse, 'unknown'],
    ['HTTP 429', (one) => one.writeHead(429, { 'retry-after': '7' }).end(), 'rate_limited'],
    ['HTTP 503', (one) => one.writeHead(503).end(), 'unavailable'],
  ])('%s, while something was to change, is %s', async (_, say, kind) => {
    world.double.answer(put, (_call, response) => say(response));
    await expect(change()).rejects.toMatchObject({ kind });
  });

  test('the permission that is missing is named', async () => {
    const body = {
      code: `${denied}AccessTokenPermissionDenied`,
      requestid: 'R1',
      message: '没有调用该接口的权限',
      accessdenieddetail: { requiredScopes: ['Card.Instance.Write'] },
    };
    world.double.answer(put, (_, response) => response.writeHead(403).end(JSON.stringify(body)));
    await expect(change()).rejects.toThrow('Card.Instance.Write');
  });

  test('an address that is shut out comes back later, and nothing has happened', async () => {
    world.double.answer(put, banned);
    await expect(change()).rejects.toMatchObject({ kind: 'rate_limited', code: 'ip_banned', retryAfterMs: 5000 });
  });
});

describe('of the old API, the number says it', () => {
  test.each<[number, Json, PlatformErrorKind]>([
    [-1, {}, 'unavailable'],
    [15, { sub_code: 'isp.top-remote-connection-timeout' }, 'unavailable'],
    [88, { sub_code: '', sub_msg: '' }, 'unavailable'],
    [88, { sub_code: '60011', sub_msg: '没有权限' }, 'forbidden'],
    [88, { sub_code: '90018' }, 'rate_limited'],
    [60011, {}, 'forbidden'],
    [60020, {}, 'forbidden'],
    [50002, {}, 'forbidden'],
    [90018, {}, 'rate_limited'],
    [90002, {}, 'rate_limited'],
    [90020, {}, 'forbidden'],
    [60121, {}, 'not_found'],
    [33012, {}, 'not_found'],
    [40035, {}, 'rejected'],
  ])('%i %o is %s', async (errcode, more, kind) => {
    world.double.answer('/topapi/v2/user/get', not(errcode, more));
    await expect(ask()).rejects.toMatchObject({ kind, call: 'topapi/v2/user/get' });
  });

  test('our own address is in no message', async () => {
    world.double.answer('/topapi/v2/user/get', not(60020));
    await expect(ask()).rejects.toThrow(/^(?!.*203\.0\.113\.9)/);
  });

  test('an address that is shut out is told here too', async () => {
    world.double.answer('/topapi/v2/user/get', banned);
    await expect(ask()).rejects.toMatchObject({ kind: 'rate_limited', code: 'ip_banned' });
  });
});

test('one token opens both, and is fetched anew once when either refuses it', async () => {
  const { double } = world;
  double.tokens.fetched = 0;
  await ask();
  await change();
  expect(double.tokens.fetched).toBe(1);
  double.tokens.good = 'token-2';
  await change();
  await ask();
  expect(double.tokens.fetched).toBe(2);
  double.tokens.good = 'token-3';
  await ask();
  expect(double.tokens.fetched).toBe(3);
  double.answer('/topapi/v2/user/get', not(42001));
  await expect(ask()).rejects.toMatchObject({ kind: 'unavailable', code: '42001' });
  expect(double.tokens.fetched).toBe(4);
});

test('a wrong secret is for the operator', async () => {
  const wrong = await makeDingtalkWorld({ DINGTALK_CLIENT_SECRET: 'wrong' });
  await expect(wrong.platform.getMember('zhangsan')).rejects.toMatchObject({
    kind: 'forbidden',
    code: 'invalidClientIdOrSecret',
  });
  await wrong.double.close();
});

test('what is told of a call has neither ids nor credentials in it', async () => {
  const { platform, tools } = world;
  await platform.getMember('zhangsan');
  tools.calls.length = 0;
  await platform.addTodo({ sourceKey: 's', to: 'zhangsan', title: 't', dueAt: null, url: 'https://crm.example.com/' });
  expect(tools.calls.map(({ call, code }) => `${call} ${code}`)).toEqual(['v1.0/todo/users/{unionId}/tasks ok']);
});
