import { beforeEach, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import { makeContact, makeDepartment, makeMember, openSession } from '#tests/support/factories.ts';
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
