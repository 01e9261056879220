import { beforeEach, expect, test } from 'vitest';
import type { Contact, Member } from '#prisma/client/client.ts';
import type { LiveEvent } from '#server/base/live.ts';
import { scoreContact } from '#server/scoring/score-contact.ts';
import { insertScore } from '#server/scoring/scoring-store.ts';
import { viewScore } from '#server/scoring/view-score.ts';
import type { ScoreView } from '#server/scoring/scoring-api.ts';
import {
  callerOf,
  makeCustomer,
  makeDepartment,
  makeFollow,
  makeMember,
  openSession,
} from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';
import { makeChat, type Chat } from '#tests/support/chat.ts';

const world = useWorld();
const http = useHttp(world);
let chat: Chat;
let rep: string;

beforeEach(async () => {
  chat = await makeChat(world.deps, { corpName: '云杉科技' });
  rep = await openSession(world.deps, chat.member);
});

const score = () => scoreContact(world.deps, { contactId: chat.contact.id });
const view = async (contact: Contact = chat.contact, member: Member = chat.member) =>
  viewScore(world.deps, await callerOf(world.deps, member), contact.id);
const DAY_MS = 86_400_000;

test('a contact is scored from the profile and from what was said, with no summary at all', async () => {
  const customer = await makeCustomer(world.deps, { owner: chat.member, grade: 'A' });
  await world.deps.db.binding.create({
    data: {
      contactId: chat.contact.id,
      customerId: customer.id,
      role: 'decision_maker',
      reasons: [],
      madeAt: world.deps.now(),
    },
  });
  await chat.say('contact', '你好');
  await chat.say('member', '您好');
  await score();
  const found = await view();
  expect(found).toMatchObject({ value: 65, level: 'medium', method: 'rules@2', change: null, override: null });
  expect(found?.factors.map(({ key, points }) => [key, points])).toEqual([
    ['start', 20],
    ['bound', 10],
    ['role', 10],
    ['company', 5],
    ['grade', 10],
    ['active_week', 4],
    ['recency', 6],
  ]);
});

test('a score is kept when it says something new, and told to the screens then', async () => {
  const heard: LiveEvent[] = [];
  world.deps.live.subscribe([`contact.${chat.contact.id}`], (event) => heard.push(event));
  await score();
  await score();
  expect(await world.deps.db.score.count()).toBe(1);
  await chat.say('contact', '你好');
  await score();
  expect(await world.deps.db.score.count()).toBe(2);
  expect(heard.filter(({ part }) => part === 'score')).toHaveLength(2);
});

test('two jobs for one contact at once keep one score', async () => {
  await Promise.all([score(), score(), score()]);
  expect(await world.deps.db.score.count()).toBe(1);
});

test('the change is told against the score of a week ago', async () => {
  await score();
  const before = (await view())?.value ?? 0;
  world.clock.advance(8 * DAY_MS);
  await chat.say('contact', '你好');
  await score();
  expect(await view()).toMatchObject({ value: before + 10, change: 10 });
});

test('silence lowers a score without anyone telling', async () => {
  await chat.say('contact', '你好');
  await score();
  const before = (await view())?.value ?? 0;
  world.clock.advance(31 * DAY_MS);
  await world.deps.jobs.add('rescore-contacts', {});
  await world.jobs.drain();
  expect((await view())?.value).toBeLessThan(before);
});

test('a rep shows another value with a reason, it stays through new computations, and is taken back', async () => {
  await score();
  const said = { contactId: chat.contact.id, value: 90, reason: '电话里已经谈妥' };
  const overridden = await http.ask('POST', '/api/scores/override', { as: rep, body: said });
  expect(overridden).toMatchObject({
    status: 200,
    body: { value: 25, level: 'high', override: { value: 90, reason: '电话里已经谈妥', by: '王明' } },
  });
  await chat.say('contact', '你好');
  await score();
  expect(await view()).toMatchObject({ value: 35, override: { value: 90 } });

  const path = `/api/scores/override?contactId=${chat.contact.id}`;
  expect(await http.ask('DELETE', path, { as: rep })).toMatchObject({
    status: 200,
    body: { value: 35, override: null, level: 'low' },
  });
  const { body } = await http.ask('GET', `/api/scores?contactId=${chat.contact.id}`, { as: rep });
  const { items } = body as { items: ScoreView[] };
  expect(items.map(({ value, override }) => [value, override?.value ?? null])).toEqual([
    [35, null],
    [35, 90],
    [25, 90],
    [25, null],
  ]);
  const audit = await world.deps.db.auditEntry.findMany({ orderBy: { id: 'asc' } });
  expect(audit.map(({ action }) => action)).toEqual(['score.overridden', 'score.override_cleared']);
});

test('the same override sent again is not another opinion', async () => {
  await score();
  const said = { contactId: chat.contact.id, value: 90, reason: '电话里已经谈妥' };
  const first = await http.ask('POST', '/api/scores/override', { as: rep, body: said });
  world.clock.advance(60_000);
  const again = await http.ask('POST', '/api/scores/override', { as: rep, body: said });
  expect([again.status, again.body]).toEqual([first.status, first.body]);
  expect(await world.deps.db.score.count({ where: { override: { not: null } } })).toBe(1);
  await http.ask('POST', '/api/scores/override', { as: rep, body: { ...said, reason: '合同已寄出' } });
  expect(await world.deps.db.score.count({ where: { override: { not: null } } })).toBe(2);
});

test('a contact never scored is scored when a rep disagrees', async () => {
  const body = { contactId: chat.contact.id, value: 10, reason: '已选竞品' };
  expect(await http.ask('POST', '/api/scores/override', { as: rep, body })).toMatchObject({
    status: 200,
    body: { value: 25, override: { value: 10 } },
  });
});

test.each([
  ['no reason', { value: 50, reason: ' ' }],
  ['a value out of bounds', { value: 101, reason: '很好' }],
])('an override with %s is refused', async (_, more) => {
  const body = { contactId: chat.contact.id, ...more };
  expect((await http.ask('POST', '/api/scores/override', { as: rep, body })).code).toBe('request.invalid');
});

test('scores are seen and changed by those whose scope holds the contact, and by nobody else', async () => {
  const region = await makeDepartment(world.deps);
  const team = await makeDepartment(world.deps, { parent: region });
  await world.deps.db.departmentMember.create({ data: { departmentId: team.id, memberId: chat.member.id } });
  const elsewhere = await makeDepartment(world.deps);
  await score();
  const people = {
    'manager above': await makeMember(world.deps, { role: 'manager', departments: [region] }),
    admin: await makeMember(world.deps, { role: 'admin' }),
    'rep of the team': await makeMember(world.deps, { departments: [team] }),
    'director elsewhere': await makeMember(world.deps, { role: 'director', departments: [elsewhere] }),
  };
  const told: Record<string, number[]> = {};
  for (const [who, member] of Object.entries(people)) {
    const as = await openSession(world.deps, member);
    const body = { contactId: chat.contact.id, value: 1, reason: '试试' };
    const answers = [
      await http.ask('GET', `/api/scores?contactId=${chat.contact.id}`, { as }),
      await http.ask('POST', '/api/scores/override', { as, body }),
      await http.ask('DELETE', `/api/scores/override?contactId=${chat.contact.id}`, { as }),
    ];
    told[who] = answers.map(({ status }) => status);
  }
  expect(told).toEqual({
    'manager above': [200, 200, 200],
    admin: [200, 200, 200],
    'rep of the team': [404, 404, 404],
    'director elsewhere': [404, 404, 404],
  });
});

test('words a colleague was told, and words that were recalled, stand in no score', async () => {
  const messageId = await chat.say('contact', '预算一百万');
  const factors = [
    { key: 'signal.names_budget', points: 8, text: '说出预算', pointer: { messageId, quote: '一百万' } },
  ];
  const told = { contactId: chat.contact.id, at: world.deps.now(), value: 28, factors, method: 'rules@2' };
  await insertScore(world.deps.db, world.deps.cipher, told, null);
  const colleague = await makeMember(world.deps);
  await makeFollow(world.deps, chat.contact, colleague);
  const pointers = async (member: Member) => (await view(chat.contact, member))?.factors.map(({ pointer }) => pointer);

  const withoutWords = [{ field: 'conversation.messages' }];
  expect(await pointers(chat.member)).toEqual([{ messageId, quote: '一百万' }]);
  expect(await pointers(colleague)).toEqual(withoutWords);
  await world.deps.db.message.update({ where: { id: messageId }, data: { recalledAt: world.deps.now() } });
  expect(await pointers(chat.member)).toEqual(withoutWords);
});
