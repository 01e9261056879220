import { beforeEach, describe, expect, test } from 'vitest';
import { PlatformError } from '#server/platform/platform-error.ts';
import { decideApproval } from '#server/approval/decide-approval.ts';
import { requestApproval } from '#server/approval/request-approval.ts';
import { findApproval } from '#server/approval/approval-store.ts';
import { runHandover } from '#server/handover/run-handover.ts';
import { retryHandover } from '#server/handover/retry-handover.ts';
import { submitHandover } from '#server/handover/submit-handover.ts';
import { editHandover } from '#server/handover/edit-handover.ts';
import { withdrawHandover } from '#server/handover/withdraw-handover.ts';
import { createTask } from '#server/task/create-task.ts';
import { discountDraft } from '#tests/approval/company.ts';
import { callerOf } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { tell } from '#tests/support/tell.ts';
import { untilSomebodyWaits } from '#tests/support/lock-wait.ts';
import { useWorld } from '#tests/support/world.ts';
import {
  approved,
  draft,
  endow,
  makeCompany,
  makeOwnContact,
  runJobs,
  runRound,
  statesOf,
  stored,
  type Company,
  type Estate,
} from './company.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
let company: Company;
let estate: Estate;

beforeEach(async () => {
  platform.reset();
  company = await makeCompany(world, platform);
  estate = await endow(world, platform, company.giver);
});

const toOne = () => ({ by: 'one' as const, to: company.taker.id });
const asked = () => platform.called('transfers.start').map(([of]) => (of as { contacts: string[] }).contacts);
const arrive = (...contacts: string[]) => {
  for (const contact of contacts)
    platform.transfers?.settle({ from: 'giver', to: 'taker', contact }, 'done', world.deps.now());
};
const ownerOf = async () =>
  (await world.deps.db.customer.findUniqueOrThrow({ where: { id: estate.customer.id } })).ownerId;

/** The queue would do it again. */
function passing(error: unknown): void {
  if (!(error instanceof PlatformError)) throw error;
}

describe('going over', () => {
  test('with the approval customers, sales and tasks go over at once, contacts when the platform says so', async () => {
    const id = await approved(world, company, { from: company.giver, rule: toOne(), message: '后续由我为您服务' });
    expect(await ownerOf()).toBe(company.giver.id);
    await runRound(world);
    expect(await ownerOf()).toBe(company.taker.id);
    expect(await world.deps.db.opportunity.findUnique({ where: { id: estate.opportunityId } })).toMatchObject({
      ownerId: company.taker.id,
    });
    expect(await world.deps.db.task.findUnique({ where: { id: estate.taskId } })).toMatchObject({
      assigneeId: company.taker.id,
      state: 'open',
    });
    expect(asked().flat().toSorted()).toEqual(['chen', 'liu', 'sun']);
    expect(asked().every((batch) => batch.length <= 2)).toBe(true);
    expect(platform.called('transfers.start')[0]?.[0]).toMatchObject({
      from: 'giver',
      to: 'taker',
      leaver: false,
      message: '后续由我为您服务',
    });
    expect(await stored(world, id)).toMatchObject({ state: 'running' });

    arrive('chen', 'liu', 'sun');
    world.clock.advance(24 * 3_600_000);
    await runRound(world);
    expect(await stored(world, id)).toMatchObject({ state: 'done', finishedAt: world.deps.now() });
    expect(new Set(Object.values(await statesOf(world, id)))).toEqual(new Set(['done']));
    const told = platform.notices.map(({ to, text }) => `${to}: ${text}`);
    expect(told).toContain('manager: 王磊 的交接已结束\n已交接 6 项');
    expect(told).toContain('taker: 王磊 的工作已交接给你\n3 位联系人、1 个客户、1 个商机、1 项任务');
  });

  test('a follow-up in the giver’s own list of todos is taken out there and put into the taker’s', async () => {
    const giver = await callerOf(world.deps, company.giver);
    await createTask(world.deps, giver, { title: '回访', customerId: estate.customer.id, dueAt: null });
    await runJobs(world, ['send-todo']);
    const lists = () => [...platform.todos.values()].map(({ to, title }) => `${to} ${title.split(' ')[0]}`);
    expect(lists()).toEqual([expect.stringMatching(/^giver 回访/)]);
    await approved(world, company, { from: company.giver, rule: toOne(), kinds: ['task'] });
    await runRound(world);
    await runJobs(world, ['send-todo']);
    expect(lists()).toEqual(
      expect.arrayContaining([expect.stringMatching(/^taker 回访/), expect.stringMatching(/^taker 发报价/)]),
    );
    expect(lists().filter((one) => one.startsWith('giver'))).toEqual([]);
  });

  test('whose customer it was, who moved it and when stands in the customer’s history', async () => {
    await approved(world, company, { from: company.giver, rule: toOne() });
    await runRound(world);
    const changes = await world.deps.db.customerChange.findMany({ where: { customerId: estate.customer.id } });
    expect(changes).toMatchObject([
      { field: 'ownerId', before: company.giver.id, after: company.taker.id, memberId: company.manager.id, version: 2 },
    ]);
    const sale = await world.deps.db.opportunityChange.findMany({ where: { opportunityId: estate.opportunityId } });
    expect(sale).toMatchObject([{ field: 'ownerId', before: company.giver.id, after: company.taker.id }]);
  });

  test('a customer who is not in the plan keeps the owner, also when the contact goes', async () => {
    await approved(world, company, { from: company.giver, rule: toOne(), kinds: ['contact'] });
    await runRound(world);
    arrive('chen', 'liu', 'sun');
    world.clock.advance(24 * 3_600_000);
    await runRound(world);
    expect(await ownerOf()).toBe(company.giver.id);
  });

  test('what the giver asked for and has to decide goes over; nobody is made to decide the own request', async () => {
    const { deps } = world;
    const own = await requestApproval(deps, { memberId: company.giver.id }, discountDraft(15));
    const others = await requestApproval(deps, { memberId: company.second.id }, discountDraft(15));
    const takersOwn = await requestApproval(deps, { memberId: company.taker.id }, discountDraft(15));
    for (const { id } of [others, takersOwn]) {
      await deps.db.approvalSeat.updateMany({ where: { approvalId: id }, data: { memberId: company.giver.id } });
    }
    const id = await approved(world, company, { from: company.giver, rule: toOne(), kinds: ['approval'] });
    await runRound(world);
    expect(await statesOf(world, id)).toEqual({
      [`approval:${own.id}`]: 'done',
      [`approval:${others.id}`]: 'done',
      [`approval:${takersOwn.id}`]: 'failed own_request',
    });
    expect(await findApproval(deps.db, deps.cipher, own.id)).toMatchObject({ requesterId: company.taker.id });
    const seats = (await findApproval(deps.db, deps.cipher, others.id))?.seats ?? [];
    expect(seats.map(({ memberId, state }) => [memberId, state])).toEqual([
      [company.giver.id, 'passed_on'],
      [company.taker.id, 'open'],
    ]);
  });

  test('a colleague who takes over is connected when the platform tells of it, the giver no longer', async () => {
    await approved(world, company, { from: company.giver, rule: toOne(), kinds: ['contact'] });
    await runRound(world);
    arrive('chen');
    world.clock.advance(60_000);
    await tell(world.deps, 'wecom', {
      kind: 'contact_removed',
      contact: 'chen',
      member: 'giver',
      by: 'member',
      transferred: true,
    });
    await runJobs(world, ['run-handover']);
    expect(Object.values(await statesOf(world, await newestId()))).toContain('done');
    const follow = await world.deps.db.follow.findFirstOrThrow({
      where: { contactId: estate.contacts[0]?.id ?? '', memberId: company.giver.id },
    });
    expect(follow.state).toBe('transferred');
  });
});

async function newestId(): Promise<string> {
  return (await world.deps.db.handover.findFirstOrThrow({ orderBy: { createdAt: 'desc' } })).id;
}

describe('an answer that never came', () => {
  test('a process that dies between the call and what it writes down asks nobody twice', async () => {
    const id = await approved(world, company, { from: company.giver, rule: toOne(), kinds: ['contact'] });
    platform.loseAnswer('transfers.start');
    await runRound(world);
    const lost = asked()[0] ?? [];
    expect(Object.values(await statesOf(world, id)).filter((state) => state === 'asking')).toHaveLength(lost.length);

    // Not before the call can have arrived.
    await runRound(world);
    expect(asked()).toHaveLength(2);
    world.clock.advance(3 * 60_000);
    await runRound(world);
    expect(asked().flat().toSorted()).toEqual(['chen', 'liu', 'sun']);
    expect(new Set(Object.values(await statesOf(world, id)))).toEqual(new Set(['waiting']));
  });

  test('what the platform has no record of was never asked, and is asked for now', async () => {
    const id = await approved(world, company, { from: company.giver, rule: toOne(), kinds: ['contact'] });
    platform.fail('transfers.start', 'unknown', { times: 2 });
    await runRound(world);
    expect(platform.transfers?.asked.size).toBe(0);
    world.clock.advance(3 * 60_000);
    await runRound(world);
    expect(new Set(Object.values(await statesOf(world, id)))).toEqual(new Set(['waiting']));
    expect(platform.transfers?.asked.size).toBe(3);
  });

  test('an answer of an earlier hand-over between the same two is not taken for one to this', async () => {
    const first = await approved(world, company, { from: company.giver, rule: toOne(), kinds: ['contact'] });
    await runRound(world);
    for (const contact of ['chen', 'liu', 'sun'])
      platform.transfers?.settle({ from: 'giver', to: 'taker', contact }, 'refused_by_contact');
    world.clock.advance(24 * 3_600_000);
    await runRound(world);
    expect(new Set(Object.values(await statesOf(world, first)))).toEqual(new Set(['kept refused_by_contact']));

    const second = await approved(world, company, { from: company.giver, rule: toOne(), kinds: ['contact'] });
    platform.fail('transfers.start', 'unknown', { times: 2 });
    await runRound(world);
    world.clock.advance(3 * 60_000);
    await runRound(world);
    expect(new Set(Object.values(await statesOf(world, second)))).toEqual(new Set(['waiting']));
  });

  test('killed at any call and at any time, every contact is asked for once', async () => {
    for (const killedAt of [0, 1, 2]) {
      platform.calls = [];
      const contact = await makeOwnContact(world, platform, company.second, { key: `extra-${killedAt}` });
      const id = await approved(world, company, {
        from: company.second,
        rule: toOne(),
        kinds: ['contact'],
      });
      if (killedAt > 0) platform.loseAnswer(killedAt === 1 ? 'transfers.start' : 'transfers.results');
      await runRound(world).catch(passing);
      for (let round = 0; round < 4; round += 1) {
        world.clock.advance(5 * 60_000);
        await runRound(world).catch(passing);
      }
      expect(
        asked()
          .flat()
          .filter((key) => key === contact.key),
      ).toEqual([contact.key]);
      await world.deps.db.handover.update({ where: { id }, data: { state: 'withdrawn' } });
      await world.deps.db.follow.deleteMany({ where: { memberId: company.second.id } });
    }
  });

  test('two processes at once ask for nobody twice', async () => {
    const handoverId = await approved(world, company, { from: company.giver, rule: toOne() });
    await Promise.all([1, 2, 3].map(() => runHandover(world.deps, { handoverId })));
    expect(asked().flat().toSorted()).toEqual(['chen', 'liu', 'sun']);
    expect(await world.deps.db.customerChange.count()).toBe(1);
  });
});

describe('partial failure', () => {
  test('those the platform refuses say why; tried again on request they go', async () => {
    const { id, caller } = await mixed();
    expect(await stored(world, id)).toMatchObject({ state: 'partly' });
    expect(await statesOf(world, id)).toMatchObject({
      [`contact:${estate.contacts[0]?.id}`]: 'refused too_often',
      [`contact:${estate.contacts[1]?.id}`]: 'kept refused_by_contact',
      [`contact:${estate.contacts[2]?.id}`]: 'refused taker_full',
    });
    const manager = platform.notices.findLast(({ to }) => to === 'manager');
    expect(manager?.text).toBe('王磊 的交接已结束\n已交接 0 项，3 项未成功，请查看原因');

    platform.transfers?.refusals.clear();
    await retryHandover(world.deps, caller, { id });
    await runJobs(world, ['run-handover']);
    expect(await stored(world, id)).toMatchObject({ state: 'running', finishedAt: null });
    expect(asked().at(-1)?.toSorted()).toEqual(['chen', 'sun']);
    arrive('chen', 'sun');
    world.clock.advance(3_600_000);
    await runRound(world);
    expect(await stored(world, id)).toMatchObject({ state: 'partly' });
    expect(Object.values(await statesOf(world, id)).toSorted()).toEqual(['done', 'done', 'kept refused_by_contact']);
  });

  test('a contact who said no stays with their owner, and is not asked again', async () => {
    const { id, caller } = await mixed();
    const kept = await world.deps.db.handoverItem.findFirstOrThrow({ where: { handoverId: id, state: 'kept' } });
    await expect(retryHandover(world.deps, caller, { id, itemIds: [kept.id] })).rejects.toMatchObject({
      code: 'handover.nothing_to_retry',
    });
    const follow = await world.deps.db.follow.findFirstOrThrow({
      where: { contactId: kept.subjectId, memberId: company.giver.id },
    });
    expect(follow.state).toBe('active');
  });

  async function mixed() {
    platform.transfers?.refusals.set('chen', { code: '40128', reason: 'too_often' });
    const id = await approved(world, company, { from: company.giver, rule: toOne(), kinds: ['contact'] });
    await runRound(world);
    platform.transfers?.settle({ from: 'giver', to: 'taker', contact: 'liu' }, 'refused_by_contact');
    platform.transfers?.settle({ from: 'giver', to: 'taker', contact: 'sun' }, 'full');
    world.clock.advance(24 * 3_600_000);
    await runRound(world);
    return { id, caller: await callerOf(world.deps, company.manager) };
  }

  test('a platform that is too busy slows down and loses nobody', async () => {
    const id = await approved(world, company, { from: company.giver, rule: toOne(), kinds: ['contact'] });
    platform.fail('transfers.start', 'rate_limited', { retryAfterMs: 60_000 });
    await world.deps.jobs.add('sweep-handovers', {});
    await expect(runJobs(world, ['sweep-handovers', 'run-handover'])).rejects.toMatchObject({ kind: 'rate_limited' });
    await runRound(world);
    expect(asked()).toHaveLength(2);
    world.clock.advance(61_000);
    await runRound(world);
    expect(new Set(Object.values(await statesOf(world, id)))).toEqual(new Set(['waiting']));
  });

  test('a right the deployment lacks is said, and what is ours goes over all the same', async () => {
    const id = await approved(world, company, { from: company.giver, rule: toOne() });
    platform.fail('transfers.start', 'forbidden', { code: '48002', times: 2 });
    await runRound(world);
    expect(await ownerOf()).toBe(company.taker.id);
    expect(await statesOf(world, id)).toMatchObject({
      [`contact:${estate.contacts[0]?.id}`]: 'failed right_missing',
      [`customer:${estate.customer.id}`]: 'done',
    });
    expect(await stored(world, id)).toMatchObject({ state: 'partly' });
  });

  test('what changed hands meanwhile, and a taker who left, are said and not overrun', async () => {
    const id = await approved(world, company, { from: company.giver, rule: toOne() });
    await world.deps.db.customer.update({ where: { id: estate.customer.id }, data: { ownerId: company.second.id } });
    await runRound(world);
    expect(await ownerOf()).toBe(company.second.id);
    expect(await statesOf(world, id)).toMatchObject({ [`customer:${estate.customer.id}`]: 'failed not_givers' });

    await world.deps.db.handover.update({ where: { id }, data: { state: 'withdrawn' } });
    const again = await approved(world, company, {
      from: company.second,
      rule: toOne(),
    });
    await world.deps.db.member.update({ where: { id: company.taker.id }, data: { status: 'left' } });
    await runRound(world);
    expect(await statesOf(world, again)).toMatchObject({ [`customer:${estate.customer.id}`]: 'failed taker_left' });
  });
});

describe('taking back', () => {
  test('until the platform has taken a contact it stays, and what moved here goes back', async () => {
    const id = await approved(world, company, { from: company.giver, rule: toOne() });
    platform.fail('transfers.start', 'unavailable', { times: 2 });
    await runRound(world);
    expect(await ownerOf()).toBe(company.taker.id);
    const caller = await callerOf(world.deps, company.manager);
    await withdrawHandover(world.deps, caller, { id });
    await runJobs(world, ['run-handover']);
    expect(await ownerOf()).toBe(company.giver.id);
    expect(await world.deps.db.task.findUnique({ where: { id: estate.taskId } })).toMatchObject({
      assigneeId: company.giver.id,
    });
    expect(new Set(Object.values(await statesOf(world, id)))).toEqual(new Set(['kept withdrawn']));
    expect(await stored(world, id)).toMatchObject({ state: 'withdrawn' });
    world.clock.advance(3_600_000);
    await runRound(world);
    expect(platform.transfers?.asked.size).toBe(0);
  });

  test('what the platform was asked for goes its way', async () => {
    const id = await approved(world, company, { from: company.giver, rule: toOne() });
    await runRound(world);
    await withdrawHandover(world.deps, await callerOf(world.deps, company.manager), { id });
    const states = await statesOf(world, id);
    for (const contact of estate.contacts) expect(states[`contact:${contact.id}`]).toBe('waiting');
    arrive('chen', 'liu', 'sun');
    world.clock.advance(24 * 3_600_000);
    await runRound(world);
    expect(await stored(world, id)).toMatchObject({ state: 'partly' });
  });

  test('taken back while it waits for approval, its request is taken back too', async () => {
    const { handover, caller } = await draft(world, company, { from: company.giver, rule: toOne() });
    const submitted = await submitHandover(world.deps, caller, handover);
    const director = await callerOf(world.deps, company.director);
    await expect(withdrawHandover(world.deps, director, { id: handover.id })).rejects.toMatchObject({
      code: 'approval.only_requester',
    });
    await withdrawHandover(world.deps, caller, { id: handover.id });
    expect(await stored(world, handover.id)).toMatchObject({ state: 'withdrawn' });
    const approval = await findApproval(world.deps.db, world.deps.cipher, submitted.approvalId ?? '');
    expect(approval?.state).toBe('withdrawn');
    await expect(
      decideApproval(
        world.deps,
        { memberId: company.director.id, via: 'page' },
        { id: submitted.approvalId ?? '', revision: 1, decision: 'approve' },
      ),
    ).rejects.toMatchObject({ code: 'approval.withdrawn' });
  });

  test('some items may be taken back while the rest goes', async () => {
    const id = await approved(world, company, { from: company.giver, rule: toOne() });
    const item = await world.deps.db.handoverItem.findFirstOrThrow({
      where: { handoverId: id, subjectId: estate.contacts[2]?.id ?? '' },
    });
    await withdrawHandover(world.deps, await callerOf(world.deps, company.manager), { id, itemIds: [item.id] });
    await runRound(world);
    expect(asked().flat().toSorted()).toEqual(['chen', 'liu']);
  });
});

describe('asking for approval', () => {
  test('a request that was rejected can be changed and asked again', async () => {
    const { handover, caller } = await draft(world, company, { from: company.giver, rule: toOne() });
    const submitted = await submitHandover(world.deps, caller, handover);
    await decideApproval(
      world.deps,
      { memberId: company.director.id, via: 'page' },
      { id: submitted.approvalId ?? '', revision: 1, decision: 'reject', reason: '分给两个人' },
    );
    await runRound(world);
    const rejected = await stored(world, handover.id);
    expect(rejected).toMatchObject({ state: 'rejected' });
    const item = await world.deps.db.handoverItem.findFirstOrThrow({
      where: { handoverId: handover.id, kind: 'task' },
    });
    const edited = await editHandover(world.deps, caller, handover.id, {
      version: rejected.version,
      items: [{ id: item.id, toMemberId: company.second.id }],
    });
    const again = await submitHandover(world.deps, caller, edited);
    expect(again).toMatchObject({ state: 'asked' });
    expect(again.approvalId).not.toBe(submitted.approvalId);
  });

  test('a request that was rejected may be asked for once more as it is, and is a request of its own', async () => {
    const { handover, caller } = await draft(world, company, { from: company.giver, rule: toOne() });
    const first = await submitHandover(world.deps, caller, handover);
    const by = { memberId: company.director.id, via: 'page' as const };
    const reject = { id: first.approvalId ?? '', revision: 1, decision: 'reject' as const, reason: '先沟通' };
    await decideApproval(world.deps, by, reject);
    await runRound(world);
    const second = await submitHandover(world.deps, caller, await stored(world, handover.id));
    await decideApproval(world.deps, by, { id: second.approvalId ?? '', revision: 1, decision: 'approve' });
    await runJobs(world, ['apply-effect']);
    expect(await stored(world, handover.id)).toMatchObject({ state: 'running' });
  });

  test('what is put aside may follow later, so whoever approves is asked for it too', async () => {
    const { db } = world.deps;
    const follow = { contactId: estate.contacts[0]?.id ?? '', memberId: company.giver.id };
    const change = (state: string) => db.follow.updateMany({ where: follow, data: { state } });
    await change('removed_by_contact');
    const { handover, caller } = await draft(world, company, {
      from: company.giver,
      rule: toOne(),
      kinds: ['contact'],
    });
    const { approvalId } = await submitHandover(world.deps, caller, handover);
    expect(await db.approval.findUnique({ where: { id: approvalId ?? '' } })).toMatchObject({ measure: 3 });

    const by = { memberId: company.director.id, via: 'page' } as const;
    const no = { id: approvalId ?? '', revision: 1, decision: 'reject', reason: '先确认' } as const;
    await decideApproval(world.deps, by, no);
    await runRound(world);
    await change('active');
    await submitHandover(world.deps, caller, await stored(world, handover.id));
    expect(new Set(Object.values(await statesOf(world, handover.id)))).toEqual(new Set(['planned']));
  });

  test('what was changed after it was seen is not asked for', async () => {
    const { handover, caller } = await draft(world, company, { from: company.giver, rule: toOne() });
    await editHandover(world.deps, caller, handover.id, { version: handover.version, reason: '离职交接', items: [] });
    await expect(submitHandover(world.deps, caller, handover)).rejects.toMatchObject({ code: 'handover.stale' });
  });

  test('what cannot go is put aside with its reason, and where nothing can go nothing is asked for', async () => {
    await world.deps.db.follow.updateMany({
      where: { contactId: estate.contacts[0]?.id ?? '' },
      data: { state: 'removed_by_contact' },
    });
    const { handover, caller } = await draft(world, company, {
      from: company.giver,
      rule: toOne(),
      kinds: ['contact'],
    });
    await submitHandover(world.deps, caller, handover);
    expect(await statesOf(world, handover.id)).toMatchObject({
      [`contact:${estate.contacts[0]?.id}`]: 'failed contact_removed',
      [`contact:${estate.contacts[1]?.id}`]: 'planned',
    });
    // The others are on their way now.
    const other = await draft(world, company, { from: company.giver, rule: toOne(), kinds: ['contact'] });
    await expect(submitHandover(world.deps, other.caller, other.handover)).rejects.toMatchObject({
      code: 'handover.nothing',
    });
  });
});

test('a leaver’s contact that went over is theirs no longer, also when the process dies as it learns of it', async () => {
  platform.members.delete('giver');
  await tell(world.deps, 'wecom', { kind: 'member_left', member: 'giver' });
  const id = await approved(world, company, { from: company.giver, rule: toOne() });
  await runRound(world);
  arrive('chen', 'liu', 'sun');
  world.clock.advance(24 * 3_600_000);
  const { pool } = world.deps;
  await pool.query(
    `CREATE FUNCTION killed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''killed''; END'`,
  );
  await pool.query('CREATE TRIGGER killed BEFORE UPDATE ON "Follow" FOR EACH ROW EXECUTE FUNCTION killed()');
  await expect(runHandover(world.deps, { handoverId: id })).rejects.toThrow('killed');
  await pool.query('DROP FUNCTION killed CASCADE');
  world.clock.advance(3 * 3_600_000);
  await runRound(world);
  expect(await stored(world, id)).toMatchObject({ state: 'done' });
  const follows = await world.deps.db.follow.findMany({ where: { memberId: company.giver.id } });
  expect(new Set(follows.map(({ state }) => state))).toEqual(new Set(['transferred']));
});

test('a hand-over whose request cannot be read does not keep another from going', async () => {
  const id = await approved(world, company, { from: company.giver, rule: toOne() });
  await makeOwnContact(world, platform, company.second, { key: 'other' });
  const { handover, caller } = await draft(world, company, { from: company.second, rule: toOne() });
  const { approvalId } = await submitHandover(world.deps, caller, handover);
  await world.deps.db.approval.update({ where: { id: approvalId ?? '' }, data: { title: 'of another secret' } });
  world.jobs.clear();
  await runRound(world);
  expect(await ownerOf()).toBe(company.taker.id);
  expect(await stored(world, id)).toMatchObject({ state: 'running' });
});

test('taking it back waits for its approval before it holds the hand-over, as taking effect does', async () => {
  const { handover, caller } = await draft(world, company, { from: company.giver, rule: toOne() });
  const { approvalId } = await submitHandover(world.deps, caller, handover);
  const effect = await world.deps.pool.connect();
  try {
    await effect.query('BEGIN');
    await effect.query('SELECT 1 FROM "Approval" WHERE id = $1 FOR UPDATE', [approvalId]);
    const takingBack = withdrawHandover(world.deps, caller, { id: handover.id });
    await untilSomebodyWaits(world.deps);
    await effect.query('SELECT 1 FROM "Handover" WHERE id = $1 FOR UPDATE NOWAIT', [handover.id]);
    await effect.query('COMMIT');
    await takingBack;
  } finally {
    effect.release(true);
  }
  expect(await stored(world, handover.id)).toMatchObject({ state: 'withdrawn' });
});

describe('somebody leaves', () => {
  test('whoever leads them is told once what is to be handed over', async () => {
    platform.members.delete('giver');
    await tell(world.deps, 'wecom', { kind: 'member_left', member: 'giver' });
    await runRound(world);
    await runRound(world);
    const told = platform.notices.filter(({ text }) => text.includes('离职'));
    expect(told).toEqual([
      {
        to: 'manager',
        text: '王磊 已离职\n待交接：3 位联系人、1 个客户、1 个商机、1 项任务',
        url: `http://zhike.test/desk.html#/handovers/new?from=${company.giver.id}`,
      },
    ]);
  });

  test('of many who leave together none is forgotten', async () => {
    const { db } = world.deps;
    const leave = (at: string) => ({ status: 'left', leftAt: new Date(at) });
    await db.member.update({ where: { id: company.giver.id }, data: leave('2026-02-25T00:00:00Z') });
    const later = await db.member.createManyAndReturn({
      data: Array.from({ length: 100 }, (_, at) => ({ name: `员工${at}`, ...leave('2026-02-26T00:00:00Z') })),
    });
    const ids = later.map(({ id }) => id);
    await db.task.createMany({
      data: ids.map((assigneeId) => ({ title: world.deps.cipher.encrypt('发报价'), assigneeId })),
    });
    await db.handover.createMany({
      data: ids.map((fromMemberId) => ({ fromMemberId, leaver: true, reason: '离职', createdBy: company.manager.id })),
    });
    await runRound(world);
    expect(platform.notices.map(({ text }) => text.split('\n')[0])).toEqual(['王磊 已离职']);
  });

  test('whoever left one of two messengers hands over there as a leaver does', async () => {
    await world.deps.db.memberIdentity.updateMany({
      where: { memberId: company.giver.id },
      data: { leftAt: world.deps.now() },
    });
    const id = await approved(world, company, { from: company.giver, rule: toOne(), kinds: ['contact'] });
    await runRound(world);
    expect(await stored(world, id)).toMatchObject({ leaver: false });
    expect(platform.called('transfers.start')[0]?.[0]).toMatchObject({ leaver: true });
    arrive('chen', 'liu', 'sun');
    world.clock.advance(24 * 3_600_000);
    await runRound(world);
    expect(await stored(world, id)).toMatchObject({ state: 'done' });
  });

  test('a leaver’s contacts go over as a leaver’s, and are theirs no longer though no event says so', async () => {
    platform.members.delete('giver');
    await tell(world.deps, 'wecom', { kind: 'member_left', member: 'giver' });
    const id = await approved(world, company, { from: company.giver, rule: toOne() });
    expect(await stored(world, id)).toMatchObject({ leaver: true });
    await runRound(world);
    expect(platform.called('transfers.start')[0]?.[0]).toMatchObject({ leaver: true });
    arrive('chen', 'liu', 'sun');
    world.clock.advance(24 * 3_600_000);
    await runRound(world);
    expect(await stored(world, id)).toMatchObject({ state: 'done' });
    const follows = await world.deps.db.follow.findMany({ where: { memberId: company.giver.id } });
    expect(new Set(follows.map(({ state }) => state))).toEqual(new Set(['transferred']));
  });
});
