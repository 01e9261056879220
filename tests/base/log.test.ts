import { expect, test } from 'vitest';
import { makeLog } from '#server/base/log.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();

test('an error about a record is logged without what the record holds', async () => {
  const wrong = { name: '林晓', role: 7 } as never;
  const err: unknown = await world.deps.db.member.create({ data: wrong }).catch((caught: unknown) => caught);
  const lines: string[] = [];
  makeLog('info', { write: (line) => void lines.push(line) }).error({ err }, 'not stored');

  expect((err as Error).message).toContain('林晓');
  expect(lines.join()).not.toContain('林晓');
  expect(lines.join()).toContain('Invalid value provided');
  expect(lines.join()).toContain('log.test.ts');
});
