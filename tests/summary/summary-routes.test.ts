import { beforeEach, expect, test } from 'vitest';
import { sealJson } from '#server/base/field-cipher.ts';
import type { Llm } from '#server/base/llm.ts';
import { readDraft } from '#server/summary/keep-draft.ts';
import { insertSummary } from '#server/summary/summary-store.ts';
import { viewSummary } from '#server/summary/view-summary.ts';
import { makeChat, type Chat } from '#tests/support/chat.ts';
import { callerOf, makeDepartment, makeMember, openSession } from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const silent: Llm = {
  configured: true,
  ask: async () => ({ answer: null, outcome: 'unavailable', runId: null }),
  noteDropped: async () => {},
};
const world = useWorld({ llm: silent });
const http = useHttp(world);
let chat: Chat;
let rep: string;

beforeEach(async () => {
  chat = await makeChat(world.deps);
  rep = await openSession(world.deps, chat.member);
});

const refresh = (as = rep) => http.ask('POST', '/api/summaries/refresh', { as, body: { contactId: chat.contact.id } });
const state = async () =>
  (await viewSummary(world.deps, await callerOf(world.deps, chat.member), chat.contact.id)).summaryState;

test('a rep asks for a summary again and is told at once that it is under way, then what came of it', async () => {
  await chat.say('contact', '50人版多少钱？');
  expect(await refresh()).toMatchObject({ status: 202, body: { state: 'pending' } });
  expect(await state()).toBe('pending');
  await world.jobs.drain();
  expect(await state()).toBe('unavailable');
  await refresh();
  expect(await state()).toBe('pending');
});

test('a summary asked for whose job was lost is taken up by the sweep', async () => {
  await chat.say('contact', '50人版多少钱？');
  await refresh();
  world.jobs.clear();
  world.clock.advance(120_000);
  await world.deps.jobs.add('sweep-summaries', {});
  await world.jobs.drain();
  expect(await state()).toBe('unavailable');
});

test('before anything was said there is nothing to ask for', async () => {
  expect(await refresh()).toMatchObject({ status: 202, body: { state: 'empty' } });
  expect(world.jobs.waiting).toEqual([]);
});

test('a conversation of pictures alone is told as empty, not as a model that is down', async () => {
  await chat.say('contact', '');
  await refresh();
  await world.jobs.drain();
  expect(await state()).toBe('empty');
});

test('the reply a rep is editing is kept for that rep alone, and forgotten when emptied', async () => {
  const path = `/api/reply-drafts/${chat.contact.id}`;
  const admin = await makeMember(world.deps, { role: 'admin' });
  const draft = async (member = chat.member) =>
    readDraft(world.deps, await callerOf(world.deps, member), chat.contact.id);
  expect(await http.ask('PUT', path, { as: rep, body: { text: '陈女士您好' } })).toMatchObject({ status: 200 });
  world.clock.advance(1000);
  await http.ask('PUT', path, { as: rep, body: { text: '陈女士您好，' } });
  expect(await draft()).toEqual({ text: '陈女士您好，', updatedAt: world.deps.now().toISOString() });
  expect(await draft(admin)).toBeNull();
  await http.ask('PUT', path, { as: rep, body: { text: '' } });
  expect(await draft()).toBeNull();
});

const summarised = (conversationId: string, replyDraft: string | null) =>
  insertSummary(world.deps.db, world.deps.cipher, {
    conversationId,
    at: world.deps.now(),
    statements: [],
    signals: [],
    suggestedTags: [],
    replyDraft,
    upToMessageId: null,
    messageCount: 1,
    droppedCount: 0,
    runId: null,
    promptVersion: 'summarise-conversation@1',
  });
const give = (body: object) =>
  http.ask('POST', '/api/suggestions/feedback', {
    as: rep,
    body: { contactId: chat.contact.id, summaryId: null, ...body },
  });

test('what a rep did with a suggestion is noted, with whose it was and how far they went from it, not with their words', async () => {
  const summary = await summarised(chat.conversationId, '陈女士您好，报价周五发您。');
  const verdicts = [
    { verdict: 'sent', text: '陈女士您好，报价周五发您。' },
    { verdict: 'edited', text: '陈女士您好，报价明天发您！' },
    { verdict: 'copied', text: '陈女士您好' },
    { verdict: 'sent' },
    { verdict: 'discarded' },
    { verdict: 'up' },
  ];
  for (const one of verdicts) expect(await give({ summaryId: summary.id, ...one })).toMatchObject({ status: 200 });
  const kept = await world.deps.db.suggestionFeedback.findMany({ orderBy: { id: 'asc' } });
  expect(kept.map(({ distance }) => distance)).toEqual([0, 2 / 11, 6 / 11, 0, null, null]);
  for (const { promptVersion } of kept) expect(promptVersion).toBe('summarise-conversation@1');
  expect(JSON.stringify(kept)).not.toContain('陈女士');
});

test('a draft that was asked for by itself is measured by what the model said, while that is kept', async () => {
  const { db, cipher } = world.deps;
  const run = {
    useCase: 'draft-reply',
    promptVersion: 'draft-reply@1',
    model: 'fake',
    inputHash: 'h',
    outcome: 'answered',
    contactId: chat.contact.id,
  };
  const answer = sealJson(cipher, { text: '【姓名1】您好，可以', used: [] });
  const { id: runId } = await db.modelRun.create({ data: { ...run, answer } });
  const { id: forgotten } = await db.modelRun.create({ data: run });
  expect(await give({ runId, verdict: 'edited', text: '您好，不可以' })).toMatchObject({ status: 200 });
  expect(await give({ runId: forgotten, verdict: 'edited', text: '您好' })).toMatchObject({ status: 200 });
  expect(await world.deps.db.suggestionFeedback.findMany({ orderBy: { id: 'asc' } })).toMatchObject([
    { runId, promptVersion: 'draft-reply@1', distance: 1 / 5 },
    { runId: forgotten, promptVersion: 'draft-reply@1', distance: null },
  ]);
});

test('a summary, or a draft, of another contact is refused', async () => {
  const other = await makeChat(world.deps, { member: chat.member, contactName: '李雷' });
  const summary = await summarised(other.conversationId, null);
  const refused = { status: 404, code: 'summary.unknown' };
  expect(await give({ summaryId: summary.id, verdict: 'edited' })).toMatchObject(refused);
  expect(await give({ runId: '00000000-0000-4000-8000-000000000000', verdict: 'sent' })).toMatchObject(refused);
  expect(await give({ contactId: other.contact.id, summaryId: summary.id, verdict: 'up' })).toMatchObject({
    status: 200,
  });
});

test('outside the scope a contact is as unknown as one that does not exist', async () => {
  await chat.say('contact', '50人版多少钱？');
  const elsewhere = await makeDepartment(world.deps);
  const stranger = await openSession(
    world.deps,
    await makeMember(world.deps, { role: 'manager', departments: [elsewhere] }),
  );
  const nobody = '00000000-0000-4000-8000-000000000000';
  const codes = async (as: string, contactId: string) => [
    (await http.ask('POST', '/api/summaries/refresh', { as, body: { contactId } })).code,
    (await http.ask('PUT', `/api/reply-drafts/${contactId}`, { as, body: { text: 'a' } })).code,
    (await http.ask('POST', '/api/suggestions/feedback', { as, body: { contactId, summaryId: null, verdict: 'up' } }))
      .code,
  ];
  const unknown = ['contact.unknown', 'contact.unknown', 'contact.unknown'];
  expect(await codes(stranger, chat.contact.id)).toEqual(unknown);
  expect(await codes(rep, nobody)).toEqual(unknown);
  expect(await codes(rep, chat.contact.id)).toEqual(['', '', '']);
});
