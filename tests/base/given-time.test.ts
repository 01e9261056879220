import { describe, expect, test } from 'vitest';
import { givenDay, givenTime } from '#server/base/given-time.ts';
import { makeCustomer, makeMember, openSession } from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const http = useHttp(world);

test.each(['2000-01-01T00:00:00Z', '2026-03-01T09:00:00+08:00', '2199-12-31T23:59:59Z'])('%s is a time', (text) =>
  expect(givenTime.safeParse(text).success).toBe(true),
);

test.each(['0000-01-01T00:00:00Z', '1999-12-31T23:59:59Z', '9999-12-31T23:59:59-14:00', '2200-01-01T00:00:00Z'])(
  '%s is no time that anybody plans',
  (text) => expect(givenTime.safeParse(text).success).toBe(false),
);

test('a day has the same reach', () => {
  expect(givenDay.safeParse('2026-02-28').success).toBe(true);
  expect(['0000-01-01', '2026-02-30', '9999-12-31'].some((day) => givenDay.safeParse(day).success)).toBe(false);
});

describe('over HTTP', () => {
  const from = '2026-03-02T00:00:00Z';
  test.each([
    ['fromAt', '0000-01-01T00:00:00Z', '2026-03-02T00:00:00Z'],
    ['untilAt', from, '9999-12-31T23:59:59-14:00'],
  ])(
    'a stand-in of another age is refused with its field (%s), and spoils nobody’s list',
    async (field, fromAt, untilAt) => {
      const member = await makeMember(world.deps);
      const as = await openSession(world.deps, member);
      const toMemberId = (await makeMember(world.deps)).id;
      const refused = await http.ask('POST', '/api/approval-delegates', { as, body: { toMemberId, fromAt, untilAt } });
      expect(refused).toMatchObject({ status: 400, code: 'request.invalid' });
      expect(JSON.stringify(refused.body)).toContain(`body.${field}`);
      const admin = await openSession(world.deps, await makeMember(world.deps, { role: 'admin' }));
      expect(await http.ask('GET', '/api/approval-delegates', { as: admin })).toMatchObject({ status: 200 });
    },
  );

  test('so are a due time and an expected day', async () => {
    const owner = await makeMember(world.deps);
    const as = await openSession(world.deps, owner);
    const customerId = (await makeCustomer(world.deps, { owner })).id;
    const task = { title: '发报价', customerId, dueAt: '9999-12-31T23:59:59-14:00' };
    const sale = { title: '50 人版', customerId, expectedOn: '0000-01-01' };
    expect(await http.ask('POST', '/api/tasks', { as, body: task })).toMatchObject({ status: 400 });
    expect(await http.ask('POST', '/api/opportunities', { as, body: sale })).toMatchObject({ status: 400 });
  });
});
