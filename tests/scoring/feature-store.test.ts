import { beforeEach, expect, test } from 'vitest';
import { addFollowTags } from '#server/contact/follow-store.ts';
import { rawRowOf, vectorOf } from '#server/scoring/feature-block.ts';
import { readFeatures } from '#server/scoring/feature-store.ts';
import { noteSignals } from '#server/summary/signal-store.ts';
import { makeChat, type Chat } from '#tests/support/chat.ts';
import { makeCustomer } from '#tests/support/factories.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const DAY_MS = 86_400_000;
const ago = (days: number) => new Date(world.deps.now().getTime() - days * DAY_MS);
let chat: Chat;

beforeEach(async () => {
  chat = await makeChat(world.deps, { corpName: '云杉科技' });
  await world.deps.db.follow.updateMany({
    data: { addedAt: ago(100), changedAt: ago(100), addWay: 3, channel: 'expo' },
  });
});

async function known(at: Date = world.deps.now(), isPast = false) {
  const block = await readFeatures(world.deps.pool, at, { ids: [chat.contact.id] }, { isPast });
  return rawRowOf(vectorOf(block, 0), block.lexicon);
}

/** The customer's record and sale, with what changed in them ten days ago. */
async function sell() {
  const { db } = world.deps;
  const { id: customerId } = await makeCustomer(world.deps, {
    grade: 'A',
    createdAt: ago(80),
    source: '展会',
    industryCode: 'C39',
  });
  const { id: contactId } = chat.contact;
  await db.binding.create({ data: { contactId, customerId, role: 'decision_maker', reasons: [], madeAt: ago(70) } });
  const change = { customerId, version: 2, at: ago(10) };
  await db.customerChange.create({ data: { ...change, field: 'grade', before: 'C', after: 'A' } });
  const roles = { role: 'decision_maker', previousRole: 'user', action: 'role_changed', at: ago(10), reasons: [] };
  await db.bindingChange.create({ data: { contactId, customerId, ...roles } });
  const sale = { customerId, ownerId: chat.member.id, createdBy: chat.member.id, title: '', createdAt: ago(60) };
  const { id: opportunityId } = await db.opportunity.create({
    data: { ...sale, stage: 'won', stageAt: ago(10), amountFen: 1_000_000n, discountBp: 1000, updatedAt: ago(10) },
  });
  const stage = { opportunityId, version: 2, field: 'stage', at: ago(10), before: 'quoted', after: 'won' };
  await db.opportunityChange.create({ data: stage });
}

test('a contact is known by profile, sales, chat and where it came from', async () => {
  await sell();
  await chat.say('contact', '在吗', ago(3));
  await chat.say('member', '在的', new Date(ago(3).getTime() + 5 * 60_000));
  await chat.say('contact', '多少钱', ago(2.5));
  expect(await known()).toMatchObject({
    company: 1,
    position: 0,
    account: 'messenger',
    bound: 1,
    role: 'decision_maker',
    grade: 'A',
    customerKind: 'organisation',
    industry: 'C',
    customerDays: 80,
    addedDays: 100,
    colleagues: 1,
    removed: 0,
    tags: 0,
    theirs7: 2,
    theirs30: 2,
    ours30: 1,
    silentDays: 2,
    ourSilentDays: 2,
    replyMinutes: 5,
    unansweredDays: 2,
    nightShare: 0.5,
    openStage: null,
    recency: 10,
    frequency: 1,
    monetary: 9000,
    addWay: '3',
    channel: 'expo',
    source: '展会',
    weekday: '7',
    month: '3',
  });
});

test('of the past only what was known then is told: no message, tag, grade, role or sale that came later', async () => {
  await sell();
  const follow = await world.deps.db.follow.findFirstOrThrow();
  const tag = { platform: 'wecom', key: 't', name: '已成交', groupKey: 'g', groupName: '组' };
  const { id: tagId } = await world.deps.db.tag.create({ data: tag });
  await addFollowTags(world.deps.db, follow.id, [tagId], ago(9));
  await chat.say('contact', '在吗', ago(30));
  await chat.say('contact', '合同签了', ago(8));
  expect(await known(ago(20), true)).toMatchObject({
    grade: 'C',
    role: 'user',
    openStage: 'quoted',
    recency: null,
    frequency: 0,
    monetary: 0,
    tags: 0,
    theirs30: 1,
    silentDays: 10,
    customerDays: 60,
  });
  expect(await known()).toMatchObject({ grade: 'A', role: 'decision_maker', tags: 1, recency: 10 });
  expect(await known(ago(75), true)).toMatchObject({
    bound: 0,
    role: null,
    grade: null,
    openStage: null,
    addedDays: 25,
  });
});

test('what a summary found is counted for two months, once a message, and not once it was recalled', async () => {
  const old = await chat.say('contact', '多少钱', ago(61));
  const asked = await chat.say('contact', '报个价', ago(5));
  const again = await chat.say('contact', '价格呢', ago(4));
  const ours = await chat.say('member', '报价马上', ago(4));
  const quote = (messageId: string) => ({ messageId, quote: '价', at: ago(5).toISOString() });
  const signals = [{ signal: 'asks_price' as const, quotes: [old, asked, again, ours, again].map(quote) }];
  await noteSignals(world.deps.db, world.deps.cipher, chat.conversationId, signals);
  // A later summary that found nothing takes nothing back.
  await noteSignals(world.deps.db, world.deps.cipher, chat.conversationId, []);
  await noteSignals(world.deps.db, world.deps.cipher, chat.conversationId, signals);
  expect(await known()).toMatchObject({ 'signal.asks_price': 2, 'signal.negative': 0 });
  await world.deps.db.message.update({ where: { id: again }, data: { recalledAt: world.deps.now() } });
  expect(await known()).toMatchObject({ 'signal.asks_price': 1, theirs7: 1 });
});

test('a model that learned counts what is claimed from its second day on, and what is dictated never', async () => {
  const note = async (manner: 'claimed' | 'dictated', signal: 'names_budget' | 'asks_contract', days: number) => {
    const messageId = await chat.say('contact', '预算二十万，签合同', ago(days));
    const quote = { messageId, quote: '预算', at: ago(days).toISOString(), manner };
    await noteSignals(world.deps.db, world.deps.cipher, chat.conversationId, [{ signal, quotes: [quote] }]);
  };
  await note('claimed', 'names_budget', 5);
  await note('dictated', 'asks_contract', 5);
  await note('dictated', 'asks_contract', 3);
  expect(await known()).toMatchObject({ 'signal.names_budget': 0, 'signal.asks_contract': 0 });
  await note('claimed', 'names_budget', 3);
  expect(await known()).toMatchObject({ 'signal.names_budget': 2, 'signal.asks_contract': 0 });
});

test('everything a contact is known by stays the same when only gender or region is another', async () => {
  await sell();
  await world.deps.db.contact.updateMany({ data: { gender: 1 } });
  await world.deps.db.customer.updateMany({ data: { regionCode: '310115' } });
  const whom = { ids: [chat.contact.id] };
  const asIs = await readFeatures(world.deps.pool, world.deps.now(), whom);
  for (const swapped of ['gender', 'region'] as const)
    expect(await readFeatures(world.deps.pool, world.deps.now(), whom, { swapped })).toEqual(asIs);
});
