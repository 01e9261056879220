import { beforeEach, expect, test } from 'vitest';
import type { Member, Tag } from '#prisma/client/client.ts';
import { bindContact, createAndBind } from '#server/binding/bind-contact.ts';
import { sweepChannels } from '#server/channel/sweep-channels.ts';
import type { PlatformErrorKind } from '#server/platform/platform-error.ts';
import { callerOf, makeContact, makeCustomer, makeFollow } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { seededRandom } from '#tests/support/random.ts';
import { tell } from '#tests/support/tell.ts';
import { useWorld } from '#tests/support/world.ts';
import { always, hire, openChannel } from './channel-world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
let lin: Member;
let tags: Tag[];
let state: string;
let channelId: string;

beforeEach(async () => {
  platform.reset();
  platform.addTags('来源', '展会', '官网');
  [lin] = (await hire(world.deps, platform, 'lin')) as [Member];
  tags = await Promise.all(
    ['展会', '官网'].map((name) =>
      world.deps.db.tag.create({
        data: { platform: 'wecom', key: `来源/${name}`, name, groupKey: '来源', groupName: '来源' },
      }),
    ),
  );
  const { channel } = await openChannel(world.deps, always(lin), {
    source: '上海展会',
    tagIds: tags.map(({ id }) => id),
  });
  await world.jobs.drain();
  ({ state, id: channelId } = channel);
  platform.addContact('chen', { name: '陈女士', follows: ['lin'] });
});

async function added(at = world.deps.now().toISOString(), channel = state): Promise<void> {
  await tell(world.deps, 'wecom', {
    kind: 'contact_added',
    contact: 'chen',
    member: 'lin',
    half: false,
    channel,
    occurredAt: at,
  });
}

const tagsThere = () => platform.contacts.get('chen')?.follows[0]?.tagKeys.toSorted();
const arrivals = () => world.deps.db.channelArrival.findMany();
const audit = () => world.deps.db.auditEntry.findMany({ where: { action: 'contact.came_by_channel' } });
const chen = () => world.deps.db.contact.findFirstOrThrow({ where: { key: 'chen' } });

test('a contact who came by a channel has its tags, here and on the platform, and the log says how they came', async () => {
  await added();
  await world.jobs.drain();
  expect(tagsThere()).toEqual(['来源/官网', '来源/展会']);
  const contact = await chen();
  const follow = await world.deps.db.follow.findFirstOrThrow({ include: { tags: true } });
  expect(follow).toMatchObject({ channel: state, contactId: contact.id });
  expect(follow.tags.map(({ tagId }) => tagId).sort()).toEqual(tags.map(({ id }) => id).sort());
  expect(await arrivals()).toMatchObject([{ channelId, state: 'done', lastError: null }]);
  expect(await audit()).toMatchObject([
    { memberId: lin.id, subject: `contact:${contact.id}`, detail: { channelId, name: '春季展会' } },
  ]);
});

const random = seededRandom();

test(`adds told twice and in no order do what each told once does (seed ${random.seed})`, async () => {
  const times = ['2026-03-01T01:00:00.000Z', '2026-03-01T01:30:00.000Z', '2026-03-01T01:59:00.000Z'];
  for (const at of random.shuffle([...times, ...times, ...times])) {
    await added(at);
    if (random.chance(0.5)) await world.jobs.drain();
  }
  await world.jobs.drain();
  expect(await arrivals()).toMatchObject([{ state: 'done', at: new Date('2026-03-01T01:59:00.000Z') }]);
  expect(platform.called('markTags')).toHaveLength(1);
  const count = (await audit()).length;
  await added(times[0]);
  await added(times[2]);
  await world.jobs.drain();
  expect(await audit()).toHaveLength(count);
  expect(platform.called('markTags')).toHaveLength(1);
});

test('a tag the member took off again stays off, however often the add is told', async () => {
  await added('2026-03-01T01:00:00.000Z');
  await world.jobs.drain();
  const follow = platform.contacts.get('chen')?.follows[0];
  if (follow) follow.tagKeys = ['来源/官网'];
  await added('2026-03-01T01:00:00.000Z');
  await world.jobs.drain();
  expect(tagsThere()).toEqual(['来源/官网']);
});

test.each<[PlatformErrorKind, string]>([
  ['unavailable', 'owed'],
  ['rate_limited', 'owed'],
  ['forbidden', 'owed'],
  ['not_found', 'owed'],
  ['rejected', 'failed'],
])('tags that cannot be put on now (%s) are %s with the reason, and nothing else is held up', async (kind, then) => {
  platform.fail('markTags', kind, { code: '45009', retryAfterMs: 1000 });
  await added();
  await world.jobs.drain();
  expect(await arrivals()).toMatchObject([{ state: then, lastError: `markTags ${kind} 45009` }]);
  world.clock.advance(60_000);
  await sweepChannels(world.deps);
  await world.jobs.drain();
  expect(tagsThere()).toEqual(then === 'owed' ? ['来源/官网', '来源/展会'] : []);
});

test('tags whose answer was lost are looked for, and not put on again', async () => {
  platform.loseAnswer('markTags');
  await added();
  await world.jobs.drain();
  expect(platform.called('markTags')).toHaveLength(1);
  expect(await arrivals()).toMatchObject([{ state: 'done' }]);
});

test('an arrival whose job was lost is settled by the sweep', async () => {
  await added();
  world.jobs.clear();
  world.clock.advance(60_000);
  await sweepChannels(world.deps);
  await world.jobs.drain();
  expect(await arrivals()).toMatchObject([{ state: 'done' }]);
});

test('a contact who is gone before the tags are on is left alone', async () => {
  await added();
  await world.deps.db.follow.updateMany({ data: { state: 'removed_by_contact' } });
  await world.jobs.drain();
  expect(await arrivals()).toMatchObject([{ state: 'done', lastError: 'no longer connected' }]);
  expect(platform.called('markTags')).toHaveLength(0);
});

test('a tag that left the library does not keep the others off', async () => {
  await world.deps.db.tag.updateMany({ where: { name: '展会' }, data: { deletedAt: world.deps.now() } });
  await added();
  await world.jobs.drain();
  expect(tagsThere()).toEqual(['来源/官网']);
});

test('a state nobody here gave out changes nothing', async () => {
  await added(undefined, 'somebody-elses');
  await world.jobs.drain();
  expect(await arrivals()).toEqual([]);
  expect(await world.deps.db.contact.count()).toBe(1);
});

test('a customer made or bound from a contact takes the channel for its source; what somebody said stays', async () => {
  await added();
  await world.jobs.drain();
  const contact = await chen();
  const caller = await callerOf(world.deps, lin);
  const [unsaid, said] = [
    await makeCustomer(world.deps, { ownerId: lin.id }),
    await makeCustomer(world.deps, { ownerId: lin.id, source: '老客户介绍' }),
  ];
  for (const customer of [unsaid, said])
    await bindContact(world.deps, caller, { contactId: contact.id, customerId: customer.id, role: 'other' });
  const made = await createAndBind(world.deps, caller, {
    contactId: contact.id,
    customer: { kind: 'person', name: '陈女士', phone: '13800138000' },
    role: 'other',
  });
  await world.jobs.drain();
  const sourceOf = async (id: string) => (await world.deps.db.customer.findUniqueOrThrow({ where: { id } })).source;
  expect([await sourceOf(unsaid.id), await sourceOf(said.id), await sourceOf(made)]).toEqual([
    '上海展会',
    '老客户介绍',
    '上海展会',
  ]);
  expect(await world.deps.db.customerChange.findMany({ where: { customerId: made, field: 'source' } })).toMatchObject([
    { memberId: null, version: 2, after: '上海展会' },
  ]);
});

test('a customer bound already takes the channel that brought its contact first', async () => {
  const contact = await makeContact(world.deps, { key: 'chen', name: '陈女士' });
  const customer = await makeCustomer(world.deps, { ownerId: lin.id });
  await makeFollow(world.deps, contact, lin);
  await bindContact(world.deps, await callerOf(world.deps, lin), {
    contactId: contact.id,
    customerId: customer.id,
    role: 'other',
  });
  await world.jobs.drain();
  await added();
  await world.jobs.drain();
  expect(await world.deps.db.customer.findUniqueOrThrow({ where: { id: customer.id } })).toMatchObject({
    source: '上海展会',
  });
  const other = await openChannel(world.deps, always(lin), { name: '另一个' });
  await added(new Date(world.deps.now().getTime() + 1000).toISOString(), other.channel.state);
  await world.jobs.drain();
  expect(await world.deps.db.customer.findUniqueOrThrow({ where: { id: customer.id } })).toMatchObject({
    source: '上海展会',
  });
});

test('when a day’s contacts are full the code leads on at once, not with the next sweep', async () => {
  const [wu] = (await hire(world.deps, platform, 'wu')) as [Member];
  const { channel } = await openChannel(world.deps, always(lin, wu), { dailyMax: 1 });
  await world.jobs.drain();
  await added(undefined, channel.state);
  await world.jobs.drain();
  const code = [...(platform.channels?.codes.values() ?? [])].find((one) => one.state === channel.state);
  expect(code?.members).toEqual(['wu']);
});
