import { beforeEach, expect, test } from 'vitest';
import type { Prisma } from '#prisma/client/client.ts';
import { getSource } from '#server/conversation/chat-source-store.ts';
import { churn } from '#server/health/churn.ts';
import { viewHealth } from '#server/health/view-health.ts';
import { watchHealth } from '#server/health/watch-health.ts';
import { seeded } from '#server/learning/seeded.ts';
import { saveSetting } from '#server/base/setting.ts';
import { settingKey } from '#server/scoring/scoring-setting.ts';
import { trainScoring } from '#server/scoring/train-scoring.ts';
import { viewModels } from '#server/scoring/view-models.ts';
import { callerOf, makeMember } from '#tests/support/factories.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const DAY_MS = 86_400_000;
const SEED = 20_260_301;
const train = () => trainScoring(world.deps, churn, { asked: true });

let lost: string[];
let kept: string[];

beforeEach(() => {
  lost = [];
  kept = [];
});

/**
 * Customers who wrote every fortnight for a year; those who complained and were left waiting go most often. Answers nothing:
 * who went and who stayed stands in `lost` and `kept`.
 */
async function makeCustomers(count: number): Promise<void> {
  const { db, cipher, now } = world.deps;
  const random = seeded(SEED);
  const member = await makeMember(world.deps);
  const { id: sourceId } = await getSource(db, 'wecom', 'archive');
  const id = (kind: string, n: number) => `${kind}-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
  const quote = cipher.encrypt('太慢了');
  const rows = {
    contacts: [] as Prisma.ContactCreateManyInput[],
    follows: [] as Prisma.FollowCreateManyInput[],
    conversations: [] as Prisma.ConversationCreateManyInput[],
    messages: [] as Prisma.MessageCreateManyInput[],
    signals: [] as Prisma.MessageSignalCreateManyInput[],
  };
  for (let n = 0; n < count; n++) {
    const contactId = id('0c000000', n);
    // Once in three weeks: contacts of one day are looked at in one go.
    const endsAgo = 1 + 21 * Math.floor(random() * 12);
    const complains = random() < 0.5;
    const waits = random() < 0.5;
    const isLost = random() < (complains ? 0.45 : 0.1) + (waits ? 0.4 : 0);
    // Who stays is still here now; whoever goes is looked at two weeks before.
    const last = now().getTime() - (isLost ? endsAgo + 15 : 2 + Math.floor(random() * 5)) * DAY_MS;
    (isLost ? lost : kept).push(contactId);
    const addedAt = new Date(last - 400 * DAY_MS);
    const changedAt = isLost ? new Date(now().getTime() - endsAgo * DAY_MS) : addedAt;
    rows.contacts.push({ id: contactId, platform: 'wecom', key: `kept-${n}`, name: `客户${n}`, createdAt: addedAt });
    const state = isLost ? 'removed_by_contact' : 'active';
    rows.follows.push({ contactId, memberId: member.id, state, addedAt, changedAt });
    const conversationId = id('0c0c0000', n);
    // Who went is looked at once, shortly before; of who stayed any moment of the year may be looked at.
    const times = Array.from({ length: isLost ? 10 : 24 }, (_, back) => last - back * 15 * DAY_MS);
    for (const [back, time] of times.entries()) {
      const at = new Date(time);
      const messageId = id('0e0e0000', n * 1000 + back * 2);
      const common = { conversationId, sourceId, kind: 'image' };
      rows.messages.push({ ...common, id: messageId, key: `k${n}-${back}`, at, sender: 'contact' });
      if (complains && back % 3 === 0) rows.signals.push({ messageId, kind: 'negative', contactId, at, quote });
      const answeredAt = new Date(time + (waits ? 4 * DAY_MS : 3_600_000));
      const answer = { ...common, id: id('0e0e0000', n * 1000 + back * 2 + 1), key: `a${n}-${back}`, at: answeredAt };
      rows.messages.push({ ...answer, sender: 'member' });
    }
    const counts = { lastMessageAt: new Date(last), messageCount: 2 * times.length };
    rows.conversations.push({ id: conversationId, contactId, memberId: member.id, ...counts });
  }
  await db.contact.createMany({ data: rows.contacts });
  await db.follow.createMany({ data: rows.follows });
  await db.conversation.createMany({ data: rows.conversations });
  for (let from = 0; from < rows.messages.length; from += 5000)
    await db.message.createMany({ data: rows.messages.slice(from, from + 5000) });
  await db.messageSignal.createMany({ data: rows.signals });
}

const healthOf = async (contactId: string) =>
  viewHealth(world.deps, await callerOf(world.deps, await makeMember(world.deps, { role: 'admin' })), contactId);

test('below 200 lost customers the table of points says who is at risk', async () => {
  await makeCustomers(60);
  await train();
  expect(await viewModels(world.deps, 'churn')).toMatchObject({
    basis: 'rules',
    outcomes: lost.length,
    champion: null,
  });
  const [someone = ''] = kept;
  await watchHealth(world.deps, { contactIds: [someone] });
  expect((await healthOf(someone))?.basis).toBe('rules');
});

test('from those who were lost a model learns who will be; its reasons add up to the risk, and who is gone is gone', async () => {
  await makeCustomers(560);
  expect(lost.length, `seed ${SEED}`).toBeGreaterThan(200);
  await train();
  const { champion, training } = await viewModels(world.deps, 'churn');
  expect(training.error).toBe(null);
  expect(champion).toMatchObject({ target: 'churn', version: 1, decision: { outcome: 'promoted' } });
  expect(champion?.figures?.auc).toBeGreaterThan(champion?.ruleFigures?.auc ?? 1);

  await watchHealth(world.deps, { contactIds: [...kept.slice(0, 10), ...lost.slice(0, 1)] });
  for (const contactId of kept.slice(0, 10)) {
    const health = await healthOf(contactId);
    expect(health?.basis).toBe('model');
    expect(health?.factors.reduce((sum, { points }) => sum + points, 0)).toBe(health?.risk);
  }
  expect(await healthOf(lost[0] ?? '')).toMatchObject({ level: 'risk', basis: 'rules' });

  await saveSetting(world.deps.db, settingKey('churn'), { modelOn: false }, null);
  await watchHealth(world.deps, { contactIds: kept.slice(0, 1) });
  expect((await healthOf(kept[0] ?? ''))?.basis).toBe('rules');
});
