import { beforeEach, expect, test } from 'vitest';
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

test('what a rep did with a suggestion is noted; a summary of another contact is refused', async () => {
  const other = await makeChat(world.deps, { member: chat.member, contactName: '李雷' });
  const summary = await insertSummary(world.deps.db, world.deps.cipher, {
    conversationId: other.conversationId,
    at: world.deps.now(),
    statements: [],
    signals: [],
    suggestedTags: [],
    replyDraft: null,
    upToMessageId: null,
    messageCount: 1,
    droppedCount: 0,
    runId: null,
    promptVersion: 'summarise-conversation@1',
  });
  const give = (contactId: string) =>
    http.ask('POST', '/api/suggestions/feedback', {
      as: rep,
      body: { contactId, summaryId: summary.id, verdict: 'edited' },
    });
  expect(await give(chat.contact.id)).toMatchObject({ status: 404, code: 'summary.unknown' });
  expect(await give(other.contact.id)).toMatchObject({ status: 200 });
  expect(await world.deps.db.suggestionFeedback.findMany()).toMatchObject([
    { summaryId: summary.id, contactId: other.contact.id, memberId: chat.member.id, verdict: 'edited' },
  ]);
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
