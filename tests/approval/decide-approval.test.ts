import { beforeEach, describe, expect, test } from 'vitest';
import { handOverApproval } from '#server/approval/hand-over-approval.ts';
import { attendApproval, sweepApprovals } from '#server/approval/sweep-approvals.ts';
import type { Approval } from '#server/approval/approval.ts';
import { ask, answer, remind } from '#server/approval/approval-talk.ts';
import { transfer } from '#server/approval/approval-seating.ts';
import { withdraw } from '#server/approval/approval-end.ts';
import { findApproval } from '#server/approval/approval-store.ts';
import { listHistory } from '#server/approval/history-store.ts';
import { changeApproval } from '#server/approval/change-approval.ts';
import { decideApproval } from '#server/approval/decide-approval.ts';
import { requestApproval } from '#server/approval/request-approval.ts';
import { moveMember } from '#server/member/account-store.ts';
import { makeMember } from '#tests/support/factories.ts';
import { useWorld } from '#tests/support/world.ts';
import { discountDraft, makeCompany, type Company } from './company.ts';

const world = useWorld();
let company: Company;

beforeEach(async () => {
  company = await makeCompany(world);
});

const askFor = (percent = 15) => requestApproval(world.deps, { memberId: company.rep.id }, discountDraft(percent));
const press = (approval: Approval, memberId: string, decision: 'approve' | 'reject' = 'approve', reason?: string) =>
  decideApproval(
    world.deps,
    { memberId, via: 'page' },
    { id: approval.id, revision: approval.revision, decision, reason },
  );
const stored = async ({ id }: { id: string }) => (await findApproval(world.deps.db, world.deps.cipher, id)) as Approval;
const actions = async ({ id }: { id: string }) =>
  (await listHistory(world.deps.db, world.deps.cipher, id)).map(({ action }) => action);

describe('deciding', () => {
  test('what is within the rule is approved as it is asked, and nobody is troubled', async () => {
    const approval = await askFor(10);
    expect(approval).toMatchObject({ state: 'approved', decidedBy: null, seats: [], effectState: 'waiting' });
    expect(await actions(approval)).toEqual(['requested', 'approved_by_rule']);
  });

  test('the line leader approves 15 %, and it is approved', async () => {
    const approval = await askFor(15);
    expect(approval).toMatchObject({ state: 'pending', risk: 'low' });
    expect(approval.seats).toMatchObject([{ memberId: company.leader.id, state: 'open', because: 'policy' }]);
    const decided = await press(approval, company.leader.id);
    expect(decided).toMatchObject({ state: 'approved', decidedBy: company.leader.id, decidedAt: world.deps.now() });
    expect(await stored(approval)).toEqual(decided);
  });

  test('more than 20 % goes to the line leader, then to the director', async () => {
    const approval = await askFor(25);
    await expect(press(approval, company.director.id)).rejects.toMatchObject({
      code: 'approval.not_asked',
      detail: { asked: [{ id: company.leader.id, name: '李经理' }] },
    });
    const half = await press(approval, company.leader.id);
    expect(half).toMatchObject({ state: 'pending', level: 1 });
    await expect(press(half, company.leader.id)).rejects.toMatchObject({
      code: 'approval.already_decided',
      detail: { by: { id: company.leader.id }, decision: 'approved' },
    });
    expect(await press(half, company.director.id)).toMatchObject({ state: 'approved', decidedBy: company.director.id });
  });

  test('a second press changes nothing and says who was first and when', async () => {
    const approval = await askFor();
    await press(approval, company.leader.id);
    world.clock.advance(60_000);
    const second = press(approval, company.leader.id, 'reject', '太多');
    await expect(second).rejects.toMatchObject({
      code: 'approval.already_decided',
      message: expect.stringContaining('李经理'),
      detail: { by: { name: '李经理' }, at: '2026-03-01T02:00:00.000Z', decision: 'approved' },
    });
    expect(await actions(approval)).toEqual(['requested', 'approved']);
  });

  test('of two managers who press at once one decides, and the other learns who did', async () => {
    const second = await makeMember(world.deps, { name: '孙经理', role: 'manager', departments: [company.sales] });
    await world.deps.db.departmentMember.updateMany({ where: { memberId: second.id }, data: { isLeader: true } });
    const approval = await askFor();
    expect(approval.seats).toHaveLength(2);
    const outcomes = await Promise.allSettled([
      press(approval, company.leader.id),
      press(approval, second.id, 'reject', '不划算'),
      press(approval, company.leader.id),
      press(approval, second.id, 'reject', '不划算'),
    ]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    for (const reason of refused) expect(reason).toMatchObject({ code: 'approval.already_decided' });
    expect((await actions(approval)).length).toBe(2);
  });

  test('rejecting needs a reason, and ends it', async () => {
    const approval = await askFor(25);
    await expect(press(approval, company.leader.id, 'reject', '  ')).rejects.toMatchObject({
      code: 'approval.reason_needed',
      status: 422,
    });
    const rejected = await press(approval, company.leader.id, 'reject', '毛利太低');
    expect(rejected).toMatchObject({ state: 'rejected', decidedBy: company.leader.id, effectState: 'none' });
    expect(rejected.seats.map(({ state }) => state)).toEqual(['rejected', 'closed']);
  });

  test('nobody decides the own request, and a stranger learns who is asked', async () => {
    const approval = await askFor();
    await expect(press(approval, company.rep.id)).rejects.toMatchObject({ code: 'approval.own_request' });
    await expect(press(approval, company.stranger.id)).rejects.toMatchObject({
      code: 'approval.not_asked',
      status: 403,
      message: expect.stringContaining('李经理'),
    });
    expect(await stored(approval)).toEqual(approval);
  });

  test('what was taken back or is over is said so', async () => {
    const [back, late] = [await askFor(), await askFor()];
    await changeApproval(world.deps, back.id, (it, now) => withdraw(it, company.rep.id, now));
    await expect(press(back, company.leader.id)).rejects.toMatchObject({ code: 'approval.withdrawn' });
    world.clock.advance(7 * 24 * 3_600_000);
    await expect(press(late, company.leader.id)).rejects.toMatchObject({ code: 'approval.expired' });
    await sweepApprovals(world.deps);
    expect(await stored(late)).toMatchObject({ state: 'expired' });
    await expect(press(late, company.leader.id)).rejects.toMatchObject({ code: 'approval.expired' });
  });

  test('what changed since it was opened must be read again', async () => {
    const approval = await askFor();
    await changeApproval(world.deps, approval.id, (it, now) =>
      ask(it, company.leader.id, { question: '付款条件？', revision: 1 }, now),
    );
    await changeApproval(world.deps, approval.id, (it, now) =>
      answer(it, company.rep.id, { text: '预付 50%', reason: '预付 50%，本周签' }, now),
    );
    await expect(press(approval, company.leader.id)).rejects.toMatchObject({
      code: 'approval.changed',
      detail: { revision: 2 },
    });
    const read = await stored(approval);
    expect(read).toMatchObject({ reason: '预付 50%，本周签', question: null, revision: 2 });
    expect(await press(read, company.leader.id)).toMatchObject({ state: 'approved' });
  });

  test('a card decides what is of low risk; the rest is opened and read first', async () => {
    const tap = (approval: Approval) =>
      decideApproval(
        world.deps,
        { memberId: company.leader.id, via: 'card' },
        { id: approval.id, revision: approval.revision, decision: 'approve' },
      );
    expect(await tap(await askFor(15))).toMatchObject({ state: 'approved' });
    await expect(tap(await askFor(20))).rejects.toMatchObject({ code: 'approval.open_first' });
  });
});

describe('passing on and waiting', () => {
  test('whoever passed it on is no longer asked, and whoever got it decides', async () => {
    const approval = await askFor();
    const passOn = (to: string) =>
      changeApproval(world.deps, approval.id, (it, now) =>
        transfer(it, company.leader.id, { memberId: to, reason: '他更清楚', revision: 1 }, now),
      );
    await expect(passOn(company.rep.id)).rejects.toMatchObject({ code: 'approval.own_request' });
    await passOn(company.director.id);
    await expect(press(approval, company.leader.id)).rejects.toMatchObject({ code: 'approval.not_asked' });
    expect(await press(approval, company.director.id)).toMatchObject({ state: 'approved' });
  });

  test('whoever asked and handed it over does not decide it, however it comes back', async () => {
    const approval = await askFor();
    const { rep, stranger, leader } = company;
    await world.deps.db.$transaction((tx) =>
      handOverApproval(tx, world.deps, { approvalId: approval.id, from: rep.id, to: stranger.id }),
    );
    const passed = await changeApproval(world.deps, approval.id, (it, now) =>
      transfer(it, leader.id, { memberId: rep.id, reason: null, revision: it.revision }, now),
    );
    await expect(press(passed, rep.id)).rejects.toMatchObject({ code: 'approval.own_request' });
    expect(await stored(approval)).toMatchObject({ state: 'pending' });
  });

  test('a reminder is sent once in 30 minutes', async () => {
    const approval = await askFor();
    const nudge = () => changeApproval(world.deps, approval.id, (it, now) => remind(it, company.rep.id, now));
    await nudge();
    world.clock.advance(29 * 60_000);
    await expect(nudge()).rejects.toMatchObject({ code: 'approval.remind_too_soon', status: 429 });
    world.clock.advance(60_000);
    await nudge();
    const notices = await world.deps.db.notice.findMany({ where: { memberId: company.leader.id } });
    expect(notices.map(({ text }) => world.deps.cipher.decrypt(text).split('：')[0])).toEqual([
      '待你审批',
      '催办',
      '催办',
    ]);
  });

  test('whoever does not decide in time is joined by the member above, and then by the next', async () => {
    const approval = await askFor();
    expect(approval.seats[0]?.dueAt).toEqual(new Date('2026-03-01T06:00:00.000Z'));
    world.clock.advance(4 * 3_600_000 - 1);
    await sweepApprovals(world.deps);
    expect((await stored(approval)).seats).toHaveLength(1);
    world.clock.advance(1);
    await sweepApprovals(world.deps);
    await sweepApprovals(world.deps);
    const escalated = await stored(approval);
    expect(escalated.seats).toMatchObject([
      { memberId: company.leader.id, state: 'open', dueAt: null },
      { memberId: company.director.id, state: 'open', because: 'escalated', standsFor: company.leader.id },
    ]);
    world.clock.advance(4 * 3_600_000);
    await attendApproval(world.deps, { approvalId: approval.id });
    expect((await stored(approval)).seats.at(-1)).toMatchObject({ memberId: company.admin.id, because: 'escalated' });
    world.clock.advance(4 * 3_600_000);
    await sweepApprovals(world.deps);
    expect(await actions(approval)).toEqual(['requested', 'escalated', 'escalated']);
    expect(await press(approval, company.leader.id)).toMatchObject({ state: 'approved' });
  });

  test('what waits for a member who left is asked of somebody else at once', async () => {
    const approval = await askFor();
    await world.deps.db.member.update({ where: { id: company.leader.id }, data: { status: 'left' } });
    await sweepApprovals(world.deps);
    expect((await stored(approval)).seats).toMatchObject([
      { memberId: company.leader.id, state: 'passed_on' },
      { memberId: company.director.id, state: 'open', standsFor: company.leader.id },
    ]);
  });

  test('where whoever asked turns out to be whoever is asked, those above are asked instead', async () => {
    const approval = await askFor();
    await changeApproval(world.deps, approval.id, (it, now) =>
      transfer(it, company.leader.id, { memberId: company.stranger.id, reason: null, revision: 1 }, now),
    );
    await world.deps.db.$transaction((tx) => moveMember(tx, company.stranger.id, company.rep.id));
    await expect(press(approval, company.rep.id)).rejects.toMatchObject({ code: 'approval.own_request' });
    await sweepApprovals(world.deps);
    const seatOf = (seats: Approval['seats'], { id }: { id: string }) => seats.find(({ memberId }) => memberId === id);
    const { seats } = await stored(approval);
    expect(seatOf(seats, company.rep)).toMatchObject({ state: 'passed_on' });
    expect(seatOf(seats, company.leader)).toMatchObject({ state: 'open', standsFor: company.rep.id });
    await sweepApprovals(world.deps);
    expect(await press(approval, company.leader.id)).toMatchObject({ state: 'approved' });
  });

  test('one that cannot be read does not keep the others waiting', async () => {
    const [broken, other] = [await askFor(), await askFor()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    await world.deps.db.approval.update({ where: { id: broken?.id ?? '' }, data: { title: 'of another secret' } });
    world.clock.advance(4 * 3_600_000);
    await sweepApprovals(world.deps);
    expect((await stored({ id: other?.id ?? '' })).seats).toHaveLength(2);
  });
});
