import { beforeEach, describe, expect, test } from 'vitest';
import type { Contact, Member } from '#prisma/client/client.ts';
import type { Deps } from '#server/base/deps.ts';
import { contactHashOf } from '#server/broadcast/broadcast-hash.ts';
import { getBroadcast } from '#server/broadcast/broadcast-store.ts';
import { startCheck } from '#server/broadcast/edit-broadcast.ts';
import { planBroadcast } from '#server/broadcast/plan-broadcast.ts';
import { readRecipientHash } from '#server/broadcast/plan-store.ts';
import type { Broadcast } from '#server/broadcast/broadcast.ts';
import { makeContact, makeCustomer, makeFollow, makeMember } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';
import { freeze, makeDraft, makeMarketing, planOf, saveRules, twoTexts, type Marketing } from './planning.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
let people: Marketing;
let rep: Member;
let colleague: Member;

beforeEach(async () => {
  people = await makeMarketing(world.deps);
  await saveRules(world.deps, {});
  rep = await makeMember(world.deps, { name: '小周' });
  colleague = await makeMember(world.deps, { name: '小陈' });
});

async function checked(draft: Broadcast): Promise<Broadcast> {
  await startCheck(world.deps, people.marketer, draft.id);
  await planBroadcast(world.deps, { broadcastId: draft.id });
  return getBroadcast(world.deps.db, draft.id);
}

async function reasonOf(draft: Broadcast, { id }: Contact): Promise<string | null> {
  const plan = await planOf(world.deps, await checked(draft));
  return plan.get(id)?.reason ?? null;
}

const bind = (contact: Contact, customer: { id: string }, deps: Deps = world.deps) =>
  deps.db.binding.create({ data: { contactId: contact.id, customerId: customer.id, reasons: [] } });
const chat = (contact: Contact, member: Member, lastMessageAt: string) =>
  world.deps.db.conversation.create({ data: { contactId: contact.id, memberId: member.id, lastMessageAt } });

describe('who is sent a broadcast', () => {
  test('everybody of the segment is a target, held out, or left out with a reason', async () => {
    const { deps } = world;
    const contacts = [];
    for (let n = 0; n < 40; n++) contacts.push(await makeContact(deps, { followedBy: [n % 2 ? rep : colleague] }));
    await makeContact(deps, { platform: 'elsewhere', followedBy: [rep] });
    const draft = await checked(await makeDraft(deps, people.marketer, { holdOutPercent: 30, content: twoTexts }));
    const plan = await planOf(deps, draft);
    expect([...plan.keys()]).toEqual(contacts.map(({ id }) => id).sort());
    expect(draft).toMatchObject({ state: 'draft', planning: null, planError: null });
    const counts = draft.planCounts;
    expect(counts).toMatchObject({ segment: 40, members: 2, excluded: {} });
    expect((counts?.target ?? 0) + (counts?.holdOut ?? 0)).toBe(40);
    expect(counts?.holdOut).toBeGreaterThan(4);
    expect((counts?.variants.A ?? 0) + (counts?.variants.B ?? 0)).toBe(counts?.target);
    expect(counts?.variants.B).toBeGreaterThan(5);
    expect(await planOf(deps, await checked(draft))).toEqual(plan);
  });

  test('whoever opted out, removed us, or has nobody to send it, is left out with that reason', async () => {
    const { deps } = world;
    const left = await makeMember(deps, { status: 'left' });
    const out = await makeContact(deps, { optedOutAt: deps.now(), followedBy: [rep] });
    const removed = await makeContact(deps);
    await makeFollow(deps, removed, rep, { state: 'removed_by_contact' });
    const alone = await makeContact(deps);
    await makeFollow(deps, alone, rep, { state: 'removed_by_member' });
    await makeFollow(deps, alone, colleague, { state: 'removed_by_contact' });
    const unready = await makeContact(deps, { followedBy: [left] });
    const fine = await makeContact(deps, { followedBy: [left, rep] });
    const draft = await checked(await makeDraft(deps, people.marketer));
    const plan = await planOf(deps, draft);
    const reasons = [out, removed, alone, unready, fine].map(({ id }) => plan.get(id)?.reason);
    expect(reasons).toEqual(['opted_out', 'removed_us', 'no_sender', 'sender_unready', null]);
    expect(plan.get(fine.id)?.memberId).toBe(rep.id);
    expect(draft.planCounts).toMatchObject({ segment: 5, target: 1, excluded: { opted_out: 1, no_sender: 1 } });
  });

  test('only the members asked for send it', async () => {
    const { deps } = world;
    const both = await makeContact(deps, { followedBy: [rep, colleague] });
    const other = await makeContact(deps, { followedBy: [rep] });
    const plan = await planOf(
      deps,
      await checked(await makeDraft(deps, people.marketer, { memberIds: [colleague.id] })),
    );
    expect(plan.get(both.id)).toMatchObject({ part: 'target', memberId: colleague.id });
    expect(plan.get(other.id)).toMatchObject({ part: 'excluded', reason: 'no_sender' });
  });

  test('of several members who know a contact the rule says who sends', async () => {
    const { deps } = world;
    const third = await makeMember(deps);
    const contact = await makeContact(deps);
    await makeFollow(deps, contact, rep, { addedAt: new Date('2026-01-01') });
    await makeFollow(deps, contact, colleague, { addedAt: new Date('2026-01-02') });
    await makeFollow(deps, contact, third, { addedAt: new Date('2026-01-03') });
    const draft = await makeDraft(deps, people.marketer);
    const senderBy = async (senderRule: 'last_chat' | 'owner' | 'first_added') => {
      await deps.db.broadcast.update({
        where: { id: draft.id },
        data: { audience: { ...draft.audience, senderRule } },
      });
      return (await planOf(deps, await checked(draft))).get(contact.id)?.memberId;
    };
    expect(await senderBy('last_chat')).toBe(rep.id);
    await bind(contact, await makeCustomer(deps, { owner: colleague }));
    expect(await senderBy('last_chat')).toBe(colleague.id);
    await chat(contact, third, '2026-02-01T00:00:00Z');
    await chat(contact, rep, '2026-01-01T00:00:00Z');
    expect(await senderBy('last_chat')).toBe(third.id);
    expect(await senderBy('owner')).toBe(colleague.id);
    expect(await senderBy('first_added')).toBe(rep.id);
  });

  test('one person is written to once, whoever of us they are known to, and not at all once they opted out as anybody', async () => {
    const { deps } = world;
    const one = await makeContact(deps, { unionKey: 'u1', followedBy: [rep] });
    const two = await makeContact(deps, { unionKey: 'u1', followedBy: [colleague] });
    const three = await makeContact(deps, { followedBy: [rep] });
    const four = await makeContact(deps, { unionKey: 'u2', followedBy: [rep] });
    const five = await makeContact(deps, { unionKey: 'u2', optedOutAt: deps.now(), followedBy: [rep] });
    const company = await makeCustomer(deps, {});
    const person = await makeCustomer(deps, { kind: 'person', name: '王小明' });
    for (const contact of [two, three]) await bind(contact, person);
    for (const contact of [one, four]) await bind(contact, company);
    await chat(three, rep, '2026-02-20T00:00:00Z');
    const draft = await checked(await makeDraft(deps, people.marketer));
    const plan = await planOf(deps, draft);
    const reasons = [one, two, three, four, five].map(({ id }) => plan.get(id)?.reason);
    expect(reasons).toEqual(['duplicate_person', 'duplicate_person', null, 'person_opted_out', 'opted_out']);
    await deps.db.contact.update({ where: { id: three.id }, data: { optedOutAt: deps.now() } });
    const again = await planOf(deps, await checked(draft));
    expect([one, two, three].map(({ id }) => again.get(id)?.reason)).toEqual([
      'person_opted_out',
      'person_opted_out',
      'opted_out',
    ]);
  });

  test('whoever left the segment is in the plan no more', async () => {
    const { deps } = world;
    const contact = await makeContact(deps, { followedBy: [rep] });
    const gone = await makeContact(deps, { followedBy: [rep] });
    const draft = await checked(await makeDraft(deps, people.marketer));
    expect((await planOf(deps, draft)).size).toBe(2);
    await deps.db.contact.update({ where: { id: gone.id }, data: { platform: 'elsewhere' } });
    expect([...(await planOf(deps, await checked(draft))).keys()]).toEqual([contact.id]);
  });

  test('at a time nobody wants to be written to, nobody is', async () => {
    const { deps } = world;
    const contact = await makeContact(deps, { followedBy: [rep] });
    await saveRules(deps, { quiet: { from: '21:00', to: '09:00' } });
    const night = new Date('2026-03-05T14:00:00Z');
    expect(await reasonOf(await makeDraft(deps, people.marketer, { sendAt: night }), contact)).toBe('quiet_hours');
    const noon = new Date('2026-03-05T04:00:00Z');
    expect(await reasonOf(await makeDraft(deps, people.marketer, { sendAt: noon }), contact)).toBeNull();
  });
});

describe('a freeze', () => {
  test('of another broadcast at the same time leaves alone who is held out of the first: else they would get that one instead', async () => {
    const { deps } = world;
    for (let n = 0; n < 12; n++) await makeContact(deps, { followedBy: [rep] });
    const first = await freeze(deps, people.marketer, await makeDraft(deps, people.marketer, { holdOutPercent: 50 }));
    expect(first.planCounts?.holdOut).toBeGreaterThan(0);
    const second = async () => freeze(deps, people.marketer, await makeDraft(deps, people.marketer));
    expect((await second()).planCounts).toMatchObject({ target: 0, excluded: { overlapping: 12 } });
    await deps.db.contactTouch.deleteMany();
    await deps.db.broadcast.update({ where: { id: first.id }, data: { state: 'running' } });
    expect((await second()).planCounts, 'the first has left').toMatchObject({ target: 12 });
  });

  test('cuts calls by member, variant and what a call takes, and keeps the days free', async () => {
    const { deps } = world;
    const limits = platform.groupSends?.limits;
    if (limits) limits.contactsMax = 3;
    const contacts = [];
    for (let n = 0; n < 20; n++) contacts.push(await makeContact(deps, { followedBy: [n % 4 ? rep : colleague] }));
    const frozen = await freeze(deps, people.marketer, await makeDraft(deps, people.marketer, { content: twoTexts }));
    if (limits) limits.contactsMax = 10_000;
    expect(frozen).toMatchObject({ state: 'awaiting_approval', planCounts: { target: 20 } });
    const deliveries = await deps.db.broadcastDelivery.findMany({ where: { broadcastId: frozen.id } });
    expect(deliveries.reduce((sum, { contactCount }) => sum + contactCount, 0)).toBe(20);
    for (const delivery of deliveries) {
      const recipients = await deps.db.broadcastRecipient.findMany({ where: { deliveryId: delivery.id } });
      const keys = contacts.filter(({ id }) => recipients.some((one) => one.contactId === id)).map(({ key }) => key);
      expect(recipients.length).toBe(delivery.contactCount);
      expect(recipients.length).toBeLessThanOrEqual(3);
      expect(delivery.contactHash).toBe(contactHashOf(keys));
      expect(
        recipients.every(({ memberId, variant }) => memberId === delivery.memberId && variant === delivery.variant),
      ).toBe(true);
    }
    expect(await deps.db.contactTouch.count({ where: { broadcastId: frozen.id, state: 'reserved' } })).toBe(20);
    expect(frozen.recipientHash).toBe(await readRecipientHash(deps.db, frozen.id));
  });
});
