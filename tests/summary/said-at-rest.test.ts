import { expect, test } from 'vitest';
import { readConfig } from '#server/base/config.ts';
import { makeModel } from '#server/base/model.ts';
import { getSource, saveSource } from '#server/conversation/chat-source-store.ts';
import type { SidebarView } from '#server/sidebar/sidebar-api.ts';
import type { ToldSummary } from '#server/summary/summary-answer.ts';
import { columnsHolding } from '#tests/support/columns-holding.ts';
import { makeMember, openSession } from '#tests/support/factories.ts';
import { useFakeModel } from '#tests/support/fake-model.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp } from '#tests/support/http.ts';
import { tell } from '#tests/support/tell.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const fake = useFakeModel();
const world = useWorld({ platforms: [platform] });
const http = useHttp(world);

/** Said in the chat, and nowhere else: whatever holds it holds what a customer said. */
const mark = '琥珀镭射机QX7';

const answer: ToldSummary = {
  s: [
    { k: 'need', t: `要${mark}`, q: [`c1:${mark}多少钱`] },
    { k: 'ours', t: `报${mark}的价`, q: [`m2:明天下午给您报${mark}的价`] },
  ],
  g: [{ k: 'price', q: [`c1:${mark}多少钱`] }],
  r: `${mark}的报价明天下午给您`,
};

test('what was said is readable in no column of any table, whatever was made of it', async () => {
  const { deps, jobs } = world;
  const config = readConfig({ NODE_ENV: 'test', SESSION_SECRET: 'x'.repeat(32), ...fake.env() });
  const { db, cipher, metrics, log } = deps;
  deps.llm = makeModel({ config, db, cipher, metrics, log, now: () => deps.now(), retryPauseMs: 0 });
  fake.does = [{ say: JSON.stringify(answer) }];
  const as = await conversation();

  await deps.jobs.add('pull-archive', { platform: 'wecom' });
  await jobs.drain();
  const sidebar = async () =>
    (await http.ask('GET', '/api/sidebar?platform=wecom&contact=chen', { as })).body as SidebarView;
  const { contact, tasks } = await sidebar();
  const change = (task: SidebarView['tasks'][number] | undefined, verb: string) =>
    http.ask('POST', `/api/tasks/${task?.id}/${verb}`, { as, body: { version: task?.version } });
  expect(await change(tasks[0], 'accept')).toMatchObject({ status: 200 });
  const [accepted] = (await sidebar()).tasks;
  const edit = { as, body: { version: accepted?.version, title: `${mark}：报价` } };
  expect(await http.ask('PATCH', `/api/tasks/${accepted?.id}`, edit)).toMatchObject({ status: 200 });
  await http.ask('PUT', `/api/reply-drafts/${contact.id}`, { as, body: { text: `您好，${mark}` } });
  await http.ask('POST', '/api/scores/override', { as, body: { contactId: contact.id, value: 80, reason: '老客户' } });
  await http.ask('POST', '/api/conversations/paste', {
    as,
    body: { contactId: contact.id, text: `陈女士 09:40 还要${mark}的样册` },
  });

  // All of it is there for those who may read it.
  const seen = await sidebar();
  for (const part of [seen.summary?.statements, seen.summary?.replyDraft, seen.score?.factors, seen.tasks, seen.draft])
    expect(JSON.stringify(part)).toContain(mark);
  world.clock.set('2026-03-03T00:00:00.000Z');
  await deps.jobs.add('remind-due-tasks', {});
  await jobs.drain();
  expect(platform.notices[0]?.text).toContain(mark);

  expect(await columnsHolding(deps.pool, '陈女士')).toContain('public.Contact.name');
  expect(await columnsHolding(deps.pool, mark)).toEqual([]);
});

/** A contact and a rep who wrote to each other; answers the rep's session. */
async function conversation(): Promise<string> {
  const { deps } = world;
  const { archive } = platform;
  if (!archive) throw new Error('The platform has no archive.');
  platform.addContact('chen', { name: '陈女士', follows: ['lin'] });
  const lin = await makeMember(deps, { key: 'lin', name: '林晓' });
  platform.addMember('lin');
  await tell(deps, 'wecom', { kind: 'contact_added', contact: 'chen', member: 'lin', half: false });
  archive.consents.set('chen:lin', 'agreed');
  const said = (minute: number) => new Date(deps.now().getTime() - 3_600_000 + minute * 60_000);
  archive.say('chen', 'lin', `你好，${mark}多少钱？`, { at: said(1) });
  archive.say('lin', 'chen', `明天下午给您报${mark}的价`, { at: said(2) });
  archive.say('chen', 'lin', '', {
    at: said(3),
    kind: 'file',
    media: { name: `${mark}.pdf`, bytes: 10, reference: 'file-1' },
  });
  const { id } = await getSource(deps.db, 'wecom', 'archive');
  await saveSource(deps.db, id, { modelAllowed: true });
  return openSession(deps, lin);
}
