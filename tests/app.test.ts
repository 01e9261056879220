import { describe, expect, test } from 'vitest';
import { makeMember, openSession } from './support/factories.ts';
import { useHttp } from './support/http.ts';
import { useWorld } from './support/world.ts';

const world = useWorld({ env: { METRICS_TOKEN: 'a token for metrics' } });
const http = useHttp(world);

describe('a page of another site', () => {
  test.each(['/api/logout', '/API/logout', '/Api/Logout/'])(
    'cannot have a browser change something through %s',
    async (path) => {
      const as = await openSession(world.deps, await makeMember(world.deps));
      for (const Origin of ['https://elsewhere.example', 'null', 'http://zhike.test.elsewhere.example']) {
        expect(await http.ask('POST', path, { as, headers: { Origin } })).toMatchObject({ code: 'request.origin' });
      }
      expect(await world.deps.db.session.count()).toBe(1);
    },
  );

  test('is given no leave to read our answers', async () => {
    const { headers } = await http.ask('GET', '/healthz', { headers: { Origin: 'https://elsewhere.example' } });
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  test('cannot show ours in a frame, and ours runs no scripts but its own', async () => {
    const { headers } = await http.ask('GET', '/sidebar.html');
    const policy = headers.get('Content-Security-Policy') ?? '';
    expect(policy).toContain("frame-ancestors 'self'");
    expect(policy).toMatch(/script-src 'self'(;|$)/);
    expect(headers.get('Referrer-Policy')).toBe('no-referrer');
  });
});

test.each(['/api/me', '/api/customers', '/api/nothing', '/readyz'])(
  'what %s answers is kept by no cache and read as nothing else than it says',
  async (path) => {
    const as = await openSession(world.deps, await makeMember(world.deps));
    const { headers } = await http.ask('GET', path, { as });
    expect(headers.get('Cache-Control')).toBe('no-store');
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'");
  },
);

test('metrics are read with the token and with no other', async () => {
  const ask = (token: string) => http.ask('GET', '/metrics', { headers: { Authorization: `Bearer ${token}` } });
  expect((await ask('a token for metrics')).status).toBe(200);
  for (const wrong of ['', 'a token for metric', 'a token for metricz'])
    expect(await ask(wrong)).toMatchObject({ status: 401, code: 'metrics.token' });
});

test.each([
  '/api/inbound?before=99999999999999999999',
  `/api/customers?after=${Buffer.from(`0.${'-'.repeat(36)}`).toString('base64url')}`,
  `/api/live?contact=${'-'.repeat(36)}`,
  '/api/customers/%E0%A4%A',
])('an address with an id nothing can have, as %s, is refused and no fault of ours', async (path) => {
  const as = await openSession(world.deps, await makeMember(world.deps, { role: 'admin' }));
  expect((await http.ask('GET', path, { as })).status).toBe(400);
});
