import { beforeEach, expect, test } from 'vitest';
import { roles } from '#server/base/caller.ts';
import { saveSetting } from '#server/base/setting.ts';
import { makeMember, openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp } from '#tests/support/http.ts';
import { tell } from '#tests/support/tell.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const http = useHttp(world);
const path = '/api/settings/welcome';
let marketer: string;
let as: string;

beforeEach(async () => {
  platform.reset();
  const member = await makeMember(world.deps, { role: 'marketing' });
  marketer = member.id;
  as = await openSession(world.deps, member);
});

const save = (body: unknown) => http.ask('PUT', path, { as, body });

test('nobody is welcomed until someone switches it on; the words to begin with stand on their own', async () => {
  const { status, body } = await http.ask('GET', path, { as });
  expect({ status, body }).toMatchObject({ status: 200, body: { enabled: false, bytesMax: 4000 } });
  await add();
  expect(platform.welcomes).toEqual([]);
  expect((body as { text: string }).text).toContain('{member}');
});

test('marketing changes the welcome, the next contact gets it, and the audit log says who changed it to what', async () => {
  const wish = { enabled: true, text: '{contact}您好，{member}为您服务' };
  expect(await save(wish)).toMatchObject({ status: 200, body: { ...wish, bytesMax: 4000 } });
  expect(await http.ask('GET', path, { as })).toMatchObject({ body: wish });
  expect(await world.deps.db.auditEntry.findMany({ where: { action: 'welcome.changed' } })).toMatchObject([
    { memberId: marketer, subject: 'setting:welcome', detail: wish },
  ]);
  await add();
  expect(platform.welcomes).toEqual([{ code: 'code', text: '陈女士您好，林晓为您服务' }]);
});

test('a welcome that is switched off is not sent, and its text is kept', async () => {
  await save({ enabled: false, text: '您好' });
  expect(await http.ask('GET', path, { as })).toMatchObject({ body: { enabled: false, text: '您好' } });
  await add();
  expect(platform.welcomes).toEqual([]);
});

test.each([
  ['an unknown name', '{company}您好', '{company} stands for nothing'],
  ['a name with a space', '{ member }您好', '{ member } stands for nothing'],
  ['nothing but names', '{contact}{member}', 'says nothing where a name is not known'],
  ['blanks', '   ', 'body.text'],
  ['far too much', '好'.repeat(4001), 'body.text'],
])('a text with %s is refused with the reason, and nothing changes', async (_, text, said) => {
  const answer = await save({ enabled: true, text });
  expect(answer).toMatchObject({ status: 400, code: 'request.invalid' });
  expect(JSON.stringify(answer.body)).toContain(said);
  expect(await world.deps.db.setting.count()).toBe(0);
  expect(await world.deps.db.auditEntry.count()).toBe(0);
});

test('a text with a word the company forbids is refused with the word', async () => {
  await saveSetting(world.deps.db, 'sensitive-words', { forbidden: ['返现'] }, null);
  const answer = await save({ enabled: true, text: '加我返 现' });
  expect(answer).toMatchObject({ status: 400, code: 'request.invalid' });
  expect(JSON.stringify(answer.body)).toContain('body.text: “返现” may not be said');
});

test('a text longer than the platform takes is refused with its limit', async () => {
  platform.capabilities.welcomeBytesMax = 30;
  try {
    expect(await save({ enabled: true, text: '好'.repeat(10) })).toMatchObject({ status: 200, body: { bytesMax: 30 } });
    const refused = await save({ enabled: true, text: '好'.repeat(11) });
    expect(refused).toMatchObject({ status: 400, code: 'welcome.too_long' });
    expect(await http.ask('GET', path, { as })).toMatchObject({ body: { text: '好'.repeat(10) } });
  } finally {
    platform.capabilities.welcomeBytesMax = 4000;
  }
});

test('only marketing and admins read and change the welcome', async () => {
  const statuses: Record<string, number[]> = {};
  for (const role of roles) {
    const session = await openSession(world.deps, await makeMember(world.deps, { role }));
    const read = await http.ask('GET', path, { as: session });
    const write = await http.ask('PUT', path, { as: session, body: { enabled: true, text: '您好' } });
    statuses[role] = [read.status, write.status];
  }
  const [may, mayNot] = [
    [200, 200],
    [403, 403],
  ];
  expect(statuses).toEqual({ rep: mayNot, manager: mayNot, director: mayNot, marketing: may, admin: may });
});

async function add(): Promise<void> {
  platform.welcomeCodes.add('code');
  platform.addContact('chen', { name: '陈女士', follows: ['lin'] });
  await makeMember(world.deps, { key: 'lin', name: '林晓' });
  await tell(world.deps, 'wecom', {
    kind: 'contact_added',
    contact: 'chen',
    member: 'lin',
    half: false,
    welcomeCode: 'code',
  });
  await world.jobs.drain();
}
