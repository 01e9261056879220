import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import type { LiveEvent } from '#server/base/live.ts';
import type { EventOf } from '#server/platform/event.ts';
import { makeMember } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { tell } from '#tests/support/tell.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });

beforeEach(async () => {
  platform.reset();
  platform.addTags('意向', '高', '低');
  platform.addMember('lin');
  platform.addMember('wang');
  await makeMember(world.deps, { key: 'lin', name: '林晓' });
  await makeMember(world.deps, { key: 'wang', name: '王磊' });
});

test('a new contact is known with profile, remark and tags; the score is asked for and the screen is told', async () => {
  const told: LiveEvent[] = [];
  platform.addContact('chen', {
    name: '陈女士',
    corpName: '远山科技',
    unionKey: 'union',
    follows: [
      { member: 'lin', remark: '远山 陈', remarkPhones: ['138 0013 8000'], tagKeys: ['意向/高'], channel: 'booth' },
      { member: 'nobody here' },
    ],
  });
  await tell(world.deps, 'wecom', { kind: 'contact_added', ...pair('chen'), half: false, channel: 'booth' });

  const contact = await contactOf('chen');
  expect(contact).toMatchObject({ name: '陈女士', corpName: '远山科技', unionKey: 'union' });
  expect(contact.follows).toMatchObject([
    {
      state: 'active',
      remark: '远山 陈',
      channel: 'booth',
      phoneHashes: [world.deps.cipher.hash('13800138000')],
      tags: [{ tag: { name: '高' } }],
    },
  ]);
  expect(contact.follows[0]?.remarkPhones).not.toContain('8000');
  expect(world.jobs.waiting).toMatchObject([{ name: 'score-contact', payload: { contactId: contact.id } }]);

  world.deps.live.subscribe([`contact.${contact.id}`], (event) => told.push(event));
  await tell(world.deps, 'wecom', { kind: 'contact_edited', ...pair('chen') });
  expect(told).toEqual([]);
  follow('chen').remark = '陈总';
  await tell(world.deps, 'wecom', { kind: 'contact_edited', ...pair('chen') });
  expect(told).toEqual([{ part: 'contact', contactId: contact.id }]);
});

test('a contact who waits to be confirmed is kept before the platform shows who it is', async () => {
  await tell(world.deps, 'wecom', { kind: 'contact_added', ...pair('chen'), half: true, channel: 'booth' });
  expect(await contactOf('chen')).toMatchObject({
    name: '',
    syncedAt: null,
    follows: [{ state: 'pending', channel: 'booth' }],
  });

  world.clock.advance(60_000);
  platform.addContact('chen', { name: '陈女士', follows: ['lin'] });
  await tell(world.deps, 'wecom', { kind: 'contact_added', ...pair('chen'), half: false });
  expect(await contactOf('chen')).toMatchObject({ name: '陈女士', follows: [{ state: 'active', channel: 'booth' }] });
});

test.each([
  [{ by: 'member', transferred: false }, 'removed_by_member'],
  [{ by: 'member', transferred: true }, 'transferred'],
  [{ by: 'contact', transferred: false }, 'removed_by_contact'],
] as const)('a removal %j is remembered as %s, with what was known', async (how, state) => {
  platform.addContact('chen', { name: '陈女士', follows: [{ member: 'lin', remark: '陈总' }, 'wang'] });
  await tell(world.deps, 'wecom', { kind: 'contact_added', ...pair('chen'), half: false });
  world.clock.advance(1000);
  platform.contacts.delete('chen');
  await tell(world.deps, 'wecom', { kind: 'contact_removed', ...pair('chen'), ...how });
  await tell(world.deps, 'wecom', { kind: 'contact_edited', ...pair('chen') });

  const { name, follows } = await contactOf('chen');
  expect(name).toBe('陈女士');
  expect(follows).toMatchObject([{ state, remark: '陈总' }, { state: 'active' }]);
});

test('an event told late changes nothing that is newer', async () => {
  const earlier = world.deps.now().toISOString();
  world.clock.advance(60_000);
  await tell(world.deps, 'wecom', { kind: 'contact_removed', ...pair('chen'), by: 'contact', transferred: false });
  await tell(world.deps, 'wecom', {
    kind: 'contact_added',
    ...pair('chen'),
    half: false,
    channel: 'booth',
    occurredAt: earlier,
  });
  expect((await contactOf('chen')).follows).toMatchObject([{ state: 'removed_by_contact', channel: 'booth' }]);
});

test('a profile that was asked for earlier does not overwrite one asked for later', async () => {
  platform.addContact('chen', { name: '旧名', follows: [{ member: 'lin', remark: '旧' }] });
  const release = platform.hold('getContact');
  const slow = tell(world.deps, 'wecom', { kind: 'contact_edited', ...pair('chen') });
  await expect.poll(() => platform.called('getContact')).toHaveLength(1);
  const contact = await world.deps.db.contact.create({
    data: { platform: 'wecom', key: 'chen', name: '新名', syncedAt: new Date(world.deps.now().getTime() + 1) },
  });
  release();
  await slow;
  expect((await contactOf('chen')).name).toBe('新名');
  expect((await contactOf('chen')).id).toBe(contact.id);
});

test('agreeing to the archive and a handover that failed are on record once', async () => {
  platform.addContact('chen', { follows: ['lin'] });
  for (let time = 0; time < 2; time++) {
    await tell(world.deps, 'wecom', { kind: 'contact_consented', ...pair('chen') });
    await tell(world.deps, 'wecom', { kind: 'contact_transfer_failed', ...pair('chen'), reason: 'customer_refused' });
  }
  const { id, follows } = await contactOf('chen');
  expect(follows).toMatchObject([{ state: 'active', archiveConsent: 'agreed' }]);
  expect(await world.deps.db.auditEntry.findMany()).toMatchObject([
    { action: 'contact.transfer.failed', subject: `contact:${id}`, detail: { reason: 'customer_refused' } },
  ]);
});

test('a platform that does not answer costs the event nothing: it is tried again', async () => {
  platform.addContact('chen', { follows: ['lin'] });
  platform.fail('getContact', 'unavailable');
  const added = { kind: 'contact_added', ...pair('chen'), half: false } as const;
  await expect(tell(world.deps, 'wecom', added)).rejects.toThrow('unavailable');
  await tell(world.deps, 'wecom', added);
  expect((await contactOf('chen')).follows).toHaveLength(1);
});

test('a member nobody told us of is asked for; one the platform does not know has no follow', async () => {
  platform.addMember('new', { name: '新来的' });
  platform.addContact('chen', { follows: ['new', 'gone'] });
  await tell(world.deps, 'wecom', { kind: 'contact_added', contact: 'chen', member: 'new', half: false });
  await tell(world.deps, 'wecom', { kind: 'contact_added', contact: 'chen', member: 'gone', half: false });
  expect((await contactOf('chen')).follows).toHaveLength(1);
  expect(await world.deps.db.member.count({ where: { name: '新来的' } })).toBe(1);
});

test('tags made a moment ago are read once; personal ones the library does not list are not asked for again', async () => {
  platform.addContact('chen', { follows: [{ member: 'lin', tagKeys: ['意向/高', 'strategy tag'] }] });
  for (let time = 0; time < 3; time++) await tell(world.deps, 'wecom', { kind: 'contact_edited', ...pair('chen') });
  expect(platform.called('listTags')).toHaveLength(1);
  expect((await contactOf('chen')).follows[0]?.tags).toMatchObject([{ tag: { name: '高' } }]);
});

test('events in any order, each twice, end where the events in order do', async () => {
  platform.addContact('0', { follows: ['lin', 'wang'] });
  platform.addContact('1', { follows: [{ member: 'lin', addedAt: new Date(START + 3000), channel: 'booth' }] });
  await fc.assert(
    fc.asyncProperty(fc.array(contactEvent, { minLength: 20, maxLength: 40 }), async (events) => {
      const inOrder = events.toSorted((a, b) => Date.parse(a.occurredAt) - Date.parse(b.occurredAt));
      await world.deps.db.contact.deleteMany();
      for (const event of inOrder) await tell(world.deps, 'wecom', event);
      const expected = await standings();
      await world.deps.db.contact.deleteMany();
      for (const event of [...events, ...inOrder.toReversed()]) await tell(world.deps, 'wecom', event);
      expect(await standings()).toEqual(expected);
    }),
    { numRuns: 2, endOnFailure: true },
  );
});

const START = Date.UTC(2026, 2, 1);
const happened = {
  contact: fc.constantFrom('0', '1', '2'),
  member: fc.constantFrom('lin', 'wang'),
  occurredAt: fc.nat(9).map((second) => new Date(START + second * 1000).toISOString()),
};
const contactEvent = fc.oneof(
  fc.record<EventOf<'contact_added'>>({
    kind: fc.constant('contact_added'),
    ...happened,
    half: fc.boolean(),
    channel: fc.constantFrom('booth', 'website'),
  }),
  fc.record<EventOf<'contact_removed'>>({
    kind: fc.constant('contact_removed'),
    ...happened,
    by: fc.constantFrom('member', 'contact'),
    transferred: fc.boolean(),
  }),
  fc.record<EventOf<'contact_edited'>>({ kind: fc.constant('contact_edited'), ...happened }),
  fc.record<EventOf<'contact_consented'>>({ kind: fc.constant('contact_consented'), ...happened }),
);

async function standings() {
  return world.deps.db.follow.findMany({
    orderBy: [{ contact: { key: 'asc' } }, { memberId: 'asc' }],
    omit: { id: true, contactId: true, shownAt: true },
    include: { contact: { select: { key: true } } },
  });
}

function pair(contact: string): { contact: string; member: string } {
  return { contact, member: 'lin' };
}

function follow(key: string) {
  const found = platform.contacts.get(key)?.follows[0];
  if (!found) throw new Error(`Nobody follows ${key}.`);
  return found;
}

async function contactOf(key: string) {
  return world.deps.db.contact.findFirstOrThrow({
    where: { key },
    include: { follows: { include: { tags: { include: { tag: true } } }, orderBy: { id: 'asc' } } },
  });
}
