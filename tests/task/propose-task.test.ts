import { expect, test } from 'vitest';
import { insertMessages } from '#server/conversation/conversation-store.ts';
import { changeTask } from '#server/task/change-task.ts';
import { proposeTasks, type SpokenPromise } from '#server/task/propose-task.ts';
import { dismiss } from '#server/task/task.ts';
import { tasksOfContact } from '#server/task/view-task.ts';
import { callerOf, makeContact, makeMember } from '#tests/support/factories.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();

async function talk() {
  const { deps } = world;
  const rep = await makeMember(deps);
  const contact = await makeContact(deps, { followedBy: [rep] });
  await insertMessages(deps.db, deps.cipher, 'wecom:archive', [
    {
      contactId: contact.id,
      memberId: rep.id,
      key: `promise-${rep.id}`,
      sender: 'member',
      // Wednesday
      at: new Date('2026-02-25T02:00:00.000Z'),
      kind: 'text',
      text: '好的，我周五前把报价发给您，样品下周一寄出。',
      media: null,
    },
  ]);
  const conversation = await deps.db.conversation.findFirstOrThrow({ where: { contactId: contact.id } });
  const message = await deps.db.message.findFirstOrThrow({ where: { conversationId: conversation.id } });
  const promise: SpokenPromise = {
    who: 'member',
    text: '发送报价',
    quote: '我周五前把报价发给您',
    messageId: message.id,
    duePhrase: '周五前',
  };
  const caller = await callerOf(deps, rep);
  const tasks = () => tasksOfContact(deps, caller, contact.id);
  return { deps, conversation, promise, caller, tasks };
}

test('a promise becomes a proposed task with its quote and its due time', async () => {
  const { deps, conversation, promise, tasks } = await talk();
  await proposeTasks(deps, conversation.id, [promise]);
  expect(await tasks()).toMatchObject([
    {
      title: '发送报价',
      state: 'proposed',
      quote: '我周五前把报价发给您',
      messageId: promise.messageId,
      dueAt: '2026-02-27T10:00:00.000Z',
    },
  ]);
});

test('a conversation summarised again proposes no promise twice', async () => {
  const { deps, conversation, promise, tasks } = await talk();
  const sample = { ...promise, text: '寄样品', quote: '样品下周一寄出', duePhrase: '下周一' };
  await proposeTasks(deps, conversation.id, [promise]);
  const again = await proposeTasks(deps, conversation.id, [
    { ...promise, text: '给客户报价' },
    { ...promise, quote: '周五前把报价发给您，' },
    { ...promise, quote: '好的，我周五前把报价发给您' },
    sample,
  ]);
  expect(again).toMatchObject({ known: 3, proposed: [{ title: '寄样品' }] });
  expect((await tasks()).map(({ title }) => title)).toEqual(['发送报价', '寄样品']);
});

test('a dismissed promise stays dismissed', async () => {
  const { deps, conversation, promise, caller, tasks } = await talk();
  await proposeTasks(deps, conversation.id, [promise]);
  const [task] = await tasks();
  await changeTask(deps, caller, task ?? { id: '', version: 0 }, dismiss);
  await proposeTasks(deps, conversation.id, [promise]);
  expect(await tasks()).toEqual([]);
});

test('two summaries at one time propose a promise once', async () => {
  const { deps, conversation, promise, tasks } = await talk();
  await Promise.all(Array.from({ length: 6 }, () => proposeTasks(deps, conversation.id, [promise])));
  expect(await tasks()).toHaveLength(1);
});

test('what the customer promised says so', async () => {
  const { deps, conversation, promise, tasks } = await talk();
  await proposeTasks(deps, conversation.id, [{ ...promise, who: 'contact', text: '确认预算' }]);
  expect((await tasks()).map(({ title }) => title)).toEqual(['客户承诺：确认预算']);
});

test('a promise without a time has no due time, and one quoted from elsewhere is not believed', async () => {
  const { deps, conversation, promise, tasks } = await talk();
  const other = await talk();
  await proposeTasks(deps, conversation.id, [
    { ...promise, duePhrase: '尽快' },
    { ...promise, messageId: other.promise.messageId },
  ]);
  expect(await tasks()).toMatchObject([{ dueAt: null }]);
});
