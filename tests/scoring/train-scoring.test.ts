import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import { sealJson } from '#server/base/field-cipher.ts';
import { withLock } from '#server/base/lock.ts';
import { lead } from '#server/scoring/lead.ts';
import type { ScoringState } from '#server/scoring/model-api.ts';
import { rescoreContacts } from '#server/scoring/rescore-contacts.ts';
import { scoreContact } from '#server/scoring/score-contact.ts';
import { gatherRows } from '#server/scoring/gather-rows.ts';
import type { ScoreView } from '#server/scoring/scoring-api.ts';
import { trainScoring } from '#server/scoring/train-scoring.ts';
import { callerOf, makeMember, openSession } from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';
import { overrideScore } from '#server/scoring/override-score.ts';
import { viewScore } from '#server/scoring/view-score.ts';
import { DAY_MS, makeHistory } from './history.ts';

const world = useWorld();
const http = useHttp(world);
let head: Member;
let admin: string;

beforeEach(async () => {
  head = await makeMember(world.deps, { role: 'admin', name: '林管理' });
  admin = await openSession(world.deps, head);
});

const state = async () => {
  const as = await openSession(world.deps, head);
  return (await http.ask('GET', '/api/scoring-models', { as })).body as ScoringState;
};
const train = () => trainScoring(world.deps, lead, { asked: true });
const view = async (contactId: string) => {
  const { body } = await http.ask('GET', `/api/scores?contactId=${contactId}`, { as: admin });
  return (body as { items: ScoreView[] }).items;
};
const newest = async (contactId: string): Promise<ScoreView> => {
  const [item] = await view(contactId);
  if (!item) throw new Error('The contact has no score.');
  return item;
};

test('below two hundred outcomes the table of points stands, and says how many there are', async () => {
  const [contactId = ''] = await makeHistory(world.deps, { sales: 60, from: 100 });
  const asked = await http.ask('POST', '/api/scoring-models/train', { as: admin, body: { target: 'lead' } });
  expect(asked).toMatchObject({ status: 202, body: { state: 'too_few' } });
  await train();
  expect(await state()).toMatchObject({
    basis: 'rules',
    outcomes: 60,
    outcomesNeeded: 200,
    champion: null,
    others: [],
  });
  await scoreContact(world.deps, { contactId });
  expect(await newest(contactId)).toMatchObject({ method: 'rules@2', basis: 'rules', outcomes: 60 });
});

test('a model that learned takes the place of the points on evidence, scores everybody, and every score explains itself', async () => {
  const contactIds = await makeHistory(world.deps, { sales: 400, silent: 60 });
  const [contactId = ''] = contactIds;
  await scoreContact(world.deps, { contactId });
  const asked = await http.ask('POST', '/api/scoring-models/train', { as: admin, body: { target: 'lead' } });
  expect(asked.body).toEqual({ state: 'running' });
  expect((await state()).training.state).toBe('running');
  await world.jobs.drain();

  const found = await state();
  const { champion } = found;
  expect(found).toMatchObject({
    basis: 'model',
    training: { state: 'idle', error: null },
    rescoring: { total: 460, done: 460 },
  });
  expect(champion).toMatchObject({ version: 1, rows: 460, decision: { outcome: 'promoted', by: null }, warnings: [] });
  expect(champion?.decision?.low).toBeGreaterThan(0);
  expect(champion?.figures?.auc).toBeGreaterThan((champion?.ruleFigures?.auc ?? 1) + 0.05);
  expect(champion?.deciles).toHaveLength(10);
  expect(champion?.features.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
  const drivers = champion?.features.slice(0, 4).map(({ key }) => key);
  expect(drivers).toEqual(expect.arrayContaining(['grade', 'signal.asks_price']));
  expect(champion?.fairness.map(({ field, swap }) => [field, swap <= 1])).toEqual([
    ['gender', true],
    ['region', true],
  ]);
  expect((await world.deps.db.auditEntry.findMany()).map(({ action }) => action)).toContain(
    'scoring.challenger_promoted',
  );

  expect(await world.deps.db.score.count({ where: { method: 'lead@1' } })).toBe(460);
  const scores = await Promise.all(contactIds.slice(0, 40).map(newest));
  for (const score of scores) {
    expect(score).toMatchObject({ method: 'lead@1', basis: 'model', outcomes: null });
    expect(score.factors.reduce((sum, { points }) => sum + points, 0)).toBe(score.value);
  }
  // What the points said is still there as it was said.
  expect((await view(contactId)).at(-1)).toMatchObject({ method: 'rules@2', basis: 'rules' });

  const quoted = await world.deps.db.messageSignal.findFirstOrThrow({ orderBy: { at: 'desc' } });
  await scoreContact(world.deps, { contactId: quoted.contactId });
  const pointers = (await newest(quoted.contactId)).factors.flatMap(({ pointer }) =>
    'messageId' in pointer ? [pointer] : [],
  );
  expect(pointers).toEqual([{ messageId: quoted.messageId, quote: '多少钱' }]);
});

test('a second model that is no better leaves the champion where it is, until an admin says otherwise with a reason', async () => {
  await makeHistory(world.deps, { sales: 300 });
  await train();
  const before = await state();
  await train();
  const after = await state();
  expect(after.champion?.version).toBe(1);
  expect(after.others.map(({ version, decision }) => [version, decision?.outcome])).toEqual([[2, 'undecided']]);
  expect(after.champion?.id).toBe(before.champion?.id);

  const path = `/api/scoring-models/${after.others[0]?.id}/promote`;
  expect((await http.ask('POST', path, { as: admin, body: { reason: ' ' } })).code).toBe('request.invalid');
  const promoted = await http.ask('POST', path, { as: admin, body: { reason: '新模型覆盖了新渠道' } });
  expect(promoted.body).toMatchObject({
    champion: { version: 2, decision: { outcome: 'by_hand', by: '林管理', reason: '新模型覆盖了新渠道' } },
    others: [{ version: 1, state: 'retired' }],
  });
  const body = { reason: '再来一次' };
  expect(await http.ask('POST', path, { as: admin, body })).toMatchObject({ code: 'scoring.already_champion' });
  const unknown = '/api/scoring-models/00000000-0000-4000-8000-000000000000/promote';
  expect(await http.ask('POST', unknown, { as: admin, body })).toMatchObject({ code: 'scoring.model_unknown' });
});

test('back to the table of points and to the model again, for everybody, with what reps showed instead kept', async () => {
  const contactIds = await makeHistory(world.deps, { sales: 240 });
  const [known = '', shown = '', never = ''] = contactIds;
  const scored = contactIds.filter((contactId) => contactId !== never);
  const about = { at: world.deps.now(), value: 41, method: 'rules@2', factors: sealJson(world.deps.cipher, []) };
  await world.deps.db.score.createMany({ data: scored.map((contactId) => ({ contactId, ...about })) });
  const points = (await newest(known)).value;
  await train();
  await world.jobs.drain();
  const caller = await callerOf(world.deps, await makeMember(world.deps, { role: 'director', name: '周总' }));
  await overrideScore(
    world.deps,
    { ...caller, scope: { all: true } },
    { contactId: shown, value: 97, reason: '刚通过电话' },
  );
  world.clock.advance(60_000);

  const off = { target: 'lead', modelOn: false, reason: '季度末看清楚再用' };
  const chosen = await http.ask('PUT', '/api/settings/scoring', { as: admin, body: off });
  expect(chosen.body).toMatchObject({ basis: 'rules', modelOn: false, champion: { version: 1 } });
  await world.jobs.drain();
  expect(await newest(known)).toMatchObject({ method: 'rules@2', value: points });
  expect(await newest(never)).toMatchObject({ method: 'rules@2' });
  expect(await newest(shown)).toMatchObject({ method: 'rules@2', override: { value: 97 } });

  world.clock.advance(60_000);
  await http.ask('PUT', '/api/settings/scoring', { as: admin, body: { ...off, modelOn: true } });
  await world.jobs.drain();
  expect(await newest(known)).toMatchObject({ method: 'lead@1' });
  expect(await newest(shown)).toMatchObject({ method: 'lead@1', override: { value: 97 } });
  const actions = (await world.deps.db.auditEntry.findMany()).map(({ action }) => action);
  expect(actions).toEqual(expect.arrayContaining(['scoring.model_off', 'scoring.model_on']));
});

test('what a rep shows instead changes nothing a model learns from, and is held against how it came out', async () => {
  const contactIds = await makeHistory(world.deps, { sales: 30, from: 200 });
  const [contactId = ''] = contactIds;
  const learnedFrom = async () => gatherRows(world.deps, await lead.listOutcomes(world.deps, world.deps.now()));
  const before = await learnedFrom();
  const caller = await callerOf(world.deps, await makeMember(world.deps, { role: 'director' }));
  const everybody = { ...caller, scope: { all: true } as const };
  await overrideScore(world.deps, everybody, { contactId, value: 100, reason: '老客户介绍来的' });
  expect(await learnedFrom()).toEqual(before);
  expect((await state()).overrides).toEqual({ count: 1, settled: 0, repRight: 0, scoreRight: 0 });

  world.clock.advance(20 * DAY_MS);
  const { customerId } = await world.deps.db.binding.findFirstOrThrow({ where: { contactId } });
  await world.deps.db.opportunity.updateMany({
    where: { customerId },
    data: { stage: 'won', stageAt: world.deps.now() },
  });
  expect((await state()).overrides).toEqual({ count: 1, settled: 1, repRight: 1, scoreRight: 0 });
});

/** Gives out so many connections, and then none any more. */
function breakingPool(connections: number): pg.Pool {
  let left = connections;
  const { pool } = world.deps;
  const connect = async () => {
    if (left-- === 0) throw new Error('The database is gone.');
    return pool.connect();
  };
  return Object.assign(Object.create(pool) as pg.Pool, { connect, query: pool.query.bind(pool) });
}

test('rescoring that was killed goes on where it stood, scores nobody twice and leaves out nobody', async () => {
  await makeHistory(world.deps, { sales: 220 });
  await train();
  const { db } = world.deps;
  const ids = (await db.contact.findMany({ select: { id: true }, orderBy: { id: 'asc' } })).map(({ id }) => id);
  await expect(rescoreContacts({ ...world.deps, pool: breakingPool(9) }, 40)).rejects.toThrow('gone');
  const done = await db.score.count();
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(220);
  expect((await state()).rescoring).toMatchObject({ state: 'running', done, total: 220 });
  await rescoreContacts(world.deps, 40);
  const scored = await db.score.findMany({ select: { contactId: true }, orderBy: { contactId: 'asc' } });
  expect(scored.map(({ contactId }) => contactId)).toEqual(ids);
  expect((await state()).rescoring).toMatchObject({ state: 'idle', done: 220, total: 220 });

  // Killed in the middle of the news: those not done are still noted.
  await db.scoreDue.createMany({ data: ids.slice(0, 100).map((contactId) => ({ contactId })) });
  await rescoreContacts(world.deps, 40);
  expect(await db.score.count()).toBe(220);
  expect(await db.scoreDue.count()).toBe(0);
});

test('after that only those are scored of whom there is news, and once a day those whom time moves', async () => {
  const [contactId = ''] = await makeHistory(world.deps, { sales: 220 });
  await train();
  await rescoreContacts(world.deps);
  const scores = () => world.deps.db.score.count();
  const before = await scores();
  world.clock.advance(3_600_000);
  await rescoreContacts(world.deps);
  expect([await scores(), (await state()).rescoring.total]).toEqual([before, 220]);

  const { customerId } = await world.deps.db.binding.findFirstOrThrow({ where: { contactId } });
  const { grade } = await world.deps.db.customer.findUniqueOrThrow({ where: { id: customerId } });
  await world.deps.db.customer.update({
    where: { id: customerId },
    data: { grade: grade === 'A' ? 'D' : 'A', updatedAt: world.deps.now() },
  });
  world.clock.advance(3_600_000);
  await rescoreContacts(world.deps);
  expect(await scores()).toBe(before + 1);
  expect((await state()).rescoring).toMatchObject({ done: 1, total: 1 });

  world.clock.advance(DAY_MS);
  await rescoreContacts(world.deps);
  expect((await state()).rescoring.total).toBeGreaterThan(1);

  // One that died when all was done but to say so.
  await world.deps.db.scoringWork.updateMany({ data: { rescoreRunning: true } });
  world.clock.advance(3_600_000);
  await rescoreContacts(world.deps);
  expect((await state()).rescoring.state).toBe('idle');
});

test('what an admin asks for while somebody else counts is learned after that, not forgotten', async () => {
  await withLock(world.deps.pool, 'train-scoring:lead', train);
  expect(world.jobs.waiting).toMatchObject([{ name: 'train-scoring', payload: { target: 'lead', asked: true } }]);
});

test('when customers change the champion is recalibrated on what came of them, and earlier scores stay explained', async () => {
  await makeHistory(world.deps, { sales: 260, until: 60, from: 400 });
  await train();
  await rescoreContacts(world.deps);
  const first = await world.deps.db.score.findFirstOrThrow();
  const caller = await callerOf(world.deps, await makeMember(world.deps, { role: 'admin' }));
  const shown = async () => (await viewScore(world.deps, caller, first.contactId))?.factors;
  const reasons = await shown();

  // From now on all customers are of one grade and hardly anyone buys.
  world.clock.advance(120 * DAY_MS);
  await makeHistory(world.deps, {
    seed: 11,
    sales: 160,
    from: 100,
    gradeOdds: { A: -2.5, B: -2.5, C: -2.5, D: -2.5 },
  });
  await world.deps.db.customer.updateMany({ where: { name: { startsWith: '客户11-' } }, data: { grade: 'A' } });
  await train();
  const { champion } = await state();
  expect(champion?.drift?.psi).toBeGreaterThan(0.25);
  const actions = (await world.deps.db.auditEntry.findMany()).map(({ action }) => action);
  expect(actions).toContain('scoring.recalibrated');
  expect(await shown()).toEqual(reasons);
  await world.jobs.drain();
  const latest = await viewScore(world.deps, caller, first.contactId);
  expect(latest?.method).not.toBe('lead@1');
  expect(latest?.factors.reduce((sum, { points }) => sum + points, 0)).toBe(latest?.value);
});

test('learning is done at night, once, and not at all when nothing came of anything since', async () => {
  await makeHistory(world.deps, { sales: 220 });
  const tick = () => trainScoring(world.deps, lead, { asked: false });
  const versions = () => world.deps.db.scoringModel.count();
  await tick();
  expect(await versions()).toBe(0);
  world.clock.advance(DAY_MS);
  await tick();
  await tick();
  expect(await versions()).toBe(1);
  world.clock.advance(DAY_MS);
  await tick();
  expect(await versions()).toBe(1);
  // One that died and that nobody ran again.
  await world.deps.db.scoringWork.updateMany({ data: { trainState: 'running', trainStartedAt: world.deps.now() } });
  world.clock.advance(2 * 3_600_000);
  await tick();
  expect([await versions(), (await state()).training.state]).toEqual([2, 'idle']);
});

test('models are shown to those who lead and handled by admins alone', async () => {
  const told: Record<string, number[]> = {};
  for (const role of ['rep', 'marketing', 'manager', 'admin'] as const) {
    const as = await openSession(world.deps, await makeMember(world.deps, { role }));
    const body = { target: 'lead', modelOn: true, reason: '没有变化' };
    const answers = [
      await http.ask('GET', '/api/scoring-models', { as }),
      await http.ask('POST', '/api/scoring-models/train', { as, body: { target: 'lead' } }),
      await http.ask('PUT', '/api/settings/scoring', { as, body }),
    ];
    told[role] = answers.map(({ status }) => status);
  }
  expect(told).toEqual({
    rep: [403, 403, 403],
    marketing: [403, 403, 403],
    manager: [200, 403, 403],
    admin: [200, 202, 200],
  });
});
