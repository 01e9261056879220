import { beforeEach, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import { makeContact, makeDepartment, makeFollow, makeMember, openSession } from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const http = useHttp(world);

let rep: Member;
let stranger: Member;
let as: string;

beforeEach(async () => {
  const { deps } = world;
  const east = await makeDepartment(deps);
  rep = await makeMember(deps, { departments: [east] });
  stranger = await makeMember(deps, { departments: [await makeDepartment(deps)] });
  as = await openSession(deps, await makeMember(deps, { role: 'marketing', departments: [east] }));
});

const create = (body: Record<string, unknown>) => http.ask('POST', '/api/contact-lists', { as, body });
const onList = (id: string) => ({ field: 'list.member', operator: 'is_any', value: [id] });
const nobody = '01a00000-0000-7000-8000-000000000000';

test('a list takes whom the caller sees, once each, and says how many it did not take', async () => {
  const { deps } = world;
  const [one, two, theirs] = [
    await makeContact(deps, { followedBy: [rep] }),
    await makeContact(deps, { followedBy: [rep] }),
    await makeContact(deps, { followedBy: [stranger] }),
  ];
  const made = await create({
    name: '展会名单',
    contactIds: [one.id, one.id, theirs.id, nobody],
    keys: { platform: 'wecom', keys: [one.key, two.key, 'who-is-this'] },
  });
  expect(made.status).toBe(201);
  // Not taken: whom a stranger follows, an id and a key of nobody.
  expect(made.body).toMatchObject({ name: '展会名单', count: 2 });
  const { id } = made.body as { id: string };
  const { body } = await http.ask('POST', '/api/segments/count', { as, body: { rule: onList(id) } });
  expect(body).toMatchObject({ count: 2, total: 3 });
  expect((await http.ask('GET', '/api/contact-lists', { as })).body).toMatchObject({ items: [{ id, count: 2 }] });
  expect(made.body).toMatchObject({ notTaken: 3 });
});

test('a copy of a segment holds who is in it at that moment', async () => {
  const { deps } = world;
  await makeContact(deps, { followedBy: [rep], gender: 1 });
  await makeContact(deps, { followedBy: [stranger], gender: 1 });
  const rule = { field: 'contact.gender', operator: 'is_any', value: [1] };
  const segment = await http.ask('POST', '/api/segments', { as, body: { name: '男士', rule } });
  const { id: segmentId } = segment.body as { id: string };
  const made = await create({ name: '今天的男士', segmentId });
  expect(made.body).toMatchObject({ count: 1, notTaken: 1 });
  await makeContact(deps, { followedBy: [rep], gender: 1 });
  expect((await http.ask('GET', '/api/contact-lists', { as })).body).toMatchObject({ items: [{ count: 1 }] });
});

test('a list of nobody is asked for again, and one of an unknown segment is refused', async () => {
  expect((await create({ name: '空' })).code).toBe('contact_list.empty');
  expect((await create({ name: '空', segmentId: nobody })).code).toBe('segment.unknown');
  expect(await world.deps.db.contactList.count()).toBe(0);
});

test('a list a rule names is not removed, and it is said where', async () => {
  const contact = await makeContact(world.deps, { followedBy: [rep] });
  const { id } = (await create({ name: '展会', contactIds: [contact.id] })).body as { id: string };
  const rule = { all: [{ not: onList(id) }] };
  const segment = (await http.ask('POST', '/api/segments', { as, body: { name: '除了展会', rule } })).body as {
    id: string;
  };
  const refused = await http.ask('DELETE', `/api/contact-lists/${id}`, { as });
  expect(refused).toMatchObject({
    status: 409,
    code: 'contact_list.in_use',
    body: { error: { detail: { usedBy: [{ kind: 'segment', id: segment.id, name: '除了展会' }] } } },
  });
  await http.ask('DELETE', `/api/segments/${segment.id}`, { as });
  expect((await http.ask('DELETE', `/api/contact-lists/${id}`, { as })).status).toBe(200);
  expect((await http.ask('DELETE', `/api/contact-lists/${id}`, { as })).code).toBe('contact_list.unknown');
  expect(await world.deps.db.contactListEntry.count()).toBe(0);
});

const match = (text: string) => http.ask('POST', '/api/contact-lists/match', { as, body: { text } });

test('a pasted text finds people by id, key, phone number, name and what their rep calls them; the rest is told by line', async () => {
  const { deps } = world;
  const byId = await makeContact(deps, { followedBy: [rep] });
  const byKey = await makeContact(deps, { followedBy: [rep], key: 'wmByKey' });
  const byPhone = await makeContact(deps);
  await makeFollow(deps, byPhone, rep, { phones: ['138 0013 8000'] });
  const byName = await makeContact(deps, { followedBy: [rep], name: '陈晓' });
  const byRemark = await makeContact(deps, { name: '无名' });
  await makeFollow(deps, byRemark, rep, { remark: '恒达王总' });
  await makeContact(deps, { followedBy: [rep], name: '张伟' });
  await makeContact(deps, { followedBy: [rep], name: '张伟' });
  const theirs = await makeContact(deps, { followedBy: [stranger], name: '别人的客户' });
  const lines = [
    byId.id,
    'wmByKey',
    '+86 138-0013-8000',
    '陈晓',
    '恒达王总',
    '张伟',
    theirs.id,
    '别人的客户',
    '',
    '查无此人',
    '陈晓',
  ];
  const { status, body } = await match(lines.join('\r\n'));
  expect(status).toBe(200);
  expect(body).toEqual({
    // An empty line is none.
    lines: 10,
    contactIds: [byId, byKey, byPhone, byName, byRemark].map(({ id }) => id),
    unmatched: [
      { line: 6, said: '张伟', why: 'several', count: 2 },
      { line: 7, said: theirs.id, why: 'unknown', count: 0 },
      { line: 8, said: '别人的客户', why: 'unknown', count: 0 },
      { line: 10, said: '查无此人', why: 'unknown', count: 0 },
      { line: 11, said: '陈晓', why: 'twice', count: 1 },
    ],
  });
  expect(await deps.db.contactList.count()).toBe(0);
});

test('of a file with headings the surest column that is filled in counts, and a row without one is told', async () => {
  const { deps } = world;
  const one = await makeContact(deps, { name: '李雷' });
  await makeFollow(deps, one, rep, { phones: ['13900139000'] });
  const two = await makeContact(deps, { followedBy: [rep], name: '韩,梅' });
  const file = '\uFEFF公司,姓名,手机号\n恒达,不是李雷,13900139000\n"一, 二","韩,梅",\n只有公司,,\n';
  expect((await match(file)).body).toEqual({
    lines: 3,
    contactIds: [one.id, two.id],
    unmatched: [{ line: 4, said: '', why: 'empty', count: 0 }],
  });
});

test('a file with an open quotation mark, and one that is too long, is refused with a sentence', async () => {
  const open = await match('姓名\n"陈晓');
  expect(open).toMatchObject({ status: 400, code: 'contact_list.unreadable' });
  const long = await match(Array.from({ length: 10_001 }, (_, n) => `n${n}`).join('\n'));
  expect(long).toMatchObject({ status: 400, code: 'contact_list.too_long' });
  expect((await match(' ')).code).toBe('request.invalid');
});

test('the lists say what uses them', async () => {
  const contact = await makeContact(world.deps, { followedBy: [rep] });
  const { id } = (await create({ name: '展会', contactIds: [contact.id] })).body as { id: string };
  const rule = { all: [{ not: onList(id) }] };
  await http.ask('POST', '/api/segments', { as, body: { name: '除了展会', rule } });
  expect((await http.ask('GET', '/api/contact-lists', { as })).body).toMatchObject({
    items: [{ id, usedBy: [{ kind: 'segment', name: '除了展会' }] }],
  });
});
