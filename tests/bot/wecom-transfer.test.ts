import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makeWecomWorld, type WecomWorld } from '#tests/bot/wecom-world.ts';

let world: WecomWorld;
beforeAll(async () => {
  world = await makeWecomWorld();
});
afterEach(() => world.double.asUsual());
afterAll(() => world.double.close());

const between = { from: 'zhangsan', to: 'lisi', leaver: false };
const lastCall = () => world.double.calls.at(-1);

test('contacts of a colleague go over with a word to them; those refused come back with their code', async () => {
  const contacts = ['wmTestExternal0001', 'wmGone'];
  const message = '长'.repeat(250);
  expect(await world.platform.transfers?.start({ ...between, contacts, message })).toEqual({
    refused: [{ contact: 'wmGone', code: '40096', reason: 'unknown_contact' }],
  });
  expect(lastCall()).toMatchObject({
    path: 'externalcontact/transfer_customer',
    body: { handover_userid: 'zhangsan', takeover_userid: 'lisi', external_userid: contacts },
  });
  expect(lastCall()?.body['transfer_success_msg']).toBe(`${'长'.repeat(199)}…`);
});

test('contacts of somebody who left go another way, which tells them nothing', async () => {
  const answer = { errcode: 0, errmsg: 'ok', customer: [{ external_userid: 'wmTestExternal0001', errcode: 0 }] };
  world.double.answer('externalcontact/resigned/transfer_customer', answer);
  const of = { ...between, leaver: true, contacts: ['wmTestExternal0001'], message: '您好' };
  expect(await world.platform.transfers?.start(of)).toEqual({ refused: [] });
  expect(lastCall()?.body).not.toHaveProperty('transfer_success_msg');
});

test('what is wrong with giver or taker is wrong with every contact of the call', async () => {
  world.double.answer('externalcontact/resigned/transfer_customer', { errcode: 40097, errmsg: 'x' });
  const of = { ...between, leaver: true, contacts: ['wmTestExternal0001', 'woTestExternal0002'] };
  expect(await world.platform.transfers?.start(of)).toEqual({
    refused: of.contacts.map((contact) => ({ contact, code: '40097', reason: 'giver_here' })),
  });
});

test('a call that is refused for another reason is an error', async () => {
  world.double.answer('externalcontact/transfer_customer', { errcode: 45009, errmsg: 'x' });
  const of = { ...between, contacts: ['wmTestExternal0001'] };
  await expect(world.platform.transfers?.start(of)).rejects.toMatchObject({ kind: 'rate_limited' });
});

test('more contacts than a call takes are not sent, and none need no call', async () => {
  const before = world.double.calls.length;
  const contacts = Array.from({ length: (world.platform.transfers?.batchMax ?? 0) + 1 }, (_, at) => `wm${at}`);
  await expect(world.platform.transfers?.start({ ...between, contacts })).rejects.toMatchObject({ code: 'too_many' });
  expect(await world.platform.transfers?.start({ ...between, contacts: [] })).toEqual({ refused: [] });
  expect(world.double.calls.length).toBe(before);
});

test('what became of each contact comes page by page, and what WeCom has no record of is left out', async () => {
  const row = (external_userid: string, status: number, takeover_time: number) => ({
    external_userid,
    status,
    takeover_time,
  });
  world.double.answer('externalcontact/transfer_result', ({ body }) =>
    body['cursor'] === 'p2'
      ? { errcode: 0, errmsg: 'ok', customer: [row('wm4', 4, 0), row('wm5', 5, 0)], next_cursor: '' }
      : {
          errcode: 0,
          errmsg: 'ok',
          customer: [row('wm1', 1, 1_700_000_000), row('wm2', 2, 1_700_086_400), row('wm3', 3, 0)],
          next_cursor: 'p2',
        },
  );
  expect(await world.platform.transfers?.results(between, '')).toEqual({
    items: [
      { contact: 'wm1', state: 'done', at: new Date(1_700_000_000_000) },
      { contact: 'wm2', state: 'waiting', at: new Date(1_700_086_400_000) },
      { contact: 'wm3', state: 'refused_by_contact', at: null },
    ],
    nextCursor: 'p2',
  });
  expect(await world.platform.transfers?.results(between, 'p2')).toEqual({
    items: [{ contact: 'wm4', state: 'full', at: null }],
    nextCursor: '',
  });
});
