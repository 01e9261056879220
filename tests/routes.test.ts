import { healthy } from '#tests/support/healthy.ts';
import { expect, test } from 'vitest';
import { makeApp, publicPaths } from '#server/app.ts';
import { useHttp } from './support/http.ts';
import { useWorld } from './support/world.ts';

const world = useWorld();
const http = useHttp(world);

test('without a login every route is 401 unless it is on the written list', async () => {
  const { router } = makeApp(world.deps, healthy);
  const registered = router.stack.flatMap((layer) =>
    layer.methods.filter((method) => method !== 'HEAD').map((method) => [method, String(layer.path)] as const),
  );
  expect(registered.length).toBeGreaterThan(0);
  for (const [method, pattern] of registered) {
    const path = pattern.replace(/:\w+/g, '00000000-0000-4000-8000-000000000000');
    const { status, code } = await http.ask(method, path, method === 'GET' ? {} : { body: {} });
    const isPublic = (publicPaths as readonly string[]).includes(pattern);
    const isRefused = status === 401 && code === 'session.missing';
    expect({ route: `${method} ${pattern}`, isOpen: !isRefused }).toEqual({
      route: `${method} ${pattern}`,
      isOpen: isPublic,
    });
  }
});

test('a call that changes something from another site is refused, with a login too', async () => {
  const { status, code } = await http.ask('POST', '/api/logout', { headers: { Origin: 'https://elsewhere.example' } });
  expect({ status, code }).toEqual({ status: 403, code: 'request.origin' });
});
