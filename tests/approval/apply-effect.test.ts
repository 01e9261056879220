import { beforeEach, describe, expect, test } from 'vitest';
import { applyEffect } from '#server/approval/apply-effect.ts';
import type { Approval } from '#server/approval/approval.ts';
import { findApproval } from '#server/approval/approval-store.ts';
import { listHistory } from '#server/approval/history-store.ts';
import { decideApproval } from '#server/approval/decide-approval.ts';
import type { Effects } from '#server/approval/effect.ts';
import { requestApproval } from '#server/approval/request-approval.ts';
import { requestReveal } from '#server/approval/request-reveal.ts';
import { sweepApprovals } from '#server/approval/sweep-approvals.ts';
import { recordAudit } from '#server/base/audit.ts';
import { Refusal } from '#server/base/refusal.ts';
import { revealPhone } from '#server/customer/reveal-phone.ts';
import { effects } from '#server/effects.ts';
import { callerOf, makeContact, makeCustomer } from '#tests/support/factories.ts';
import { useWorld } from '#tests/support/world.ts';
import { discountDraft, makeCompany, type Company } from './company.ts';

const world = useWorld();
let company: Company;

beforeEach(async () => {
  company = await makeCompany(world);
});

/** A deed that can be counted, and that may go wrong once it is done. */
function counted(after: () => void = () => {}): Effects {
  return {
    ...effects,
    async discount(tx, deps, { id, content }) {
      await recordAudit(tx, { memberId: null, action: 'deed', subject: `opportunity:${content.opportunityId}` });
      after();
      return () => deps.live.publish(`customer.${id}`, { part: 'opportunities' });
    },
  };
}

const deeds = () => world.deps.db.auditEntry.count({ where: { action: 'deed' } });
const stored = async ({ id }: Approval) => (await findApproval(world.deps.db, world.deps.cipher, id)) as Approval;
const actions = async ({ id }: Approval) =>
  (await listHistory(world.deps.db, world.deps.cipher, id)).map(({ action }) => action);

async function approved(): Promise<Approval> {
  const { deps } = world;
  const { id } = await requestApproval(deps, { memberId: company.rep.id }, discountDraft());
  const tap = { id, revision: 1, decision: 'approve' as const };
  return decideApproval(deps, { memberId: company.leader.id, via: 'page' }, tap);
}

describe('what an approval sets free', () => {
  test('is done once, however often and by however many it is asked', async () => {
    const approval = await approved();
    expect(approval.effectState).toBe('waiting');
    const all = counted();
    await Promise.all(Array.from({ length: 6 }, () => applyEffect(world.deps, { approvalId: approval.id }, all)));
    await applyEffect(world.deps, { approvalId: approval.id }, all);
    expect(await deeds()).toBe(1);
    expect((await stored(approval)).effectState).toBe('done');
    expect(await actions(approval)).toEqual(['requested', 'approved', 'effect_done']);
  });

  test('is not lost when the process dies between the decision and the job', async () => {
    const approval = await approved();
    world.jobs.clear();
    await sweepApprovals(world.deps);
    expect(world.jobs.waiting).toMatchObject([{ name: 'apply-effect', payload: { approvalId: approval.id } }]);
  });

  test('leaves nothing behind when it dies half way, and is done whole later', async () => {
    const approval = await approved();
    const dying = counted(() => {
      throw new Error('killed');
    });
    await applyEffect(world.deps, { approvalId: approval.id }, dying);
    expect(await deeds()).toBe(0);
    expect((await stored(approval)).effectState).toBe('waiting');

    const all = counted();
    await applyEffect(world.deps, { approvalId: approval.id }, all);
    expect(await deeds()).toBe(0);
    world.clock.advance(30_000);
    world.jobs.clear();
    await sweepApprovals(world.deps);
    expect(world.jobs.waiting.filter(({ name }) => name === 'apply-effect')).toHaveLength(1);
    await applyEffect(world.deps, { approvalId: approval.id }, all);
    await applyEffect(world.deps, { approvalId: approval.id }, all);
    expect(await deeds()).toBe(1);
  });

  test('that can no longer be done is said to whoever asked and whoever decided', async () => {
    const approval = await approved();
    const refusing = counted(() => {
      throw new Refusal('opportunity.closed', 'The sale is closed already.', 409);
    });
    await applyEffect(world.deps, { approvalId: approval.id }, refusing);
    await applyEffect(world.deps, { approvalId: approval.id }, counted());
    expect(await deeds()).toBe(0);
    expect((await stored(approval)).effectState).toBe('failed');
    const history = await listHistory(world.deps.db, world.deps.cipher, approval.id);
    expect(history.at(-1)).toMatchObject({ action: 'effect_failed', text: 'The sale is closed already.' });
    const told = await world.deps.db.notice.findMany({ where: { key: { startsWith: `approval:${approval.id}` } } });
    const failed = told.filter(({ text }) => world.deps.cipher.decrypt(text).includes('没有生效'));
    expect(failed.map(({ memberId }) => memberId).sort()).toEqual([company.rep.id, company.leader.id].sort());
  });

  test('is nothing for what was not approved', async () => {
    const { deps } = world;
    const { id } = await requestApproval(deps, { memberId: company.rep.id }, discountDraft());
    await applyEffect(deps, { approvalId: id }, counted());
    await decideApproval(
      deps,
      { memberId: company.leader.id, via: 'page' },
      { id, revision: 1, decision: 'reject', reason: '太多' },
    );
    await applyEffect(deps, { approvalId: id }, counted());
    expect(await deeds()).toBe(0);
  });
});

test('a colleague’s customer’s number is read by whoever was allowed to, for as long as was allowed', async () => {
  const { deps } = world;
  const contact = await makeContact(deps, { followedBy: [company.rep] });
  const customer = await makeCustomer(deps, { owner: company.stranger, phone: '13800138000', name: '华星' });
  await deps.db.binding.create({ data: { contactId: contact.id, customerId: customer.id, reasons: [] } });
  const caller = await callerOf(deps, company.rep);
  const needsApproval = { code: 'customer.reveal_needs_approval', status: 409 };
  await expect(revealPhone(deps, caller, customer.id)).rejects.toMatchObject(needsApproval);

  const requestKey = '5a0e0e4e-9b7c-4a4e-8f4b-1c0de0000001';
  const wish = { customerId: customer.id, field: 'phone' as const, hours: 4, reason: '约回访', requestKey };
  const approval = await requestReveal(deps, caller, wish);
  expect(await requestReveal(deps, caller, wish)).toEqual(approval);
  expect(approval).toMatchObject({ state: 'pending', risk: 'low', title: '查看华星的电话 4 小时', measure: 4 });
  const tap = { id: approval.id, revision: 1, decision: 'approve' as const };
  await decideApproval(deps, { memberId: company.leader.id, via: 'card' }, tap);
  await world.jobs.drain();

  expect(await revealPhone(deps, caller, customer.id)).toBe('13800138000');
  const audited = await deps.db.auditEntry.findMany({
    where: { subject: `customer:${customer.id}` },
    orderBy: { id: 'asc' },
  });
  expect(audited).toMatchObject([
    { action: 'customer.phone.granted', memberId: company.rep.id, detail: { approvalId: approval.id } },
    { action: 'customer.phone.read', memberId: company.rep.id, detail: { approvalId: approval.id } },
  ]);
  world.clock.advance(4 * 3_600_000);
  await expect(revealPhone(deps, caller, customer.id)).rejects.toMatchObject(needsApproval);
});
