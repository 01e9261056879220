import { beforeEach, expect, test } from 'vitest';
import { syncMembers } from '#server/member/sync-members.ts';
import { makeMember, openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp, type Answer } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const http = useHttp(world);

beforeEach(async () => {
  platform.reset();
  await makeMember(world.deps, { role: 'admin', key: 'admin' });
});

test('a member who comes back from the platform with a code has a session, and the code serves once', async () => {
  await makeMember(world.deps, { key: 'lin', name: '林晓' });
  platform.logins.set('code', 'lin');

  const answer = await logIn({ code: 'code' });
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ name: '林晓', role: 'rep', status: 'active' });
  const me = await http.ask('GET', '/api/me', { as: cookieOf(answer, 'zhike_session') });
  expect(me.body).toMatchObject({ name: '林晓', platform: 'wecom', locale: 'zh-CN' });

  expect(await logIn({ code: 'code' })).toMatchObject({ status: 401, code: 'login.code' });
});

test('the session cookie is out of reach of scripts and of other sites', async () => {
  await makeMember(world.deps, { key: 'lin' });
  platform.logins.set('code', 'lin');
  const cookie = (await logIn({ code: 'code' })).headers.getSetCookie().find((set) => set.startsWith('zhike_session'));
  expect(cookie).toMatch(/; path=\/;.*; samesite=lax; httponly$/i);
  expect(cookie).not.toMatch(/secure/i);
});

test.each([
  ['whom nobody knows', async () => {}],
  [
    'who left',
    async () => {
      await makeMember(world.deps, { key: 'lin', status: 'left' });
    },
  ],
])('an account %s is not let in', async (_, prepare) => {
  await prepare();
  platform.logins.set('code', 'lin');
  expect(await logIn({ code: 'code' })).toMatchObject({ status: 401, code: 'login.unknown_member' });
  expect(await world.deps.db.session.count()).toBe(0);
});

test('a member who came after the last sync is asked for and let in', async () => {
  platform.addMember('new', { name: '新来的' });
  platform.logins.set('code', 'new');
  expect(await logIn({ code: 'code' })).toMatchObject({ status: 200, body: { name: '新来的', role: 'rep' } });
});

test('a login that was begun in another browser, altered or too old is refused', async () => {
  await makeMember(world.deps, { key: 'lin' });
  const begin = async () => {
    const answer = await http.ask('GET', '/api/login?platform=wecom&page=/sidebar.html');
    const url = new URL((answer.body as { url: string }).url);
    expect(url.searchParams.get('redirect')).toBe('http://zhike.test/sidebar.html');
    return { state: url.searchParams.get('state') ?? '', nonce: cookieOf(answer, 'zhike_login') };
  };
  const mine = await begin();
  const other = await begin();
  expect(mine.state).toMatch(/^[\da-z]{1,128}$/i);

  for (const [state, nonce] of [
    [mine.state, other.nonce],
    [mine.state, ''],
    [`${mine.state.slice(0, -1)}x`, mine.nonce],
    ['', mine.nonce],
  ] as const) {
    expect(await logIn({ code: 'code', state }, nonce)).toMatchObject({ status: 401, code: 'login.state' });
  }
  platform.logins.set('code', 'lin');
  expect(await logIn({ code: 'code', state: mine.state }, mine.nonce)).toMatchObject({ status: 200 });

  world.clock.advance(10 * 60_000 + 1000);
  expect(await logIn({ code: 'code', state: other.state }, other.nonce)).toMatchObject({ code: 'login.state' });
});

test('logging out ends the session on the server', async () => {
  const member = await makeMember(world.deps);
  const as = await openSession(world.deps, member);
  expect((await http.ask('POST', '/api/logout', { as })).status).toBe(200);
  expect(await http.ask('GET', '/api/me', { as })).toMatchObject({ status: 401, code: 'session.missing' });
});

test('a session ends after seven days', async () => {
  await makeMember(world.deps, { key: 'lin' });
  platform.logins.set('code', 'lin');
  const as = cookieOf(await logIn({ code: 'code' }), 'zhike_session');
  world.clock.advance(7 * 24 * 3600_000 - 1);
  expect((await http.ask('GET', '/api/me', { as })).status).toBe(200);
  world.clock.advance(1);
  expect((await http.ask('GET', '/api/me', { as })).status).toBe(401);
});

test('the first to log in to a company that never had an admin is admin; nobody is before all members are known, or later', async () => {
  await world.deps.db.member.deleteMany();
  for (const key of ['early', 'first', 'second']) {
    await makeMember(world.deps, { key });
    platform.addMember(key);
    platform.logins.set(key, key);
  }
  expect(await logIn({ code: 'early' })).toMatchObject({ body: { role: 'rep' } });
  await syncMembers(world.deps, 'wecom');
  expect(await logIn({ code: 'first' })).toMatchObject({ body: { role: 'admin' } });
  await world.deps.db.member.updateMany({ where: { role: 'admin' }, data: { status: 'left' } });
  expect(await logIn({ code: 'second' })).toMatchObject({ body: { role: 'rep' } });
  expect(await world.deps.db.auditEntry.count({ where: { action: 'member.first_admin' } })).toBe(1);
});

test('an admin gives roles, each in the audit log; others may not; the last admin stays', async () => {
  const admin = await world.deps.db.member.findFirstOrThrow({ where: { role: 'admin' } });
  const rep = await makeMember(world.deps);
  const asAdmin = await openSession(world.deps, admin);
  const asRep = await openSession(world.deps, rep);
  const edit = (as: string, id: string, role: string) =>
    http.ask('PATCH', `/api/members/${id}`, { as, body: { role } });

  expect(await edit(asRep, rep.id, 'admin')).toMatchObject({ status: 403, code: 'caller.role' });
  expect(await edit(asAdmin, admin.id, 'rep')).toMatchObject({ status: 409, code: 'member.last_admin' });
  expect(await edit(asAdmin, rep.id, 'manager')).toMatchObject({ status: 200, body: { role: 'manager' } });
  expect(await edit(asAdmin, '00000000-0000-4000-8000-000000000000', 'rep')).toMatchObject({ code: 'member.unknown' });

  const entries = await world.deps.db.auditEntry.findMany();
  expect(entries).toMatchObject([
    {
      memberId: admin.id,
      action: 'member.role.changed',
      subject: `member:${rep.id}`,
      detail: { from: 'rep', to: 'manager' },
    },
  ]);
});

test('what the page needs to open the bridge comes from the platform', async () => {
  const as = await openSession(world.deps, await makeMember(world.deps));
  const url = encodeURIComponent('http://zhike.test/sidebar.html');
  expect((await http.ask('GET', `/api/host?platform=wecom&url=${url}`, { as })).body).toEqual({
    url: 'http://zhike.test/sidebar.html',
    signature: 'fake',
  });
  platform.fail('clientConfig', 'rate_limited');
  expect(await http.ask('GET', `/api/host?platform=wecom&url=${url}`, { as })).toMatchObject({
    status: 503,
    code: 'platform.busy',
  });
});

test('nothing is signed for a page that is not ours', async () => {
  const as = await openSession(world.deps, await makeMember(world.deps));
  for (const page of ['https://elsewhere.example/', 'http://zhike.test.elsewhere.example/', 'javascript:alert(1)']) {
    const url = encodeURIComponent(page);
    expect(await http.ask('GET', `/api/host?platform=wecom&url=${url}`, { as })).toMatchObject({
      status: 422,
      code: 'host.url',
    });
  }
  expect(platform.calls).toEqual([]);
});

async function logIn(given: { code: string; state?: string }, nonce = ''): Promise<Answer> {
  return http.ask('POST', '/api/login', {
    body: { platform: 'wecom', ...given },
    headers: nonce ? { Cookie: `zhike_login=${nonce}` } : {},
  });
}

function cookieOf({ headers }: Answer, name: string): string {
  return (
    headers
      .getSetCookie()
      .join('; ')
      .match(new RegExp(`${name}=([^;]*)`))?.[1] ?? ''
  );
}
