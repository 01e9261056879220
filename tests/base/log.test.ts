import { expect, test } from 'vitest';
import { makeLog, type LogAbout } from '#server/base/log.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const secret = '林晓 "13800138000"';

function logged(about: LogAbout): string {
  const lines: string[] = [];
  makeLog('info', { write: (line) => void lines.push(line) }).error(about, 'not stored');
  return lines.join();
}

const caught = (work: Promise<unknown>): Promise<unknown> =>
  work.then(() => undefined).catch((error: unknown) => error);

const db = () => world.deps.db;
const pool = () => world.deps.pool;

test.each<[string, () => Promise<unknown>, string]>([
  [
    'of the wrong shape',
    () => db().member.create({ data: { name: secret, role: 7 } as never }),
    'Invalid value provided',
  ],
  ['with an id that is none', () => db().contact.findMany({ where: { id: secret } }), 'type uuid'],
  ['with a number that is none', () => db().$queryRaw`SELECT ${secret}::int`, '22P02'],
  ['with a time that is none', () => pool().query('SELECT $1::timestamptz', [secret]), '22007'],
  ['with JSON that is none', () => pool().query('SELECT $1::jsonb', [secret]), '22P02'],
  [
    'that is there already',
    async () => {
      const insert = 'INSERT INTO "Setting" (key, value, "updatedAt") VALUES ($1, $2, now())';
      for (const _ of [1, 2]) await pool().query(insert, [secret, JSON.stringify(secret)]);
    },
    'Setting_pkey',
  ],
  [
    'a platform refused',
    async () => {
      const about = { platform: 'fake', call: 'remark', code: '40058', message: 'invalid mobile 13800138000' };
      throw new PlatformError('rejected', about);
    },
    'fake remark: rejected 40058 invalid mobile …',
  ],
  ['in a text a parser does not understand', async () => JSON.parse(`{"name":${secret}`) as unknown, 'SyntaxError'],
])('an error about a record %s is logged without what the record holds', async (_, work, kept) => {
  const err = await caught(work());
  expect(err).toBeInstanceOf(Error);
  const line = logged({ err });
  expect(line).toContain(kept);
  expect(line).toContain('    at ');
  for (const piece of ['林', '晓', '13800138000']) expect(line).not.toContain(piece);
});

test('a line has fields for ids, codes and numbers only: whatever else comes along is left out', () => {
  const about = { requestId: 'r1', status: 500, text: secret, body: { name: secret }, access_token: secret };
  const line = logged(about);
  expect(JSON.parse(line)).toEqual({
    level: 50,
    time: expect.any(Number),
    requestId: 'r1',
    status: 500,
    msg: 'not stored',
  });
});
