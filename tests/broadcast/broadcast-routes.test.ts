import { beforeEach, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import { callerOf, makeContact, makeMember, openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';
import { freeze, makeDraft, saveRules } from './planning.ts';

const world = useWorld({ platforms: [new FakePlatform('wecom')] });
const http = useHttp(world);
let marketer: Member;

beforeEach(async () => {
  await saveRules(world.deps, {});
  marketer = await makeMember(world.deps, { role: 'marketing' });
  await makeMember(world.deps, { role: 'director' });
});

const ask = async (method: string, path: string, body?: unknown, by = marketer) =>
  http.ask(method, path, { as: await openSession(world.deps, by), ...(body === undefined ? {} : { body }) });

test('of the people behind a number and in an exported table only those inside the caller’s scope have a name', async () => {
  const { deps } = world;
  const stranger = await makeMember(deps, { name: '外部销售' });
  await makeContact(deps, { name: '王小明', followedBy: [marketer] });
  await makeContact(deps, { name: '李大力', followedBy: [stranger] });
  const caller = await callerOf(deps, marketer);
  const { id } = await freeze(deps, caller, await makeDraft(deps, caller));
  const { body } = await ask('GET', `/api/broadcasts/${id}/recipients`);
  const { items } = body as { items: { name: string | null }[] };
  expect(items.map(({ name }) => name).toSorted()).toEqual(['王小明', null].toSorted());
  const table = (await ask('GET', `/api/broadcasts/${id}/export?what=recipients`)).body;
  expect(table).toContain('王小明');
  expect(table).not.toContain('李大力');

  const admin = await makeMember(deps, { role: 'admin' });
  expect((await ask('GET', `/api/broadcasts/${id}/export?what=recipients`, undefined, admin)).body).toContain('李大力');
  for (const path of ['', '/recipients', '/results', '/export', '/export?what=recipients'])
    expect((await ask('GET', `/api/broadcasts/${id}${path}`, undefined, stranger)).code, `asked of ${path}`).toBe(
      'caller.role',
    );
});

test('a time or a place in a list that there cannot be is refused with where it stands', async () => {
  const { deps } = world;
  const { id, version, name, audience, content } = await makeDraft(deps, await callerOf(deps, marketer));
  for (const sendAt of ['9999-12-31T23:59:59Z', '0000-01-01T00:00:00Z', 'morgen']) {
    const refused = await ask('PUT', `/api/broadcasts/${id}`, { version, name, audience, content, sendAt });
    expect(refused, `at ${sendAt}`).toMatchObject({ status: 400 });
    expect(JSON.stringify(refused.body)).toContain('body.sendAt');
  }
  for (const path of ['/api/broadcasts?after=x', `/api/broadcasts/${id}/recipients?after=x`])
    expect(await ask('GET', path), `asked of ${path}`).toMatchObject({ status: 400, code: 'broadcast.cursor' });
});
