import { beforeEach, expect, test } from 'vitest';
import { sandboxChannel, type SandboxChannel } from '#bot/sandbox/wecom-send-api.ts';
import { useSandbox } from './sandbox-world.ts';

const world = useSandbox();
beforeEach(() => {
  world.deliveries = [];
});

const call = async (name: string, body: object) =>
  world.call(`externalcontact/${name}`, { access_token: await world.token() }, body);
const channels = async (): Promise<SandboxChannel[]> =>
  (await world.get<{ channels: unknown[] }>('channels')).channels.map((one) => sandboxChannel.parse(one));
const others = async () => {
  const { members } = await world.state();
  return members.filter((one) => one.mayHaveContacts && one.active && one.key !== 'wanglei').map(({ key }) => key);
};
const madeCode = async (about: object) => {
  const answer = await call('add_contact_way', { type: 2, scene: 2, remark: '展会', state: 'ch_expo', ...about });
  return { key: String(answer['config_id']), picture: String(answer['qr_code']) };
};
const comeIn = (channel: string, about: { contact?: string; state?: string; half?: boolean } = {}) =>
  world.act({ kind: 'channel_opened', channel, contact: null, name: '扫码的人', agree: false, ...about });

test('whoever scans a code is added by its members in turn, with its state and a welcome code', async () => {
  const [other = ''] = await others();
  const { key } = await madeCode({ user: ['wanglei', other] });
  const first = await comeIn(key);
  const second = await comeIn(key);
  expect([first.member, second.member].toSorted()).toEqual(['wanglei', other].toSorted());
  const events = await world.added(2);
  for (const [index, { contact, member }] of [first, second].entries()) {
    expect(events[index]).toMatchObject({
      ChangeType: 'add_external_contact',
      ExternalUserID: contact,
      UserID: member,
      State: 'ch_expo',
      WelcomeCode: expect.stringMatching(/^\w{43}$/),
    });
  }
  expect((await channels()).find((one) => one.key === key)).toMatchObject({ addedCount: 2, name: '展会' });
});

test('who knows one of its members already comes out in that chat, and nobody is told', async () => {
  const contact = await world.newFriend('老客户');
  const { key } = await madeCode({ user: [...(await others()).slice(0, 2), 'wanglei'] });
  expect(await comeIn(key, { contact })).toEqual({ contact, member: 'wanglei', relation: 'friend' });
  expect((await channels()).find((one) => one.key === key)?.addedCount).toBe(0);
});

test('somebody else’s customer is added by a member of the code too', async () => {
  const contact = await world.newFriend('别人的客户');
  const [other = ''] = await others();
  const { key } = await madeCode({ user: [other] });
  expect(await comeIn(key, { contact, half: true })).toMatchObject({ contact, member: other, relation: 'half' });
  const [, half] = await world.added(2);
  expect(half).toMatchObject({ ChangeType: 'add_half_external_contact', State: 'ch_expo' });
});

test('a changed code leads to its new members, and one that is gone to nobody', async () => {
  const [other = ''] = await others();
  const { key, picture } = await madeCode({ user: ['wanglei'] });
  expect(await call('update_contact_way', { config_id: key, user: [other], state: 'ch_new' })).toMatchObject({
    errcode: 0,
  });
  expect(await comeIn(key)).toMatchObject({ member: other });
  expect(await call('get_contact_way', { config_id: key })).toMatchObject({
    contact_way: { state: 'ch_new', remark: '展会', user: [other], qr_code: picture },
  });
  expect(await call('del_contact_way', { config_id: key })).toMatchObject({ errcode: 0 });
  expect(await call('get_contact_way', { config_id: key })).toMatchObject({ errcode: 41044 });
  expect(await comeIn(key)).toMatchObject({ error: { code: 'sandbox.channel_unknown' } });
  expect((await fetch(picture)).status).toBe(404);
});

test.each([
  ['no type', { type: undefined }, 41037],
  ['another type', { type: 3 }, 41038],
  ['no scene', { scene: undefined }, 41039],
  ['nobody', { user: [] }, 40063],
  ['somebody unknown', { user: ['nobody'] }, 60111],
  ['several, made for one', { type: 1, user: ['wanglei', 'zh1004'] }, 40031],
  ['a long state', { state: 'x'.repeat(31) }, 40058],
  ['a department that is none', { party: [99] }, 60123],
])('a code with %s is refused', async (_, wrong, errcode) => {
  const body = { type: 2, scene: 2, user: ['wanglei'], ...wrong };
  expect(await call('add_contact_way', body)).toMatchObject({ errcode });
});

test('a code has a picture of its own that a page may show', async () => {
  const [one, two] = [await madeCode({ user: ['wanglei'] }), await madeCode({ user: ['wanglei'] })];
  const answer = await fetch(one.picture);
  expect(answer.headers.get('content-type')).toBe('image/svg+xml');
  const picture = await answer.text();
  expect(picture).toMatch(/^<svg /);
  expect(await (await fetch(two.picture)).text()).not.toBe(picture);
  expect(await (await fetch(one.picture)).text()).toBe(picture);
});

test('codes are listed by when they were made, page by page', async () => {
  const now = Math.floor((Date.now() + world.offsetMs) / 1000);
  const first = await call('list_contact_way', { start_time: now - 3600, limit: 2 });
  expect(first['contact_way']).toHaveLength(2);
  const second = await call('list_contact_way', { start_time: now - 3600, limit: 2, cursor: first['next_cursor'] });
  expect(second['contact_way']).not.toEqual(first['contact_way']);
  expect(await call('list_contact_way', { start_time: now + 3600, end_time: now + 7200 })).toMatchObject({
    contact_way: [],
  });
});

test('a link brings in whoever opens it, with the state it was given out with', async () => {
  const made = await call('customer_acquisition/create_link', { link_name: '官网', range: { user_list: ['wanglei'] } });
  const { link_id, url } = made['link'] as { link_id: string; url: string };
  const { contact } = await comeIn(link_id, { state: 'ch_web' });
  expect(await world.added(1)).toMatchObject([{ UserID: 'wanglei', ExternalUserID: contact, State: 'ch_web' }]);
  const { contacts } = await world.get<{ contacts: { key: string; channel: string }[] }>('contacts?member=wanglei');
  expect(contacts.find(({ key }) => key === contact)?.channel).toBe('ch_web');

  const opened = await fetch(`${url}?customer_channel=ch%20web`, { redirect: 'manual' });
  expect(opened.headers.get('location')).toBe(`/?channel=${link_id}&state=ch+web`);
  const changed = { link_id, link_name: '官网 2', range: { user_list: (await others()).slice(0, 1) } };
  expect(await call('customer_acquisition/update_link', changed)).toMatchObject({ errcode: 0 });
  expect(await call('customer_acquisition/get', { link_id })).toMatchObject({
    link: { link_name: '官网 2', url },
    range: { user_list: changed.range.user_list },
  });
  expect(await call('customer_acquisition/delete_link', { link_id })).toMatchObject({ errcode: 0 });
  expect(await comeIn(link_id)).toMatchObject({ error: { code: 'sandbox.channel_unknown' } });
});

test('what the product gave out is still good after a reset', async () => {
  const { key } = await madeCode({ user: ['wanglei'] });
  await world.post('reset', {});
  expect(await comeIn(key)).toMatchObject({ member: 'wanglei', relation: 'friend' });
});
