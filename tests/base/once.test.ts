import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import { forgetRequests } from '#server/base/forget-requests.ts';
import { once, type OnceAsked } from '#server/base/once.ts';
import { Refusal } from '#server/base/refusal.ts';
import { makeMember } from '#tests/support/factories.ts';
import { untilSomebodyWaits } from '#tests/support/lock-wait.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
let me: Member;

beforeEach(async () => {
  me = await makeMember(world.deps);
});

const asked = (more: Partial<OnceAsked> = {}): OnceAsked => ({
  memberId: me.id,
  requestKey: randomUUID(),
  deed: 'mark.create',
  content: { text: '第一次' },
  ...more,
});

/** Writes a setting, whose number stands for what was made. */
function write(request: OnceAsked, hold: () => Promise<void> = async () => {}): Promise<string> {
  const { deps } = world;
  return once(deps, request, {
    first: async (take) => {
      const { id } = await deps.db.$transaction((tx) =>
        take(tx, async () => {
          const id = randomUUID();
          await tx.setting.create({ data: { key: id, value: 1 } });
          await hold();
          return { id };
        }),
      );
      return id;
    },
    again: async (id) => id,
  });
}

const written = () => world.deps.db.setting.count();
const otherRequest = { code: 'request.key', status: 409 };

describe('What is asked for with a key', () => {
  test('is done once however often it is sent, one after the other', async () => {
    const request = asked();
    const first = await write(request);
    expect([await write(request), await write(request)]).toEqual([first, first]);
    expect(await written()).toBe(1);
  });

  test('is done once when two send it at the same moment: the second waits and is answered with what the first made', async () => {
    const request = asked();
    let second: Promise<string> | undefined;
    const first = await write(request, async () => {
      second = write(request);
      await untilSomebodyWaits(world.deps);
    });
    expect(await second).toBe(first);
    expect(await written()).toBe(1);
  });

  test('is done by the second when the first, which it waited for, came to nothing', async () => {
    const request = asked();
    let second: Promise<string> | undefined;
    const first = write(request, async () => {
      second = write(request);
      await untilSomebodyWaits(world.deps);
      throw new Refusal('mark.wrong', 'No.', 422);
    });
    await expect(first).rejects.toMatchObject({ code: 'mark.wrong' });
    expect(await world.deps.db.setting.findUnique({ where: { key: await second } })).not.toBeNull();
    expect(await written()).toBe(1);
  });

  test('may be corrected and sent again with the same key after it was refused', async () => {
    const request = asked();
    const refused = write(request, () => Promise.reject(new Refusal('mark.wrong', 'No.', 422)));
    await expect(refused).rejects.toMatchObject({ code: 'mark.wrong' });
    await write({ ...request, content: { text: '改过的' } });
    expect(await written()).toBe(1);
  });

  test('is refused when somebody else sends the same key, something else is sent or something else is asked with it', async () => {
    const request = asked();
    await write(request);
    const other = await makeMember(world.deps);
    for (const change of [{ memberId: other.id }, { content: { text: '第二次' } }, { deed: 'mark.copy' }])
      await expect(write({ ...request, ...change })).rejects.toMatchObject(otherRequest);
    expect(await written()).toBe(1);
  });

  test('is refused also when somebody else sends the key at the same moment', async () => {
    const request = asked();
    const other = await makeMember(world.deps);
    let second: Promise<string> | undefined;
    await write(request, async () => {
      second = write({ ...request, memberId: other.id });
      second.catch(() => {});
      await untilSomebodyWaits(world.deps);
    });
    await expect(second).rejects.toMatchObject(otherRequest);
    expect(await written()).toBe(1);
  });
});

test('what is asked for without a key is done each time', async () => {
  const request = asked({ requestKey: undefined });
  expect(await write(request)).not.toBe(await write(request));
  expect(await written()).toBe(2);
});

test('a key says nothing of what was sent with it, and is forgotten when nobody can send it again', async () => {
  const request = asked({ content: { phone: '13800138000' } });
  await write(request);
  expect(JSON.stringify(await world.deps.db.takenRequest.findMany())).not.toContain('13800138000');
  world.clock.advance(29 * 24 * 3_600_000);
  await forgetRequests(world.deps);
  expect(await world.deps.db.takenRequest.count()).toBe(1);
  world.clock.advance(2 * 24 * 3_600_000);
  await forgetRequests(world.deps);
  expect(await world.deps.db.takenRequest.count()).toBe(0);
});
