import { expect, test } from 'vitest';
import { sweepWelcomes } from '#server/channel/sweep-welcomes.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const MINUTE_MS = 60_000;

test('what became of welcomes whose job was lost is said, and old ones are forgotten', async () => {
  await owed('waits', 'waiting', -11 * MINUTE_MS);
  await owed('was being sent', 'sending', -11 * MINUTE_MS);
  await owed('may still have its answer', 'sending', -9 * MINUTE_MS);
  await owed('was sent', 'sent', -11 * MINUTE_MS);
  await owed('is old', 'sent', -31 * 24 * 60 * MINUTE_MS);
  await sweepWelcomes(world.deps);
  const rows = await world.deps.db.welcome.findMany();
  expect(Object.fromEntries(rows.map(({ codeHash, state }) => [codeHash, state]))).toEqual({
    waits: 'late',
    'was being sent': 'unknown',
    'may still have its answer': 'sending',
    'was sent': 'sent',
  });
});

async function owed(codeHash: string, state: string, endsInMs: number): Promise<void> {
  const expiresAt = new Date(world.deps.now().getTime() + endsInMs);
  const to = { platform: 'wecom', contactKey: 'chen', memberKey: 'lin', code: '' };
  await world.deps.db.welcome.create({ data: { codeHash, state, expiresAt, ...to } });
}
