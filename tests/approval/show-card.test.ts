import { beforeEach, describe, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import { findApproval } from '#server/approval/approval-store.ts';
import { oweCards } from '#server/approval/owe-cards.ts';
import { showCard, sweepCards } from '#server/approval/show-card.ts';
import { sealJson } from '#server/base/field-cipher.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { makeCustomer, makeMember } from '#tests/support/factories.ts';
import { useWorld } from '#tests/support/world.ts';

const phone = new FakePlatform('phone');
const chat = new FakePlatform('chat');
chat.capabilities.cardUpdates = 'once';
const world = useWorld({ platforms: [chat, phone] });

let requester: Member;
let wang: Member;
let zhao: Member;

beforeEach(async () => {
  phone.reset();
  chat.reset();
  requester = await makeMember(world.deps, { name: '李雷', platform: 'chat', key: 'lilei' });
  wang = await makeMember(world.deps, { name: '王经理', role: 'manager', platform: 'phone', key: 'wang' });
  zhao = await makeMember(world.deps, { name: '赵总', role: 'director', platform: 'phone', key: 'zhao' });
  for (const key of ['wang', 'zhao']) phone.addMember(key);
  chat.addMember('lilei');
});

async function ask(seats: { memberId: string; state?: string; level?: number }[], risk = 'low') {
  const customer = await makeCustomer(world.deps, { name: '云帆科技' });
  return world.deps.db.approval.create({
    data: {
      kind: 'discount',
      requesterId: requester.id,
      customerId: customer.id,
      title: world.deps.cipher.encrypt('云帆 50 人版'),
      reason: world.deps.cipher.encrypt('竞品更低'),
      content: sealJson(world.deps.cipher, {}),
      measure: 15,
      amountFen: 1_280_000n,
      risk,
      levels: [{ of: 'any', escalateAfterMinutes: null }],
      createdAt: world.deps.now(),
      seats: { create: seats.map(({ level = 0, state = 'open', memberId }) => ({ level, state, memberId })) },
    },
  });
}

async function owe(approvalId: string) {
  const keys = await world.deps.db.$transaction(async (tx) => {
    const approval = await findApproval(tx, world.deps.cipher, approvalId);
    return approval ? oweCards(tx, world.deps, approval) : [];
  });
  await world.deps.jobs.addAll(
    'show-card',
    keys.map((key) => ({ payload: { key }, options: { key } })),
  );
  return keys;
}

async function decided(approvalId: string, by: Member): Promise<void> {
  const now = world.deps.now();
  await world.deps.db.approvalSeat.updateMany({ where: { approvalId }, data: { state: 'closed' } });
  await world.deps.db.approvalSeat.updateMany({
    where: { approvalId, memberId: by.id },
    data: { state: 'approved', decidedAt: now },
  });
  await world.deps.db.approval.update({
    where: { id: approvalId },
    data: { state: 'approved', decidedAt: now, decidedBy: by.id },
  });
}

const cardRows = () => world.deps.db.approvalCard.findMany({ orderBy: { key: 'asc' } });
const onPhone = () => [...phone.cards.values()].toSorted((a, b) => (a.to < b.to ? -1 : 1));

describe('cards of an approval', () => {
  test('everybody who is asked gets one, and all show the decided face once one has decided', async () => {
    const { id } = await ask([{ memberId: wang.id }, { memberId: zhao.id }]);
    await owe(id);
    await world.jobs.drain();
    expect(onPhone().map(({ to, card }) => [to, card.buttons.length])).toEqual([
      ['wang', 2],
      ['zhao', 2],
    ]);

    await decided(id, wang);
    await owe(id);
    await world.jobs.drain();
    for (const { card } of onPhone()) {
      expect(card.verdict).toBe('已同意 · 王经理 · 2026-03-01 10:00');
      expect(card.buttons).toEqual([]);
    }
    expect((await cardRows()).map(({ state }) => state)).toEqual(['shown', 'shown']);
  });

  test('whoever is asked later gets theirs later', async () => {
    const { id } = await ask([{ memberId: wang.id }, { memberId: zhao.id, state: 'waiting', level: 1 }]);
    await owe(id);
    await world.jobs.drain();
    expect(onPhone().map(({ to }) => to)).toEqual(['wang']);
  });

  test('nothing new to show is not sent again', async () => {
    const { id } = await ask([{ memberId: wang.id }]);
    await owe(id);
    await world.jobs.drain();
    expect(await owe(id)).toEqual([]);
    await world.jobs.drain();
    expect(phone.called('sendCard')).toHaveLength(1);
    expect(phone.called('updateCard')).toEqual([]);
  });

  test('a card whose answer was lost is asked for again, and there is still one', async () => {
    const { id } = await ask([{ memberId: wang.id }]);
    phone.loseAnswer('sendCard');
    await owe(id);
    await world.jobs.drain();
    expect((await cardRows())[0]).toMatchObject({ state: 'owed', attempts: 1 });

    await decided(id, wang);
    await owe(id);
    world.clock.advance(60_000);
    await world.jobs.add('sweep-cards', {});
    await world.jobs.drain();
    expect(onPhone()).toHaveLength(1);
    expect(onPhone()[0]?.card.verdict).toContain('已同意');
  });

  test('one whose sender was killed in mid-call is taken over', async () => {
    const { id } = await ask([{ memberId: wang.id }]);
    await owe(id);
    world.jobs.clear();
    await world.deps.db.approvalCard.updateMany({
      data: { state: 'sending', claimedAt: world.deps.now(), attempts: 1 },
    });
    await world.jobs.add('sweep-cards', {});
    await world.jobs.drain();
    expect(phone.called('sendCard'), 'not while the call may still be under way').toEqual([]);

    world.clock.advance(3 * 60_000);
    await world.jobs.add('sweep-cards', {});
    await world.jobs.drain();
    expect(onPhone()).toHaveLength(1);
    expect((await cardRows())[0]?.state).toBe('shown');
  });

  test('a card service that is down costs no card, and the queue slows down when it is too fast', async () => {
    const { id } = await ask([{ memberId: wang.id }]);
    phone.fail('sendCard', 'unavailable');
    phone.fail('sendCard', 'rate_limited', { retryAfterMs: 5000 });
    await owe(id);
    await world.jobs.drain();
    world.clock.advance(60_000);
    await world.jobs.add('sweep-cards', {});
    await expect(world.jobs.drain()).rejects.toMatchObject({ kind: 'rate_limited' });
    world.clock.advance(120_000);
    await world.jobs.add('sweep-cards', {});
    await world.jobs.drain();
    expect(onPhone()).toHaveLength(1);
  });

  test('decided before it was ever sent, none is sent', async () => {
    const { id } = await ask([{ memberId: wang.id }]);
    await owe(id);
    await decided(id, zhao);
    await world.jobs.drain();
    expect(phone.cards.size).toBe(0);
    expect((await cardRows())[0]?.state).toBe('shown');
  });

  test('whoever no card reaches gets a message with the link', async () => {
    phone.unreachable.add('wang');
    const { id } = await ask([{ memberId: wang.id }]);
    await owe(id);
    await world.jobs.drain();
    const [notice] = await world.deps.db.notice.findMany();
    expect(notice).toMatchObject({ memberId: wang.id, path: `/inbox.html#/approvals/${id}` });
    expect((await cardRows())[0]?.state).toBe('unreached');
  });

  test('nor is the message lost with a process that dies before it writes it down', async () => {
    const { id } = await ask([{ memberId: wang.id }]);
    const [key = ''] = await owe(id);
    world.jobs.clear();
    phone.unreachable.add('wang');
    const db = new Proxy(world.deps.db, {
      get: (of, name) =>
        name === 'notice'
          ? { createMany: () => Promise.reject(new Error('killed')) }
          : (Reflect.get(of, name) as unknown),
    });
    await expect(showCard({ ...world.deps, db }, { key })).rejects.toThrow('killed');
    world.clock.advance(61_000);
    await sweepCards(world.deps);
    await world.jobs.drain();
    expect(await world.deps.db.notice.count({ where: { memberId: wang.id } })).toBe(1);
  });

  test('whoever has accounts on both gets the card where its face can change', async () => {
    await world.deps.db.memberIdentity.create({ data: { platform: 'chat', key: 'wang-too', memberId: wang.id } });
    const { id } = await ask([{ memberId: wang.id }]);
    await owe(id);
    await world.jobs.drain();
    expect(onPhone().map(({ to }) => to)).toEqual(['wang']);
    expect(chat.cards.size).toBe(0);
  });
});

describe('where a card may change once only', () => {
  let li: Member;
  beforeEach(async () => {
    li = await makeMember(world.deps, { name: '李经理', role: 'manager', platform: 'chat', key: 'li' });
    chat.addMember('li');
  });

  test('the change is kept for the decided face', async () => {
    const { id } = await ask([{ memberId: li.id }]);
    await owe(id);
    await world.jobs.drain();
    await world.deps.db.approval.update({ where: { id }, data: { revision: 2 } });
    await owe(id);
    await world.jobs.drain();
    expect(chat.called('updateCard')).toEqual([]);

    await decided(id, li);
    await owe(id);
    await world.jobs.drain();
    expect([...chat.cards.values()].map(({ card }) => card.verdict)).toEqual(['已同意 · 李经理 · 2026-03-01 10:00']);
    expect((await cardRows())[0]).toMatchObject({ state: 'shown', updateCode: null });
  });
});
