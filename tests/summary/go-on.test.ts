import { beforeEach, expect, test } from 'vitest';
import { readConfig } from '#server/base/config.ts';
import { makeModel } from '#server/base/model.ts';
import { saveSource } from '#server/conversation/chat-source-store.ts';
import { insertMessages, recallMessages } from '#server/conversation/conversation-store.ts';
import { refreshSummary } from '#server/summary/refresh-summary.ts';
import type { ToldSummary } from '#server/summary/summary-answer.ts';
import { viewSummary } from '#server/summary/view-summary.ts';
import { makeChat, type Chat } from '#tests/support/chat.ts';
import { fillKnowledge } from '#tests/knowledge/corpus.ts';
import { callerOf } from '#tests/support/factories.ts';
import { useFakeModel, type ModelBehaviour } from '#tests/support/fake-model.ts';
import { useWorld } from '#tests/support/world.ts';

const fake = useFakeModel();
const world = useWorld();
let chat: Chat;

beforeEach(async () => {
  const { db, cipher, metrics, log } = world.deps;
  const config = readConfig({ NODE_ENV: 'test', SESSION_SECRET: 'x'.repeat(32), ...fake.env() });
  world.deps.llm = makeModel({ config, db, cipher, metrics, log, now: () => world.deps.now(), retryPauseMs: 0 });
  chat = await makeChat(world.deps);
});

const answer = (more: Partial<ToldSummary> = {}): ModelBehaviour => ({ say: JSON.stringify({ s: [], ...more }) });
const need = (quote: string, t: string) => ({ k: 'need' as const, t, q: [quote] });
async function summarise(): Promise<void> {
  await world.deps.jobs.add('summarise-conversation', { conversationId: chat.conversationId });
  await world.jobs.drain();
}
const seen = async () => viewSummary(world.deps, await callerOf(world.deps, chat.member), chat.contact.id);
const texts = async () => (await seen()).summary?.statements.map(({ text }) => text);
const userPrompt = (call: number) => fake.asked[call]?.messages.find(({ role }) => role === 'user')?.content ?? '';
const outcome = async () => (await world.deps.db.summaryAttempt.findFirstOrThrow()).outcome;

async function recall(id: string): Promise<void> {
  const { key, sourceId } = await world.deps.db.message.findUniqueOrThrow({ where: { id } });
  await recallMessages(world.deps.db, sourceId, [{ key, at: world.deps.now() }]);
}

test('the model is told what is known and what is new, and what it does not mention stays as it was checked', async () => {
  const first = await chat.say('contact', '50人版多少钱？预算20万');
  await chat.say('member', '我算一下');
  fake.does = [
    answer({ s: [need('c1:50人版', '需要50人版'), { k: 'budget', t: '预算20万', q: ['c1:预算20万'] }], r: '好的' }),
    answer({ s: [need('c4:对接用友', '需要对接用友')], u: [{ o: 's2', t: '预算30万', q: ['c4:预算加到30万'] }] }),
  ];
  await summarise();
  const later = await chat.say('contact', '预算加到30万，要能对接用友');
  await summarise();

  expect(userPrompt(1)).toContain('<known>\ns1 need 需要50人版\ns2 budget 预算20万\n</known>');
  expect(userPrompt(1)).toMatch(/c1 .*\nm2 .*\n--\nc3 预算加到30万，要能对接用友\n/);
  // The answer cites a message that is not there: nothing of it holds.
  expect(await outcome()).toBe('unusable');
  expect(await texts()).toEqual(['需要50人版', '预算20万']);

  fake.does = [
    answer({ s: [need('c3:对接用友', '需要对接用友')], u: [{ o: 's2', t: '预算30万', q: ['c3:预算加到30万'] }] }),
  ];
  await chat.say('contact', '什么时候能用？');
  await summarise();
  const { summary, summaryState } = await seen();
  expect(summaryState).toBe('fresh');
  expect(summary).toMatchObject({
    messageCount: 4,
    statements: [
      { text: '需要50人版', quotes: [{ messageId: first, quote: '50人版' }] },
      { text: '预算30万', quotes: [{ messageId: later, quote: '预算加到30万' }] },
      { text: '需要对接用友', quotes: [{ messageId: later, quote: '对接用友' }] },
    ],
  });
});

test('what came before the model’s part is the same in every call, whoever speaks about whatever', async () => {
  await world.deps.db.tag.createMany({
    data: ['高意向', '价格敏感'].map((name, n) => ({
      platform: 'wecom',
      key: `t${n}`,
      name,
      groupKey: 'g',
      groupName: '意向',
    })),
  });
  fake.does = [answer()];
  await chat.say('contact', '50人版多少钱？');
  await summarise();
  chat = await makeChat(world.deps, { contactName: '李雷' });
  world.clock.advance(86_400_000);
  await chat.say('contact', '能试用吗？');
  await summarise();
  const system = fake.asked.map(({ messages }) => messages.find(({ role }) => role === 'system')?.content);
  expect(system).toHaveLength(2);
  expect(system[1]).toBe(system[0]);
});

test('a chat that only greets costs no call, and says that there is nothing', async () => {
  await chat.say('contact', '你好，在吗');
  await chat.say('member', '在的，陈女士您好[微笑]');
  await chat.say('contact', '好的谢谢🙏');
  fake.does = [answer()];
  await summarise();
  expect(fake.asked).toHaveLength(0);
  expect(await outcome()).toBe('only_greetings');
  expect(await seen()).toEqual({ summary: null, summaryState: 'empty' });

  await chat.say('contact', '50人版多少钱？');
  fake.does = [answer({ s: [need('c4:50人版', '需要50人版')] })];
  await summarise();
  expect(await texts()).toEqual(['需要50人版']);
});

test('thanks and goodbye after a talk cost no call: the summary goes on, without a reply to what is answered', async () => {
  await chat.say('contact', '50人版多少钱？');
  fake.does = [answer({ s: [need('c1:50人版', '需要50人版')], r: '我这就整理报价' })];
  await summarise();
  await chat.say('contact', '谢谢');
  await summarise();
  expect(await outcome()).toBe('carried');
  expect(await seen()).toMatchObject({
    summaryState: 'fresh',
    summary: { messageCount: 2, replyDraft: '我这就整理报价' },
  });
  await chat.say('member', '不客气，再见');
  await summarise();
  expect(await seen()).toMatchObject({ summaryState: 'fresh', summary: { replyDraft: null } });
  expect(fake.asked).toHaveLength(1);
  expect(await world.deps.db.summary.count()).toBe(1);
});

test('a yes to what was asked is read', async () => {
  await chat.say('member', '周三下午来贵司拜访可以吗？');
  fake.does = [answer()];
  await summarise();
  await chat.say('contact', '好的');
  await summarise();
  expect(fake.asked).toHaveLength(2);
  expect(userPrompt(1)).toMatch(/m1 周三下午来贵司拜访可以吗？\n--\nc2 好的/);
});

test('what was recalled falls without a call, and so does the reply to it', async () => {
  await chat.say('contact', '50人版多少钱？');
  const id = await chat.say('contact', '预算二十万');
  fake.does = [
    answer({
      s: [need('c1:50人版', '需要50人版'), { k: 'budget', t: '预算二十万', q: ['c2:预算二十万'] }],
      g: [{ k: 'budget', q: ['c2:预算二十万'] }],
      r: '二十万的话可以',
    }),
  ];
  await summarise();
  await recall(id);
  // At once, before anything is summarised again.
  expect((await seen()).summary).toMatchObject({ statements: [{ text: '需要50人版' }], replyDraft: null });
  await summarise();
  expect(fake.asked).toHaveLength(1);
  expect(await seen()).toMatchObject({
    summaryState: 'fresh',
    summary: { statements: [{ text: '需要50人版' }], replyDraft: null },
  });
  const { signals } = await world.deps.db.summary.findFirstOrThrow();
  expect(world.deps.cipher.decrypt(signals)).toBe('[]');
});

test('a message that comes late with an older time is read, and once', async () => {
  await chat.say('contact', '50人版多少钱？');
  fake.does = [answer({ s: [need('c1:50人版', '需要50人版')] }), answer({ s: [need('c1:对接用友', '需要对接用友')] })];
  await summarise();
  await chat.say('contact', '要对接用友', new Date(world.deps.now().getTime() - 7_200_000));
  await summarise();
  expect(userPrompt(1)).toContain('c1 要对接用友');
  expect(userPrompt(1)).not.toContain('多少钱');
  expect(await texts()).toEqual(['需要50人版', '需要对接用友']);
  await summarise();
  expect(fake.asked).toHaveLength(2);
});

test('what came from a source the model may no longer read stays on the screen and is not told', async () => {
  await chat.say('contact', '50人版多少钱？');
  fake.does = [answer({ s: [need('c1:50人版', '需要50人版')] }), answer({ s: [need('c1:培训', '需要培训')] })];
  await summarise();
  await saveSource(world.deps.db, 'wecom:archive', { modelAllowed: false });
  const { id } = await world.deps.db.chatSource.upsert({
    where: { id: 'wecom:paste' },
    create: { id: 'wecom:paste', platform: 'wecom', kind: 'paste', modelAllowed: true },
    update: { modelAllowed: true },
  });
  await insertMessages(world.deps.db, world.deps.cipher, id, [
    {
      contactId: chat.contact.id,
      memberId: chat.member.id,
      key: 'pasted',
      sender: 'contact',
      at: world.deps.now(),
      kind: 'text',
      text: '还要培训',
      media: null,
    },
  ]);
  await summarise();
  expect(userPrompt(1)).not.toMatch(/50|<known>/);
  expect(await texts()).toEqual(['需要50人版', '需要培训']);
});

test('after the prompt has changed what can be read is read again, and the old words are not told', async () => {
  await chat.say('contact', '50人版多少钱？');
  fake.does = [answer({ s: [need('c1:50人版', '需要50人版')] }), answer()];
  await summarise();
  await chat.say('contact', '还要培训');
  await summarise();
  await world.deps.db.summary.updateMany({ data: { promptVersion: 'summarise-conversation@0' } });
  fake.does = [answer({ s: [need('c1:50人版', '要买50人版')] })];
  await summarise();
  expect(userPrompt(2)).toMatch(/c1 50人版多少钱？\nc2 还要培训/);
  expect(userPrompt(2)).not.toContain('<known>');
  expect(await texts()).toEqual(['要买50人版']);
});

test('who asks for a summary again although nothing is new gets it read again from the start', async () => {
  await chat.say('contact', '50人版多少钱？');
  await chat.say('contact', '要对接用友');
  fake.does = [answer({ s: [need('c1:50人版', '需要50人版')] }), answer({ s: [need('c3:培训', '需要培训')] })];
  await summarise();
  await chat.say('contact', '还要培训');
  await summarise();
  fake.does = [answer({ s: [need('c2:对接用友', '需要对接用友')] })];
  await refreshSummary(world.deps, await callerOf(world.deps, chat.member), { contactId: chat.contact.id });
  await world.jobs.drain();
  expect(userPrompt(2)).not.toContain('<known>');
  expect(await texts()).toEqual(['需要对接用友']);
});

test.each<[string, Partial<ToldSummary>]>([
  ['speaks another language', { s: [need('c2:还要培训', 'The customer also wants training')] }],
  ['refuses', { s: [], r: '作为AI助手，我无法协助处理这个请求' }],
  ['tells of another customer', { s: [need('c2:还要培训', '请联系周建国13900139000安排培训')] }],
  ['goes on far too long', { s: [need('c2:还要培训', '还要培训'.repeat(60))] }],
])('when the model %s it is dropped and counted, and the last good summary stays', async (_, bad) => {
  await chat.say('contact', '50人版多少钱？');
  fake.does = [answer({ s: [need('c1:50人版', '需要50人版')] }), answer(bad)];
  await summarise();
  await chat.say('contact', '还要培训');
  await summarise();
  expect(await outcome()).toBe('unusable');
  expect(await seen()).toMatchObject({
    summaryState: 'unavailable',
    summary: { statements: [{ text: '需要50人版' }] },
  });
  expect((await world.deps.db.modelRun.findMany({ orderBy: { id: 'asc' } })).map((run) => run.droppedCount)).toEqual([
    0, 1,
  ]);
});

test('what the company’s documents say to an open question goes along, and what the reply names of it is kept', async () => {
  await fillKnowledge(world.deps);
  await chat.say('contact', '合同可以分期付款吗？');
  fake.does = [answer({ r: '可以的，我发您说明', rk: ['k1', 'k7'] })];
  await summarise();
  expect(userPrompt(0)).toMatch(/<docs>\nk1 .+：.+\n/);
  const { summary } = await seen();
  expect(summary?.replySources).toMatchObject([{ from: 'document' }]);
  expect(await world.deps.db.knowledgeDocument.count({ where: { uses: 1 } })).toBe(1);

  await chat.say('member', '可以分两期');
  fake.does = [answer()];
  await summarise();
  expect(userPrompt(1)).not.toContain('<docs>');
});

test('the call says whom it is about', async () => {
  await chat.say('contact', '50人版多少钱？');
  fake.does = [answer()];
  await summarise();
  expect(await world.deps.db.modelRun.findMany()).toMatchObject([{ contactId: chat.contact.id }]);
});
