import { beforeEach, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import type { BroadcastView } from '#server/broadcast/broadcast-api.ts';
import { makeContact, makeDepartment, makeMember, openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';
import { makeSegment, oneText, runOnly, saveRules, tested } from './planning.ts';
import { getBroadcast } from '#server/broadcast/broadcast-store.ts';

const world = useWorld({ platforms: [new FakePlatform('wecom')] });
const http = useHttp(world);
let rep: Member;
let as: string;
let segmentId: string;

beforeEach(async () => {
  const { deps } = world;
  const [north, south] = [await makeDepartment(deps), await makeDepartment(deps)];
  rep = await makeMember(deps, { departments: [north] });
  const other = await makeMember(deps, { departments: [south] });
  as = await openSession(deps, await makeMember(deps, { role: 'marketing', departments: [north] }));
  await makeMember(deps, { role: 'director' });
  await makeContact(deps, { name: '看得见', followedBy: [rep] });
  await makeContact(deps, { name: '看不见', followedBy: [other] });
  segmentId = await makeSegment(deps);
  await saveRules(deps, {});
});

async function ask<Body = BroadcastView>(method: string, path: string, body?: unknown): Promise<Body> {
  const answer = await http.ask(method, path, { as, ...(body === undefined ? {} : { body }) });
  expect([answer.status, answer.code]).toEqual([method === 'POST' && path === '/api/broadcasts' ? 201 : 200, '']);
  return answer.body as Body;
}

test('a draft is written, checked, submitted and withdrawn, and names outside the scope are not told', async () => {
  const made = await ask('POST', '/api/broadcasts', { name: '春季新品', segmentId });
  expect(made).toMatchObject({ state: 'draft', plan: null, may: { edit: true, submit: true, withdraw: false } });
  expect(made.checks.map(({ code }) => code)).toEqual(['text_empty', 'not_tested']);
  const audience = { segmentId, holdOutPercent: 0 };
  const path = `/api/broadcasts/${made.id}`;
  const wish = { version: made.version, name: made.name, audience, content: oneText, sendAt: null };
  const edited = await ask('PUT', path, wish);
  expect((await ask('POST', `${path}/check`)).planning).toMatchObject({ kind: 'check', done: 0 });
  await runOnly(world.jobs, 'plan-broadcast');
  expect((await ask('GET', path)).plan).toMatchObject({ fresh: true, counts: { segment: 2, target: 2 } });

  const page = await ask<{ items: { name: string | null }[]; nextAfter: string }>('GET', `${path}/recipients?limit=1`);
  const rest = await ask<{ items: { name: string | null }[]; nextAfter: null }>(
    'GET',
    `${path}/recipients?limit=1&after=${page.nextAfter}`,
  );
  expect([...page.items, ...rest.items].map(({ name }) => name)).toEqual(['看得见', null]);
  expect(rest.nextAfter).toBeNull();

  await tested(world.deps, await getBroadcast(world.deps.db, made.id));
  expect((await ask('POST', `${path}/submit`, { version: edited.version, reason: '换季' })).state).toBe('freezing');
  await runOnly(world.jobs, 'plan-broadcast');
  const frozen = await ask('GET', path);
  expect(frozen).toMatchObject({ state: 'awaiting_approval', approval: { state: 'pending' }, checks: [] });
  expect(frozen.approval?.waitsFor).toHaveLength(1);
  expect((await ask('POST', `${path}/withdraw`, {})).state).toBe('draft');
  const { items } = await ask<{ items: { id: string }[] }>('GET', '/api/broadcasts?search=春季');
  expect(items.map(({ id }) => id)).toEqual([made.id]);
});

test.each([
  ['a cursor nobody gave', 'GET', '/api/broadcasts?after=x', undefined, 400, 'broadcast.cursor'],
  [
    'a segment that is not there',
    'POST',
    '/api/broadcasts',
    { name: 'x', segmentId: '00000000-0000-4000-8000-000000000009' },
    400,
    'broadcast.segment',
  ],
  [
    'a broadcast that is not there',
    'GET',
    '/api/broadcasts/00000000-0000-4000-8000-000000000009',
    undefined,
    404,
    'broadcast.unknown',
  ],
  ['no name', 'POST', '/api/broadcasts', { name: ' ' }, 400, 'request.invalid'],
] as const)('%s is refused with its code', async (_, method, path, body, status, code) => {
  const answer = await http.ask(method, path, { as, ...(body === undefined ? {} : { body }) });
  expect([answer.status, answer.code]).toEqual([status, code]);
});

test('more attachments than go with a message are refused, with where they are', async () => {
  const { id, version, name } = await ask('POST', '/api/broadcasts', { name: '春季新品', segmentId });
  const link = { content: { kind: 'link', title: '报价', url: 'https://example.com' } };
  const content = {
    variants: [{ key: 'A', share: 100, content: { text: '', attachments: Array.from({ length: 10 }, () => link) } }],
  };
  const body = { version, name, audience: { segmentId }, content, sendAt: null };
  const answer = await http.ask('PUT', `/api/broadcasts/${id}`, { as, body });
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({
    error: { detail: { problems: [{ path: 'body.content.variants.0.content.attachments' }] } },
  });
});

test('reps see no broadcasts, and only an admin says how many are too many', async () => {
  const asRep = await openSession(world.deps, rep);
  expect((await http.ask('GET', '/api/broadcasts', { as: asRep })).code).toBe('caller.role');
  const rules = await ask<object>('GET', '/api/settings/broadcast-rules');
  expect((await http.ask('PUT', '/api/settings/broadcast-rules', { as, body: rules })).code).toBe('caller.role');
});

test('a word the company forbids keeps a broadcast back wherever it stands, and the place is named', async () => {
  await ask('PUT', '/api/settings/sensitive-words', { forbidden: ['内部价'], allowed: [] });
  const made = await ask('POST', '/api/broadcasts', { name: '春季新品', segmentId });
  const link = { kind: 'link', title: '内部价目表', description: '', url: 'https://example.com/', pictureUrl: null };
  const content = { variants: [{ key: 'A', share: 100, content: { text: '您好', attachments: [{ content: link }] } }] };
  const wish = { version: made.version, name: made.name, audience: made.audience, content, sendAt: null };
  const { checks } = await ask('PUT', `/api/broadcasts/${made.id}`, wish);
  expect(checks.filter(({ code }) => code === 'word_forbidden')).toMatchObject([
    { level: 'block', path: 'content.variants.0.content.attachments.0', words: [{ word: '内部价' }] },
  ]);
});
