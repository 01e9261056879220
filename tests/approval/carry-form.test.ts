import { beforeEach, describe, expect, test } from 'vitest';
import type { Approval } from '#server/approval/approval.ts';
import { withdraw } from '#server/approval/approval-end.ts';
import { findApproval } from '#server/approval/approval-store.ts';
import { listHistory } from '#server/approval/history-store.ts';
import { carryForm, readForm } from '#server/approval/carry-form.ts';
import { changeApproval } from '#server/approval/change-approval.ts';
import { decideApproval } from '#server/approval/decide-approval.ts';
import { builtInPolicy } from '#server/approval/policy.ts';
import { requestApproval } from '#server/approval/request-approval.ts';
import { FakePlatform, type FakeForms } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';
import { discountDraft, makeCompany, type Company } from './company.ts';

const office = new FakePlatform('wecom');
const world = useWorld({ platforms: [office] });
let company: Company;
const forms = () => office.forms as FakeForms;

beforeEach(async () => {
  office.reset();
  company = await makeCompany(world);
  for (const { key } of await world.deps.db.memberIdentity.findMany()) office.addMember(key);
  const form = {
    platform: 'wecom',
    template: 'PROC-1',
    labels: { number: '审批编号', title: '事项', amount: '金额', measure: '折扣', reason: '理由' },
  };
  const policy = { ...builtInPolicy('discount'), mode: 'form', form };
  await world.deps.db.approvalPolicy.create({ data: { kind: 'discount', policy } });
});

async function askFor(percent = 15): Promise<Approval> {
  const approval = await requestApproval(world.deps, { memberId: company.rep.id }, discountDraft(percent));
  await world.jobs.drain();
  return approval;
}

const stored = async ({ id }: { id: string }) => (await findApproval(world.deps.db, world.deps.cipher, id)) as Approval;
const runOf = async ({ id }: { id: string }) =>
  (await world.deps.db.approval.findUniqueOrThrow({ where: { id } })).formState;
const actions = async ({ id }: { id: string }) =>
  (await listHistory(world.deps.db, world.deps.cipher, id)).map(({ action }) => action);
const leaderKey = async () =>
  (await world.deps.db.memberIdentity.findFirstOrThrow({ where: { memberId: company.leader.id } })).key;

const accountOf = ({ id: memberId }: { id: string }) =>
  world.deps.db.memberIdentity.findFirstOrThrow({ where: { memberId } });

async function tell(key = 'form-1'): Promise<void> {
  await readForm(world.deps, 'wecom', key);
  await world.jobs.drain();
}

async function later(): Promise<void> {
  world.clock.advance(15 * 60_000);
  await world.jobs.add('sweep-forms', {});
  await world.jobs.drain();
}

describe('where the company decides on its own form', () => {
  test('a request starts one, with what is asked in the fields the policy names', async () => {
    const approval = await askFor();
    expect([...forms().forms.values()]).toMatchObject([
      {
        template: 'PROC-1',
        fields: [
          { label: '审批编号', text: approval.id },
          { label: '事项', text: approval.title },
          { label: '金额', text: '12800.00' },
          { label: '折扣', text: '15' },
          { label: '理由', text: approval.reason },
        ],
      },
    ]);
    expect(await stored(approval)).toMatchObject({ state: 'pending', mode: 'form', seats: [] });
    expect(office.cards.size, 'the form is the only thing to decide on').toBe(0);
  });

  test('a process that dies while it hears of a form that was taken back loses nothing', async () => {
    const approval = await askFor();
    await forms().withdraw('form-1', (await accountOf(company.rep)).key);
    const db = new Proxy(world.deps.db, {
      get: (of, name) =>
        name === '$transaction' ? () => Promise.reject(new Error('killed')) : (Reflect.get(of, name) as unknown),
    });
    await expect(readForm({ ...world.deps, db }, 'wecom', 'form-1')).rejects.toThrow('killed');
    await later();
    expect(await stored(approval)).toMatchObject({ state: 'withdrawn' });
    expect(await runOf(approval)).toBe('ended');
  });

  test('nor does one that dies while a form cannot be started: it is said all the same', async () => {
    office.fail('forms.start', 'rejected', { times: 2 });
    const approval = await requestApproval(world.deps, { memberId: company.rep.id }, discountDraft());
    const db = new Proxy(world.deps.db, {
      get: (of, name) =>
        name === '$transaction' ? () => Promise.reject(new Error('killed')) : (Reflect.get(of, name) as unknown),
    });
    await expect(carryForm({ ...world.deps, db }, { approvalId: approval.id })).rejects.toThrow('killed');
    await later();
    expect(await actions(approval)).toContain('form_failed');
    expect(await runOf(approval)).toBe('failed');
  });

  test('what is within the rule starts none', async () => {
    expect(await askFor(10)).toMatchObject({ state: 'approved' });
    expect(forms().forms.size).toBe(0);
  });

  test.each([
    [true, 'approved'],
    [false, 'rejected'],
  ] as const)('agreeing %s there is %s here, by whom it was and once', async (agree, state) => {
    const approval = await askFor();
    forms()
      .forms.get('form-1')
      ?.turns.splice(0, 1, { member: await leaderKey(), result: null, at: null, remark: '' });
    forms().decideThere('form-1', await leaderKey(), agree, '看过了');
    await tell();
    await tell();
    expect(await stored(approval)).toMatchObject({ state, decidedBy: company.leader.id });
    expect((await actions(approval)).filter((action) => action === state)).toHaveLength(1);
    expect(await runOf(approval)).toBe('ended');
  });

  test('whoever asked cannot agree to it there either: it is decided here then', async () => {
    const approval = await askFor();
    const { key } = await world.deps.db.memberIdentity.findFirstOrThrow({ where: { memberId: company.rep.id } });
    forms().forms.get('form-1')?.turns.splice(0, 1, { member: key, result: null, at: null, remark: '' });
    forms().decideThere('form-1', key, true);
    await tell();
    await tell();
    const here = await stored(approval);
    expect(here).toMatchObject({
      state: 'pending',
      mode: 'own',
      seats: [{ memberId: company.leader.id, state: 'open' }],
    });
    expect(await runOf(approval)).toBe('ended');
    const tap = { id: approval.id, revision: here.revision, decision: 'approve' as const };
    const decided = await decideApproval(world.deps, { memberId: company.leader.id, via: 'page' }, tap);
    expect(decided).toMatchObject({ state: 'approved', decidedBy: company.leader.id });
  });

  test('a decision we never hear of is found out', async () => {
    const approval = await askFor();
    forms()
      .forms.get('form-1')
      ?.turns.splice(0, 1, { member: await leaderKey(), result: null, at: null, remark: '' });
    forms().decideThere('form-1', await leaderKey(), true);
    await later();
    expect(await stored(approval)).toMatchObject({ state: 'approved' });
  });

  test('a start whose answer was lost is looked for before another is made', async () => {
    forms();
    office.loseAnswer('forms.start');
    const approval = await askFor();
    expect(await runOf(approval)).toBe('starting');
    await later();
    expect(forms().forms.size).toBe(1);
    expect(await runOf(approval)).toBe('running');
  });

  test('a start that certainly did not leave is tried again', async () => {
    office.fail('forms.start', 'unavailable');
    const approval = await askFor();
    expect(await runOf(approval)).toBe('owed');
    await later();
    expect(forms().forms.size).toBe(1);
    expect(office.called('forms.find')).toEqual([]);
  });

  test('taken back here it is taken back there, also when it was only being started', async () => {
    const approval = await askFor();
    await changeApproval(world.deps, approval.id, (it, now) => withdraw(it, company.rep.id, now));
    await world.jobs.drain();
    expect(forms().forms.get('form-1')?.state).toBe('withdrawn');

    office.loseAnswer('forms.start');
    const second = await askFor();
    await changeApproval(world.deps, second.id, (it, now) => withdraw(it, company.rep.id, now));
    await later();
    await later();
    expect(forms().forms.get('form-2')?.state).toBe('withdrawn');
    expect(await runOf(second)).toBe('ended');
  });

  test('taken back while a process died that had just started it, it is taken back there', async () => {
    const approval = await askFor();
    // The process that started the form was killed before it looked whether it is still wanted.
    await world.deps.db.approval.update({ where: { id: approval.id }, data: { formState: 'starting' } });
    await changeApproval(world.deps, approval.id, (it, now) => withdraw(it, company.rep.id, now));
    await world.deps.db.approval.update({ where: { id: approval.id }, data: { formState: 'running' } });
    await later();
    expect(forms().forms.get('form-1')?.state).toBe('withdrawn');
    expect(await runOf(approval)).toBe('ended');
  });

  test('taken back there it is taken back here', async () => {
    const approval = await askFor();
    Object.assign(forms().forms.get('form-1') ?? {}, { state: 'withdrawn' });
    await tell();
    expect(await stored(approval)).toMatchObject({ state: 'withdrawn' });
  });

  test('a template the platform does not take is told to whoever asked', async () => {
    office.fail('forms.start', 'rejected', { code: 'aflowProcessNotExist' });
    const approval = await askFor();
    expect(await runOf(approval)).toBe('failed');
    expect(await actions(approval)).toContain('form_failed');
    expect(office.notices.map(({ text }) => text)).toEqual([expect.stringContaining('没有发起成功')]);
  });

  test('nobody decides beside the form', async () => {
    const approval = await askFor();
    const beside = decideApproval(
      world.deps,
      { memberId: company.leader.id, via: 'page' },
      { id: approval.id, revision: 1, decision: 'approve' },
    );
    await expect(beside).rejects.toMatchObject({ code: 'approval.in_form' });
  });

  test('a form of somebody else is none of ours', async () => {
    await tell('form-9');
    expect(office.called('forms.read')).toEqual([]);
  });
});
