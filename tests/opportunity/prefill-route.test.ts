import { expect, test } from 'vitest';
import { insertSummary } from '#server/summary/summary-store.ts';
import { makeChat } from '#tests/support/chat.ts';
import { makeContact, makeMember, openSession } from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const http = useHttp(world);

test('what the newest summary says is proposed and nothing is written; words that were recalled are proposed no more', async () => {
  const { deps } = world;
  const chat = await makeChat(deps);
  const as = await openSession(deps, chat.member);
  const said = await chat.say('contact', '预算二十万左右，月底前要签合同');
  const summary = (text: string, at: Date) =>
    insertSummary(deps.db, deps.cipher, {
      conversationId: chat.conversationId,
      at,
      statements: [
        { kind: 'budget', text, quotes: [{ messageId: said, quote: '预算二十万左右', at: at.toISOString() }] },
      ],
      signals: [],
      suggestedTags: [],
      replyDraft: null,
      upToMessageId: said,
      messageCount: 1,
      droppedCount: 0,
      runId: null,
      promptVersion: 'test',
    });
  await summary('预算十万', new Date(deps.now().getTime() - 60_000));
  await summary('预算 20 万左右', deps.now());
  const prefill = async () =>
    (await http.ask('GET', `/api/opportunities/prefill?contactId=${chat.contact.id}`, { as })).body;
  expect(await prefill()).toEqual({
    title: null,
    need: null,
    budget: '预算 20 万左右',
    amountFen: 20_000_000,
    decisionMaker: null,
    expectedOn: null,
    quotes: {
      budget: { messageId: said, quote: '预算二十万左右' },
      amountFen: { messageId: said, quote: '预算二十万左右' },
    },
  });
  expect(await deps.db.opportunity.count()).toBe(0);
  await deps.db.message.update({ where: { id: said }, data: { recalledAt: deps.now() } });
  expect(await prefill()).toMatchObject({ budget: null, amountFen: null, quotes: {} });
});

test('of a contact nothing was summarised of, nothing is proposed; of one outside the sight, nothing is told', async () => {
  const { deps } = world;
  const member = await makeMember(deps);
  const as = await openSession(deps, member);
  const mine = await makeContact(deps, { followedBy: [member] });
  const theirs = await makeContact(deps, { followedBy: [await makeMember(deps)] });
  const ask = (id: string) => http.ask('GET', `/api/opportunities/prefill?contactId=${id}`, { as });
  expect((await ask(mine.id)).body).toMatchObject({ title: null, quotes: {} });
  expect(await ask(theirs.id)).toMatchObject({ status: 404, code: 'contact.unknown' });
});
