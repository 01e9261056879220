import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import type { Prisma } from '#prisma/client/client.ts';
import type { Caller } from '#server/base/caller.ts';
import { sealJson } from '#server/base/field-cipher.ts';
import { forgetScores } from '#server/scoring/forget-scores.ts';
import { listScoreViews } from '#server/scoring/view-score.ts';
import { callerOf, makeMember } from '#tests/support/factories.ts';
import { seededRandom } from '#tests/support/random.ts';
import { useWorld } from '#tests/support/world.ts';
import { DAY_MS, makeHistory } from './history.ts';

const world = useWorld();
const modelId = '00000000-0000-7000-8000-00000000000a';
let caller: Caller;

beforeEach(async () => {
  caller = await callerOf(world.deps, await makeMember(world.deps, { role: 'admin' }));
});

const daysAgo = (days: number) => new Date(world.deps.now().getTime() - days * DAY_MS);
const byPoints = () => ({ method: 'rules@1', factors: sealJson(world.deps.cipher, []) });
const byModel = { method: 'lead@1', modelId, vector: new Uint8Array(4) };
const insert = (data: Prisma.ScoreCreateManyInput[]) => world.deps.db.score.createMany({ data });
const left = async (contactId: string) =>
  (await world.deps.db.score.findMany({ where: { contactId }, orderBy: { at: 'desc' } })).map(({ value }) => value);
const history = async (contactId: string) =>
  (await listScoreViews(world.deps, caller, { contactId, limit: 100 })).items;
/** What nobody was asked for a year. */
async function makeContacts(sales: number): Promise<string[]> {
  await makeHistory(world.deps, { sales, from: 300, until: 200 });
  return (await world.deps.db.contact.findMany({ select: { id: true }, orderBy: { id: 'asc' } })).map(({ id }) => id);
}

test('of old scores the newest stays, with its change, the last month, what a rep showed, the points to go back to, and what a sale was judged by', async () => {
  const [much = '', little = '', decided = ''] = await makeContacts(3);
  await world.deps.db.opportunity.updateMany({ data: { stage: 'negotiating' } });
  const rep = { override: 90, overrideReason: '刚通过电话', overrideBy: caller.memberId, overrideAt: daysAgo(200) };
  await insert([
    { contactId: much, at: daysAgo(300), value: 10, ...byPoints() },
    { contactId: much, at: daysAgo(250), value: 11, ...byPoints() },
    { contactId: much, at: daysAgo(200), value: 12, ...byModel, ...rep },
    { contactId: much, at: daysAgo(150), value: 13, ...byModel },
    { contactId: much, at: daysAgo(40), value: 14, ...byModel },
    { contactId: much, at: daysAgo(39), value: 15, ...byModel },
    { contactId: much, at: daysAgo(30), value: 16, ...byModel },
    { contactId: much, at: daysAgo(1), value: 17, ...byModel },
    { contactId: little, at: daysAgo(299), value: 30, ...byModel },
    { contactId: little, at: daysAgo(210), value: 31, ...byModel },
    { contactId: little, at: daysAgo(205), value: 32, ...byModel },
    { contactId: little, at: daysAgo(200), value: 33, ...byModel },
    { contactId: decided, at: daysAgo(120), value: 50, ...byModel },
    { contactId: decided, at: daysAgo(90), value: 51, ...byModel },
    { contactId: decided, at: daysAgo(60), value: 52, ...byModel },
    { contactId: decided, at: daysAgo(1), value: 53, ...byModel },
  ]);
  const { customerId } = await world.deps.db.binding.findFirstOrThrow({ where: { contactId: decided } });
  await world.deps.db.opportunity.updateMany({ where: { customerId }, data: { stage: 'won', stageAt: daysAgo(80) } });
  expect((await history(little))[0]).toMatchObject({ value: 33, change: 2 });

  await forgetScores(world.deps);
  expect(await left(much)).toEqual([17, 16, 15, 12, 11]);
  expect(await left(little)).toEqual([33, 32, 31]);
  expect(await left(decided)).toEqual([53, 52, 51]);
  expect((await history(little))[0]).toMatchObject({ value: 33, change: 2 });
  expect((await history(much)).map(({ change }) => change)).toEqual([1, 1, null, null, null]);
});

test('whatever the history was, what is shown of the last month is the same after as before', async () => {
  const random = seededRandom();
  console.log(`forget scores: SEED=${random.seed}`);
  const contactIds = await makeContacts(12);
  const rows = contactIds.flatMap((contactId) =>
    Array.from({ length: 2 + random.below(12) }, () => {
      const rep = random.chance(0.1) && { override: 9, overrideReason: '改', overrideBy: caller.memberId };
      const at = daysAgo(random.below(90));
      const basis = random.chance(0.3) ? byPoints() : byModel;
      return { contactId, at, value: random.below(101), ...basis, ...(rep && { ...rep, overrideAt: at }) };
    }),
  );
  const surelyOld = [80, 70, 60].map((days) => ({
    contactId: contactIds[0] ?? '',
    at: daysAgo(days),
    value: 1,
    ...byModel,
  }));
  await insert([...rows, ...surelyOld]);
  const from = daysAgo(30).toISOString();
  const shown = async (contactId: string) => {
    const items = await history(contactId);
    return items.filter(({ at }, n) => n === 0 || at >= from);
  };
  const points = (contactId: string) =>
    world.deps.db.score.findFirst({ where: { contactId, modelId: null }, orderBy: [{ at: 'desc' }, { id: 'desc' }] });
  const all = async () => Promise.all(contactIds.map(async (id) => [await shown(id), await points(id)]));
  const before = await all();
  await forgetScores(world.deps, 7);
  expect(await all()).toEqual(before);
  expect(await world.deps.db.score.count()).toBeLessThan(rows.length + surelyOld.length);
  expect(await world.deps.db.score.count({ where: { override: { not: null } } })).toBe(
    rows.filter((row) => 'override' in row).length,
  );
});

/** Gives out so many connections, and then none any more. */
function breakingPool(connections: number): pg.Pool {
  let leftOver = connections;
  const { pool } = world.deps;
  const connect = async () => {
    if (leftOver-- === 0) throw new Error('The database is gone.');
    return pool.connect();
  };
  return Object.assign(Object.create(pool) as pg.Pool, { connect, query: pool.query.bind(pool) });
}

const agesOf = (contactIds: readonly string[]) =>
  contactIds.flatMap((contactId) =>
    [300, 250, 200, 1].map((days) => ({ contactId, at: daysAgo(days), value: days % 100, ...byModel })),
  );

test('forgetting that was killed goes on where it stood, and is done once a night', async () => {
  const contactIds = await makeContacts(20);
  await world.deps.db.opportunity.updateMany({ data: { stage: 'negotiating' } });
  await insert(agesOf(contactIds));
  const count = () => world.deps.db.score.count();
  await expect(forgetScores({ ...world.deps, pool: breakingPool(4) }, 5)).rejects.toThrow('gone');
  const done = await world.deps.db.scoringWork.findUniqueOrThrow({ where: { target: 'lead' } });
  expect([done.forgetAfter, done.forgottenAt, await count()]).toEqual([contactIds[14], null, 20 * 4 - 15 * 2]);
  // What is added behind it waits for the next night: it goes on from where it stood.
  await insert(agesOf(contactIds.slice(0, 1)));
  await forgetScores(world.deps, 5);
  expect(await count()).toBe(20 * 2 + 4);
  await forgetScores(world.deps, 5);
  expect(await count()).toBe(20 * 2 + 4);
  world.clock.advance(DAY_MS);
  await forgetScores(world.deps, 5);
  expect(await count()).toBe(20 * 2 + 1);
});

test('while everybody is scored anew nothing is forgotten; afterwards it goes on', async () => {
  const contactIds = await makeContacts(4);
  await world.deps.db.opportunity.updateMany({ data: { stage: 'negotiating' } });
  await insert(agesOf(contactIds));
  const isRescoring = (rescoreRunning: boolean) =>
    world.deps.db.scoringWork.upsert({
      where: { target: 'lead' },
      create: { target: 'lead', rescoreRunning },
      update: { rescoreRunning },
    });
  await isRescoring(true);
  await forgetScores(world.deps);
  expect(await world.deps.db.score.count()).toBe(16);
  await isRescoring(false);
  await forgetScores(world.deps);
  expect(await world.deps.db.score.count()).toBe(8);
});
