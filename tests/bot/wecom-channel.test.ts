import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ContactChannels } from '#server/platform/contact-channel.ts';
import { fixture } from '#tests/bot/wecom-double.ts';
import { makeWecomWorld, type WecomWorld } from '#tests/bot/wecom-world.ts';

let world: WecomWorld;
let channels: ContactChannels;
beforeAll(async () => {
  world = await makeWecomWorld();
  if (!world.platform.channels) throw new Error('WeCom has ways in.');
  channels = world.platform.channels;
});
afterEach(() => world.double.asUsual());
afterAll(() => world.double.close());

const ways = 'externalcontact';
const links = 'externalcontact/customer_acquisition';
const lastBody = (path: string) => world.double.calls.findLast((call) => call.path === path)?.body ?? {};
const since = new Date('2023-11-14T22:13:20.900Z');
const draft = { members: ['zhangsan'], state: 'ch-expo', note: '展'.repeat(40), skipVerify: false };

test('a code may always become one of several members, and its note fits the console', async () => {
  world.double.answer(`${ways}/add_contact_way`, {
    errcode: 0,
    errmsg: 'ok',
    config_id: '42b34949',
    qr_code: 'https://p.qpic.example.com/1',
  });
  expect(await channels.createCode(draft)).toEqual({ key: '42b34949', imageUrl: 'https://p.qpic.example.com/1' });
  expect(lastBody(`${ways}/add_contact_way`)).toEqual({
    type: 2,
    scene: 2,
    remark: `${'展'.repeat(29)}…`,
    skip_verify: false,
    state: 'ch-expo',
    user: ['zhangsan'],
  });
});

test('a changed code has the members it is given and no others', async () => {
  world.double.answer(`${ways}/update_contact_way`, { errcode: 0, errmsg: 'ok' });
  await channels.updateCode('42b34949', { ...draft, members: ['lisi', 'zhangsan'], note: '' });
  expect(lastBody(`${ways}/update_contact_way`)).toEqual({
    config_id: '42b34949',
    remark: '',
    skip_verify: false,
    state: 'ch-expo',
    user: ['lisi', 'zhangsan'],
    party: [],
  });
});

test('a code is looked for on every page, one by one, and one that went meanwhile is passed over', async () => {
  world.double.answer(`${ways}/list_contact_way`, ({ body }) =>
    body['cursor'] === 'p2'
      ? { errcode: 0, errmsg: 'ok', contact_way: [{ config_id: 'right' }], next_cursor: '' }
      : { errcode: 0, errmsg: 'ok', contact_way: [{ config_id: 'gone' }, { config_id: 'other' }], next_cursor: 'p2' },
  );
  const way = fixture('contact-way')['contact_way'] as Record<string, unknown>;
  world.double.answer(`${ways}/get_contact_way`, ({ body }) => {
    if (body['config_id'] === 'gone') return { errcode: 41044, errmsg: 'x' };
    const state = body['config_id'] === 'right' ? 'ch-expo' : 'ch-exp';
    return { errcode: 0, errmsg: 'ok', contact_way: { ...way, state } };
  });
  expect(await channels.findCode({ state: 'ch-expo', since })).toEqual({
    key: 'right',
    imageUrl: 'https://p.qpic.example.com/wwhead/duc2TvpEgSTPk74IwG7Bs/0',
  });
  expect(lastBody(`${ways}/list_contact_way`)).toMatchObject({ start_time: 1_700_000_000, limit: 1000 });
});

test('a page of codes that comes again for ever ends in an error', async () => {
  world.double.answer(`${ways}/list_contact_way`, { errcode: 0, errmsg: 'ok', contact_way: [], next_cursor: 'same' });
  await expect(channels.findCode({ state: 'ch-expo', since })).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a link is made for its members, and found by its name if it is not older than asked', async () => {
  const made = { link_id: 'link1', link_name: '官网 7f3a', url: 'https://work.weixin.qq.com/ca/1', create_time: 1 };
  world.double.answer(`${links}/create_link`, { errcode: 0, errmsg: 'ok', link: made });
  const link = { name: '官网 7f3a', members: ['zhangsan', 'lisi'], skipVerify: true };
  expect(await channels.createLink(link)).toEqual({ key: 'link1', url: 'https://work.weixin.qq.com/ca/1' });
  expect(lastBody(`${links}/create_link`)).toEqual({
    link_name: '官网 7f3a',
    range: { user_list: ['zhangsan', 'lisi'], department_list: [] },
    skip_verify: true,
  });

  world.double.answer(`${links}/list_link`, { errcode: 0, errmsg: 'ok', link_id_list: ['old', 'link1'] });
  const whole = fixture('acquisition-link');
  const about = whole['link'] as Record<string, unknown>;
  world.double.answer(`${links}/get`, ({ body }) => ({
    ...whole,
    link: body['link_id'] === 'old' ? { ...about, create_time: 1_690_000_000 } : about,
  }));
  expect(await channels.findLink({ name: '官网 7f3a', since })).toEqual({ key: 'link1', url: about['url'] });
  expect(await channels.findLink({ name: '官网', since })).toBeNull();
});

test.each([
  ['a link without a name', { name: '' }],
  ['a link with a long name', { name: '名'.repeat(31) }],
  ['a link for nobody', { members: [] }],
])('%s is refused before it is made', async (_, wrong) => {
  const before = world.double.calls.length;
  const link = { name: '官网', members: ['zhangsan'], skipVerify: true, ...wrong };
  await expect(channels.createLink(link)).rejects.toMatchObject({ kind: 'rejected' });
  expect(world.double.calls.length).toBe(before);
});

test('a link carries its state whatever stands in it, and a state that would be cut is refused', () => {
  const url = 'https://work.weixin.qq.com/ca/cawcde1b0f7e1d4c2a';
  expect(channels.linkUrl(url, 'ch&web=1')).toBe(`${url}?customer_channel=ch%26web%3D1`);
  expect(channels.linkUrl(`${url}?x=1`, 'ch')).toBe(`${url}?x=1&customer_channel=ch`);
  expect(() => channels.linkUrl(url, '渠'.repeat(11))).toThrow(/30 bytes/);
});
