import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Customer } from '#prisma/client/client.ts';
import type { Approval } from '#server/approval/approval.ts';
import { findApproval } from '#server/approval/approval-store.ts';
import { decideApproval } from '#server/approval/decide-approval.ts';
import type { OpportunityView } from '#server/opportunity/opportunity-api.ts';
import { makeCompany, type Company } from '#tests/approval/company.ts';
import { makeCustomer, openSession } from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const http = useHttp(world);

let company: Company;
let customer: Customer;
let as: string;

beforeEach(async () => {
  company = await makeCompany(world);
  customer = await makeCustomer(world.deps, { name: '华星', owner: company.rep });
  as = await openSession(world.deps, company.rep);
});

const ask = async (method: string, path: string, body?: Record<string, unknown>) =>
  http.ask(method, path, { as, ...(body ? { body } : {}) });
const create = async (given: Record<string, unknown> = {}) =>
  (
    await ask('POST', '/api/opportunities', {
      customerId: customer.id,
      title: '50 人版',
      amountFen: 1_280_000,
      ...given,
    })
  ).body as OpportunityView;
const read = async ({ id }: { id: string }) =>
  (await ask('GET', `/api/opportunities/${id}`)).body as OpportunityView & { changes: Record<string, unknown>[] };

const discount = (sale: { id: string }, discountBp: unknown, requestKey: unknown = randomUUID()) =>
  ask('POST', `/api/opportunities/${sale.id}/discount`, {
    discountBp,
    requestKey,
    reason: '对手报价更低',
  } as Record<string, unknown>);
const terms = (sale: { id: string }, text: string) =>
  ask('POST', `/api/opportunities/${sale.id}/terms`, { terms: text, reason: '分期', requestKey: randomUUID() });

async function decide(sale: { id: string }, decision: 'approve' | 'reject' = 'approve', by = company.leader.id) {
  const { approval } = await read(sale);
  const found = (await findApproval(world.deps.db, world.deps.cipher, approval?.id ?? '')) as Approval;
  await decideApproval(
    world.deps,
    { memberId: by, via: 'page' },
    { id: found.id, revision: found.revision, decision, reason: decision === 'reject' ? '毛利不够' : null },
  );
  await world.jobs.drain();
}

describe('a discount', () => {
  test('asked for is decided by the leader, and then the opportunity has it, with the approval in its history', async () => {
    const sale = await create();
    const asked = await discount(sale, 1500);
    expect(asked).toMatchObject({
      status: 201,
      body: {
        discountBp: 0,
        netAmountFen: 1_280_000,
        approval: {
          kind: 'discount',
          state: 'pending',
          title: '华星 · 50 人版',
          reason: '对手报价更低',
          measure: 15,
          amountFen: 1_280_000,
          subject: `opportunity:${sale.id}`,
          customer: { id: customer.id },
          changes: [
            { field: 'discount', before: 0, after: 15 },
            { field: 'amount', before: 1_280_000, after: 1_088_000 },
          ],
        },
      },
    });
    const told: string[] = [];
    const stop = world.deps.live.subscribe([`customer.${customer.id}`], ({ part }) => told.push(part));
    await decide(sale);
    stop();
    expect(told).toContain('opportunities');
    const after = await read(sale);
    expect(after).toMatchObject({
      discountBp: 1500,
      netAmountFen: 1_088_000,
      version: 2,
      approval: { state: 'approved', effect: 'done' },
      changes: [{ by: '小周', approvalId: after.approval?.id, field: 'discountBp', before: 0, after: 1500 }],
    });
  });

  test('within the rule is granted at once', async () => {
    const sale = await create();
    await discount(sale, 1000);
    await world.jobs.drain();
    expect(await read(sale)).toMatchObject({ discountBp: 1000, approval: { state: 'approved', decidedBy: null } });
  });

  test('rejected leaves everything as it is, with the reason', async () => {
    const sale = await create();
    await discount(sale, 1500);
    await decide(sale, 'reject');
    expect(await read(sale)).toMatchObject({
      discountBp: 0,
      version: 1,
      approval: { state: 'rejected', verdict: '毛利不够' },
      changes: [],
    });
  });

  test('asked for with one press however often it is sent, also all at once, is one request', async () => {
    const sale = await create();
    const key = randomUUID();
    const answers = await Promise.all([1, 2, 3, 4].map(() => discount(sale, 1500, key)));
    answers.push(await discount(sale, 1500, key));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    expect(await world.deps.db.approval.count()).toBe(1);
    await decide(sale);
    expect(await discount(sale, 1500, key)).toMatchObject({ status: 201, body: { discountBp: 1500 } });
  });

  test('is asked for one at a time: a second one is told which waits, also at the same moment', async () => {
    const sale = await create();
    const answers = await Promise.all([1500, 1600, 1700].map((points) => discount(sale, points)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
    const { approval } = await read(sale);
    expect(await discount(sale, 1200)).toMatchObject({
      status: 409,
      code: 'opportunity.request_pending',
      body: {
        error: {
          detail: { approval: { id: approval?.id, kind: 'discount', requester: { name: '小周' } } },
        },
      },
    });
    expect((await terms(sale, '分两期')).status).toBe(201);
    await world.deps.db.approval.updateMany({ data: { state: 'withdrawn' } });
    expect((await discount(sale, 1200)).status).toBe(201);
  });

  test.each([
    ['discountBp', '15'],
    ['discountBp', 0],
    ['discountBp', -100],
    ['discountBp', 10_001],
    ['discountBp', 12.5],
    ['requestKey', 'again'],
  ])('with %s %j is refused with the field', async (field, value) => {
    const sale = await create();
    const answer = field === 'discountBp' ? await discount(sale, value) : await discount(sale, 1500, value);
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: 'request.invalid', detail: { problems: [{ path: `body.${field}` }] } } },
    });
  });

  test('off no amount, on what is closed, or the same again, is refused in a sentence', async () => {
    const without = await create({ amountFen: null });
    expect(await discount(without, 1500)).toMatchObject({ status: 422, code: 'opportunity.amount_needed' });
    expect(await terms(without, '分两期')).toMatchObject({ status: 422, code: 'opportunity.amount_needed' });
    const sale = await create();
    await discount(sale, 1000);
    await world.jobs.drain();
    expect(await discount(sale, 1000)).toMatchObject({ status: 422, code: 'opportunity.same_discount' });
    const { version } = await read(sale);
    await ask('POST', `/api/opportunities/${sale.id}/stage`, { version, stage: 'lost', outcome: '价格' });
    expect(await discount(sale, 1500)).toMatchObject({ status: 409, code: 'opportunity.closed' });
  });
});

describe('what is decided on', () => {
  test('keeps its amount while somebody decides, and everything else may change', async () => {
    const sale = await create();
    await discount(sale, 1500);
    const edit = (change: Record<string, unknown>) =>
      ask('PATCH', `/api/opportunities/${sale.id}`, { version: 1, ...change });
    expect(await edit({ amountFen: 9_000_000 })).toMatchObject({ status: 409, code: 'opportunity.request_pending' });
    expect(await edit({ need: '接现有系统' })).toMatchObject({ status: 200 });
  });

  test.each([
    ['was closed', { stage: 'lost', outcome: '暂时不买' }, 'opportunity.closed'],
    ['has another amount', { amountFen: 9_000_000n }, 'opportunity.amount_changed'],
  ])('takes no effect on an opportunity that %s meanwhile, and says so', async (_, change, code) => {
    const sale = await create();
    await discount(sale, 1500);
    const { cipher, db } = world.deps;
    const outcome = 'outcome' in change ? { outcome: cipher.encrypt(change.outcome) } : {};
    await db.opportunity.update({ where: { id: sale.id }, data: { ...change, ...outcome } });
    await decide(sale);
    expect(await read(sale)).toMatchObject({ discountBp: 0, approval: { state: 'approved', effect: 'failed' } });
    expect((await db.approval.findFirstOrThrow()).effectError).toBe(code);
  });

  test('takes no effect on one that is gone', async () => {
    const sale = await create();
    await discount(sale, 1500);
    const { approval } = await read(sale);
    await world.deps.db.opportunity.delete({ where: { id: sale.id } });
    await decideApproval(
      world.deps,
      { memberId: company.leader.id, via: 'page' },
      { id: approval?.id ?? '', revision: 1, decision: 'approve' },
    );
    await world.jobs.drain();
    expect(await world.deps.db.approval.findFirstOrThrow()).toMatchObject({
      effectState: 'failed',
      effectError: 'opportunity.unknown',
    });
  });
});

describe('contract terms', () => {
  test('that were granted are changed by asking again, not by hand', async () => {
    const sale = await create({ terms: '先款后货' });
    expect((await terms(sale, '验收后 60 天')).body).toMatchObject({
      facts: { terms: '先款后货' },
      approval: {
        kind: 'contract_terms',
        measure: 12_800,
        changes: [{ field: 'terms', before: '先款后货', after: '验收后 60 天' }],
      },
    });
    await decide(sale);
    await decide(sale, 'approve', company.director.id);
    const granted = await read(sale);
    expect(granted).toMatchObject({ facts: { terms: '验收后 60 天' }, version: 2 });
    expect(await ask('PATCH', `/api/opportunities/${sale.id}`, { version: 2, terms: '验收后 90 天' })).toMatchObject({
      status: 409,
      code: 'opportunity.terms_granted',
    });
    expect(await terms(sale, '验收后 60 天')).toMatchObject({ status: 422, code: 'opportunity.same_terms' });
    expect((await terms(sale, '验收后 90 天')).status).toBe(201);
  });
});

describe('an exception', () => {
  const move = (sale: { id: string }, version: number, more: Record<string, unknown> = {}) =>
    ask('POST', `/api/opportunities/${sale.id}/stage`, { version, stage: 'quoted', ...more });

  test('asked for leaves the stage until it is granted, then the opportunity is there', async () => {
    const sale = await create({ need: '50 人' });
    const requestKey = randomUUID();
    const asked = await move(sale, 1, { exceptionReason: '客户今天要报价', requestKey });
    expect(asked).toMatchObject({
      status: 200,
      body: {
        stage: 'discovery',
        approval: {
          kind: 'stage_exception',
          state: 'pending',
          measure: 12_800,
          changes: [
            { field: 'stage', before: 'discovery', after: 'quoted' },
            { field: 'missing', after: 'decision_maker' },
          ],
        },
      },
    });
    expect((await move(sale, 1, { exceptionReason: '客户今天要报价', requestKey })).status).toBe(200);
    expect(await world.deps.db.approval.count()).toBe(1);
    world.clock.advance(3_600_000);
    await decide(sale);
    expect(await read(sale)).toMatchObject({
      stage: 'quoted',
      stageAt: '2026-03-01T03:00:00.000Z',
      changes: [{ field: 'stage', before: 'discovery', after: 'quoted' }],
    });
  });

  test('of an unknown amount is decided as the largest there can be', async () => {
    const sale = await create({ amountFen: null });
    const { body } = await move(sale, 1, { exceptionReason: '急' });
    expect(body).toMatchObject({ approval: { measure: 10_000_000_000, amountFen: null } });
  });

  test('is not needed where the gate is open: it simply moves', async () => {
    const sale = await create({ need: '50 人', decisionMaker: '刘总' });
    expect(await move(sale, 1, { exceptionReason: '急' })).toMatchObject({
      body: { stage: 'quoted', approval: null },
    });
  });

  test('does not pull an opportunity back that went another way meanwhile', async () => {
    const sale = await create({ need: '50 人' });
    await move(sale, 1, { exceptionReason: '急' });
    await ask('POST', `/api/opportunities/${sale.id}/stage`, { version: 1, stage: 'solution' });
    await decide(sale);
    expect(await read(sale)).toMatchObject({ stage: 'solution', approval: { effect: 'failed' } });
  });
});
