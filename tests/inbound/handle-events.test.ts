import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { Refusal } from '#server/base/refusal.ts';
import { afterFailure, strandOf } from '#server/inbound/inbound-event.ts';
import { handleEvents } from '#server/inbound/handle-events.ts';
import { insertEvents } from '#server/inbound/inbound-store.ts';
import { sweepInbound } from '#server/inbound/sweep-inbound.ts';
import type { PlatformEvent } from '#server/platform/event.ts';
import { PlatformError, type PlatformErrorKind } from '#server/platform/platform-error.ts';
import { useWorld } from '#tests/support/world.ts';
import { added, edited, TestDeeds } from './test-deeds.ts';

const world = useWorld();
const deeds = new TestDeeds();
beforeEach(() => deeds.reset());

async function stored(...events: PlatformEvent[]): Promise<void> {
  for (const event of events) {
    const bodyHash = createHash('sha256').update(JSON.stringify(event)).digest('hex');
    const row = { platform: 'fake', bodyHash, event, state: 'waiting', receivedAt: world.deps.now() } as const;
    await insertEvents(world.deps.pool, world.deps.cipher, [row]);
  }
}
/** Until nothing of the contact's strand is due: as its job does, and the jobs that one adds. */
async function handle(contact: string): Promise<void> {
  const strand = strandOf('fake', `contact:${contact}`);
  do {
    world.jobs.clear();
    await handleEvents(world.deps, { strand }, deeds);
  } while (world.jobs.waiting.length > 0);
}
const rows = () => world.deps.db.inboundEvent.findMany({ orderBy: { id: 'asc' } });
const problem = (kind: PlatformErrorKind, retryAfterMs = 0) =>
  new PlatformError(kind, { platform: 'fake', call: '/contact', code: '7', message: 'wang 13800138000', retryAfterMs });

test('events of one contact are handled in the order they happened, those of one second in the order they came', async () => {
  await stored(edited('wang', 30), edited('wang', 10), added('wang', 10), edited('li', 5), edited('wang', 20));
  await handle('wang');
  expect(deeds.handled).toEqual([edited('wang', 10), added('wang', 10), edited('wang', 20), edited('wang', 30)]);
  expect((await rows()).map(({ state }) => state)).toEqual(['handled', 'handled', 'handled', 'waiting', 'handled']);
});

test('an event that comes late is handled all the same', async () => {
  await stored(edited('wang', 20));
  await handle('wang');
  await stored(edited('wang', 10));
  await handle('wang');
  expect(deeds.handled).toEqual([edited('wang', 20), edited('wang', 10)]);
});

test('more events than one job handles are handled by those it adds', async () => {
  const many = Array.from({ length: 250 }, (_, second) => edited('wang', second));
  await stored(...many.toReversed());
  await handle('wang');
  expect(deeds.handled).toEqual(many);
});

test('workers that reach for the same contact at once handle each event once, one after the other', async () => {
  const many = Array.from({ length: 30 }, (_, second) => edited('wang', second));
  await stored(...many);
  let atWork = 0;
  deeds.onHandle = async () => {
    expect(++atWork).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    atWork -= 1;
  };
  await Promise.all([handle('wang'), handle('wang'), handle('wang')]);
  expect(deeds.handled).toEqual(many);
});

test('the urgent part is done again before the deed, for a process that died in between', async () => {
  await stored(added('wang'));
  await handle('wang');
  expect(deeds.hurried).toEqual([added('wang')]);
  expect(deeds.handled).toEqual([added('wang')]);
});

test('an event that fails waits longer each time, keeps its reason without personal data, and holds back those after it', async () => {
  await stored(edited('wang', 1), edited('wang', 2));
  deeds.onHandle = () => {
    throw problem('unavailable');
  };
  await handle('wang');
  await handle('wang');
  expect(await rows()).toMatchObject([
    { state: 'waiting', attempts: 1, lastError: '/contact unavailable 7' },
    { state: 'waiting', attempts: 0, lastError: null },
  ]);
  world.clock.advance(2000);
  await handle('wang');
  expect(await rows()).toMatchObject([{ attempts: 2 }, { attempts: 0 }]);
  deeds.onHandle = () => {};
  await handle('wang');
  expect(deeds.handled).toEqual([]);
  world.clock.advance(6000);
  await handle('wang');
  expect(deeds.handled).toEqual([edited('wang', 1), edited('wang', 2)]);
  expect(await rows()).toMatchObject([
    { state: 'handled', attempts: 3, lastError: null, nextAttemptAt: null },
    { state: 'handled', attempts: 1 },
  ]);
});

test('a contact whose event has to wait holds back nobody else', async () => {
  const isBeside = (name: string) => strandOf('fake', `contact:${name}`) === strandOf('fake', 'contact:wang');
  const others = Array.from({ length: 9999 }, (_, n) => `contact${n}`)
    .filter(isBeside)
    .slice(0, 3);
  const theirs = others.map((contact) => edited(contact, 500));
  await stored(...Array.from({ length: 150 }, (_, second) => edited('wang', second)), ...theirs);
  deeds.onHandle = (event) => {
    if ('contact' in event && event.contact === 'wang') throw problem('unavailable');
  };
  await handle('wang');
  expect(deeds.handled).toEqual(theirs);
  expect(await world.deps.db.inboundEvent.count({ where: { attempts: 1, state: 'waiting' } })).toBe(1);
});

test('what a platform or a rule refuses for good is dead at once, and those after it go on', async () => {
  await stored(edited('wang', 1), edited('wang', 2), edited('wang', 3));
  const refusals = [problem('rejected'), new Refusal('contact.unknown', 'Not known.', 404)];
  deeds.onHandle = () => {
    const error = refusals.shift();
    if (error) throw error;
  };
  await handle('wang');
  expect(await rows()).toMatchObject([
    { state: 'dead', attempts: 1, lastError: '/contact rejected 7' },
    { state: 'dead', attempts: 1, lastError: 'contact.unknown' },
    { state: 'handled' },
  ]);
});

test('being too fast counts as no attempt: the event is due when the platform says, and the queue is slowed', async () => {
  await stored(edited('wang'));
  deeds.onHandle = () => {
    throw problem('rate_limited', 60_000);
  };
  await expect(handle('wang')).rejects.toThrow(PlatformError);
  const [row] = await rows();
  expect(row).toMatchObject({ state: 'waiting', attempts: 0 });
  expect(row?.nextAttemptAt?.getTime()).toBe(world.deps.now().getTime() + 60_000);
});

test('an outage of two hours kills no event; one that fails ten times is dead', () => {
  const now = new Date(0);
  let waited = 0;
  let failure = afterFailure(0, problem('unavailable'), now);
  for (let tries = 1; failure.state === 'waiting'; tries++) {
    waited += failure.nextAttemptAt?.getTime() ?? 0;
    failure = afterFailure(tries, problem('unavailable'), now);
  }
  expect(failure.attempts).toBe(10);
  expect(waited).toBeGreaterThan(2 * 3_600_000);
});

test('a stored event that this version cannot read is dead, with the reason', async () => {
  await stored(edited('wang'));
  await world.deps.pool.query(`UPDATE "InboundEvent" SET event = '{"kind":"from the future"}'`);
  await handle('wang');
  expect(await rows()).toMatchObject([{ state: 'dead', lastError: 'event.unreadable' }]);
});

test('contacts are spread over the strands', () => {
  const strands = Array.from({ length: 3200 }, (_, n) => strandOf('fake', `contact:wmAAAA${n}`));
  const loads = Map.groupBy(strands, (strand) => strand);
  expect(loads.size).toBe(32);
  expect(Math.max(...[...loads.values()].map(({ length }) => length))).toBeLessThan(150);
});

describe('the sweep', () => {
  const sweep = () => sweepInbound(world.deps, deeds);
  const told = () => world.jobs.waiting.map(({ options }) => Number(options.key)).sort();
  const strandsOf = (...contacts: string[]) => contacts.map((contact) => strandOf('fake', `contact:${contact}`)).sort();

  test('finds events that nobody was told of, and leaves the fresh ones to their own job', async () => {
    await stored(edited('wang'), edited('li'), edited('wang', 1));
    world.clock.advance(11_000);
    await stored(edited('zhao'));
    await sweep();
    expect(told()).toEqual(strandsOf('li', 'wang'));
  });

  test('finds events whose next attempt is due, and no others', async () => {
    await stored(edited('wang'));
    deeds.onHandle = () => {
      throw problem('unavailable');
    };
    await handle('wang');
    await sweep();
    expect(told()).toEqual([]);
    world.clock.advance(2000);
    await sweep();
    expect(told()).toEqual(strandsOf('wang'));
  });

  test('does the urgent part of what was stored just before a crash, and of nothing older', async () => {
    const secondsAgo = (seconds: number) =>
      (world.deps.now().getTime() - Date.parse(edited('x').occurredAt)) / 1000 - seconds;
    await stored(added('wang', secondsAgo(5)), added('li', secondsAgo(30)), edited('zhao', secondsAgo(5)));
    await sweep();
    expect(deeds.hurried, 'it may be under way').toEqual([]);
    world.clock.advance(2000);
    await sweep();
    expect(deeds.hurried).toMatchObject([{ contact: 'wang' }]);
    world.clock.advance(20_000);
    await sweep();
    expect(deeds.hurried).toHaveLength(1);
  });

  test('leaves what is handled or dead alone', async () => {
    await stored(edited('wang'), edited('li'));
    await handle('wang');
    await world.deps.pool.query(`UPDATE "InboundEvent" SET state = 'dead' WHERE subject = 'contact:li'`);
    world.clock.advance(60_000);
    await sweep();
    expect(told()).toEqual([]);
  });
});
