import { expect, test } from 'vitest';
import { forgetEvents } from '#server/inbound/forget-events.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const DAY_MS = 86_400_000;

test('events that are done are forgotten after a month; those that wait or died stay', async () => {
  const { deps } = world;
  const about = { platform: 'fake', kind: 'contact_edited', subject: 'contact:1', strand: 1, event: {} };
  const states = ['waiting', 'handled', 'ignored', 'dead'];
  for (const [days, name] of [
    [31, 'old'],
    [29, 'new'],
  ] as const) {
    const at = new Date(deps.now().getTime() - days * DAY_MS);
    await deps.db.inboundEvent.createMany({
      data: states.map((state) => ({
        ...about,
        state,
        bodyHash: Buffer.from(`${name} ${state}`),
        occurredAt: at,
        receivedAt: at,
      })),
    });
  }
  await forgetEvents(deps);
  const left = await deps.db.inboundEvent.findMany({ orderBy: { id: 'asc' } });
  expect(left.map(({ bodyHash }) => Buffer.from(bodyHash).toString())).toEqual([
    'old waiting',
    'old dead',
    ...states.map((state) => `new ${state}`),
  ]);
});
