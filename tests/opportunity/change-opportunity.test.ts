import { beforeEach, describe, expect, test } from 'vitest';
import type { Contact, Customer, Member } from '#prisma/client/client.ts';
import type { LiveTopic } from '#server/base/live.ts';
import { createOpportunity } from '#server/opportunity/create-opportunity.ts';
import { editOpportunity } from '#server/opportunity/edit-opportunity.ts';
import { moveOpportunity } from '#server/opportunity/move-opportunity.ts';
import type { OpportunityView } from '#server/opportunity/opportunity-api.ts';
import { columnsHolding } from '#tests/support/columns-holding.ts';
import {
  callerOf,
  makeContact,
  makeCustomer,
  makeDepartment,
  makeMember,
  openSession,
} from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const http = useHttp(world);

let rep: Member;
let colleague: Member;
let manager: Member;
let stranger: Member;
let customer: Customer;
let contact: Contact;
let as: string;

beforeEach(async () => {
  const department = await makeDepartment(world.deps);
  rep = await makeMember(world.deps, { name: '王磊', departments: [department] });
  colleague = await makeMember(world.deps, { name: '李雷', departments: [department] });
  manager = await makeMember(world.deps, { name: '王经理', role: 'manager', departments: [department] });
  stranger = await makeMember(world.deps, { departments: [await makeDepartment(world.deps)] });
  customer = await makeCustomer(world.deps, { name: '苏州恒达精密机械有限公司', owner: rep });
  contact = await makeContact(world.deps, { name: '陈女士', followedBy: [rep] });
  await world.deps.db.binding.create({ data: { contactId: contact.id, customerId: customer.id, reasons: [] } });
  as = await openSession(world.deps, rep);
});

const create = async (given: Record<string, unknown> = {}) => {
  const body = { customerId: customer.id, contactId: contact.id, title: '50 人版', ...given };
  return (await http.ask('POST', '/api/opportunities', { as, body })).body as OpportunityView;
};
const edit = (sale: OpportunityView, change: Record<string, unknown>, by = as) =>
  http.ask('PATCH', `/api/opportunities/${sale.id}`, { as: by, body: { version: sale.version, ...change } });
const move = (sale: OpportunityView, to: Record<string, unknown>, by = as) =>
  http.ask('POST', `/api/opportunities/${sale.id}/stage`, { as: by, body: { version: sale.version, ...to } });
const read = async (id: string) => (await http.ask('GET', `/api/opportunities/${id}`, { as })).body;

/** A session does not last that long: the rep logs in again. */
async function daysPass(days: number): Promise<void> {
  world.clock.advance(days * 86_400_000);
  as = await openSession(world.deps, rep);
}

const known = {
  amountFen: 1_280_000,
  need: '50 人',
  budget: '两万以内',
  decisionMaker: '刘总',
  expectedOn: '2026-03-31',
};

describe('an opportunity', () => {
  test('begins with its need still to be found, and is its maker’s', async () => {
    expect(await create()).toMatchObject({
      title: '50 人版',
      customer: { id: customer.id, name: customer.name },
      contact: { id: contact.id, name: '陈女士' },
      owner: { id: rep.id, name: '王磊' },
      amountFen: null,
      netAmountFen: null,
      discountBp: 0,
      stage: 'discovery',
      stageDays: 0,
      facts: { need: null, budget: null, decisionMaker: null, terms: null },
      approval: null,
      version: 1,
      gates: [
        { stage: 'solution', missing: ['need'] },
        { stage: 'quoted', missing: ['need', 'budget', 'decision_maker'] },
        { stage: 'negotiation', missing: ['need', 'budget', 'decision_maker', 'amount', 'expected_on'] },
        { stage: 'won', missing: ['amount'] },
        { stage: 'lost', missing: [] },
      ],
    });
  });

  test('keeps the largest amount there can be, and the day that was said whatever the zone', async () => {
    const sale = await create({ amountFen: 1_000_000_000_000, expectedOn: '2026-03-31' });
    expect(await read(sale.id)).toMatchObject({
      amountFen: 1_000_000_000_000,
      netAmountFen: 1_000_000_000_000,
      expectedOn: '2026-03-31',
    });
  });

  test.each([
    ['amountFen', '12800'],
    ['amountFen', -1],
    ['amountFen', 12.5],
    ['amountFen', 1_000_000_000_001],
    ['amountFen', 'NaN'],
    ['expectedOn', '2026-02-30'],
    ['expectedOn', '明天'],
    ['title', ''],
    ['title', '长'.repeat(121)],
  ])('with %s %j is refused with the field, made or changed', async (field, value) => {
    const problems = { error: { code: 'request.invalid', detail: { problems: [{ path: `body.${field}` }] } } };
    const body = { customerId: customer.id, title: '50 人版', [field]: value };
    expect(await http.ask('POST', '/api/opportunities', { as, body })).toMatchObject({ status: 400, body: problems });
    expect(await edit(await create(), { [field]: value })).toMatchObject({ status: 400, body: problems });
  });

  test('is of a customer, with a contact, its maker may see', async () => {
    const theirs = {
      customer: await makeCustomer(world.deps, { owner: stranger }),
      contact: await makeContact(world.deps, { followedBy: [stranger] }),
    };
    const ask = (body: Record<string, unknown>) =>
      http.ask('POST', '/api/opportunities', { as, body: { title: '50 人版', ...body } });
    expect(await ask({ customerId: theirs.customer.id })).toMatchObject({ status: 404, code: 'customer.unknown' });
    expect(await ask({ customerId: customer.id, contactId: theirs.contact.id })).toMatchObject({
      status: 404,
      code: 'contact.unknown',
    });
  });

  test('shows every change with who made it and when', async () => {
    const sale = await create({ amountFen: 1_280_000 });
    world.clock.advance(60_000);
    await edit(sale, { amountFen: 1_500_000, need: '接现有系统', title: '50 人版' });
    expect(await read(sale.id)).toMatchObject({
      version: 2,
      changes: [
        { by: '王磊', approvalId: null, field: 'need', before: null, after: '接现有系统' },
        { at: '2026-03-01T02:01:00.000Z', field: 'amountFen', before: 1_280_000, after: 1_500_000 },
      ],
    });
  });

  test('forgets what turned out not to be known', async () => {
    const sale = await create(known);
    const { body } = await edit(sale, { need: null, budget: '', amountFen: null, expectedOn: null });
    expect(body).toMatchObject({ amountFen: null, expectedOn: null, facts: { need: null, budget: null } });
  });

  test('of two who change it at once, the second is shown what the first made of it', async () => {
    const sale = await create();
    const boss = await openSession(world.deps, manager);
    expect((await edit(sale, { amountFen: 900_000 }, boss)).status).toBe(200);
    expect(await edit(sale, { amountFen: 800_000 })).toMatchObject({
      status: 409,
      code: 'opportunity.stale',
      body: {
        error: {
          detail: {
            current: { amountFen: 900_000, version: 2 },
            changes: [{ by: '王经理', field: 'amountFen', before: null, after: 900_000 }],
          },
        },
      },
    });
    expect(await move(sale, { stage: 'lost', outcome: '价格' })).toMatchObject({ code: 'opportunity.stale' });
  });

  test('of many presses at one moment, one counts', async () => {
    const caller = await callerOf(world.deps, rep);
    const sale = await create();
    const presses = await Promise.allSettled(
      [1, 2, 3, 4, 5, 6].map((amountFen) => editOpportunity(world.deps, caller, sale.id, { version: 1, amountFen })),
    );
    expect(presses.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await world.deps.db.opportunityChange.count()).toBe(1);
  });

  test('what was said of it is readable in no column', async () => {
    const mark = '琥珀镭射机';
    const sale = await create({ title: mark, need: mark, budget: mark, decisionMaker: mark, terms: mark });
    const { body } = await edit(sale, { need: `${mark}两台` });
    await move(body as OpportunityView, { stage: 'lost', outcome: `${mark}太贵` });
    expect(JSON.stringify(await read(sale.id))).toContain(`${mark}太贵`);
    expect(await columnsHolding(world.deps.pool, mark)).toEqual([]);
  });

  test('tells the screens of its customer, of its contacts and of its owner', async () => {
    const told: string[] = [];
    const topics: LiveTopic[] = [`customer.${customer.id}`, `contact.${contact.id}`, `member.${rep.id}`];
    const stop = world.deps.live.subscribe(topics, ({ part }) => told.push(part));
    const caller = await callerOf(world.deps, rep);
    const sale = await createOpportunity(world.deps, caller, { customerId: customer.id, title: '50 人版' });
    expect(told).toEqual(['opportunities', 'opportunities', 'opportunities']);
    await moveOpportunity(world.deps, caller, sale.id, { version: 1, stage: 'lost', outcome: '价格' });
    stop();
    expect(told).toHaveLength(6);
  });
});

describe('its stage', () => {
  test('is entered when what it asks for is known, else it is said what is missing', async () => {
    const sale = await create({ need: '50 人' });
    expect(await move(sale, { stage: 'negotiation' })).toMatchObject({
      status: 409,
      code: 'opportunity.gate',
      body: {
        error: {
          detail: { stage: 'negotiation', missing: ['budget', 'decision_maker', 'amount', 'expected_on'] },
        },
      },
    });
    const full = (await edit(sale, known)).body as OpportunityView;
    await daysPass(3);
    expect(await move(full, { stage: 'negotiation' })).toMatchObject({
      status: 200,
      body: { stage: 'negotiation', stageDays: 0, stageAt: '2026-03-04T02:00:00.000Z', version: 3 },
    });
  });

  test('ends with a reason, and a won one with its amount', async () => {
    const sale = await create();
    expect(await move(sale, { stage: 'won' })).toMatchObject({ status: 422, code: 'opportunity.outcome' });
    expect(await move(sale, { stage: 'won', outcome: '产品合适' })).toMatchObject({ code: 'opportunity.gate' });
    expect(await move(sale, { stage: 'won', outcome: '产品合适', exceptionReason: '急' })).toMatchObject({
      status: 422,
      code: 'opportunity.no_exception',
    });
    const full = (await edit(sale, { amountFen: 1 })).body as OpportunityView;
    const won = (await move(full, { stage: 'won', outcome: '产品合适' })).body as OpportunityView;
    expect(won).toMatchObject({ stage: 'won', outcome: '产品合适', gates: [] });
    expect(await edit(won, { title: '别的' })).toMatchObject({ status: 409, code: 'opportunity.closed' });
    expect(await move(won, { stage: 'discovery' })).toMatchObject({ status: 403, code: 'opportunity.reopen' });
    const boss = await openSession(world.deps, manager);
    expect(await move(won, { stage: 'discovery' }, boss)).toMatchObject({
      body: { stage: 'discovery', outcome: null },
    });
  });
});

describe('the list', () => {
  const ids = (body: unknown) => (body as { items: OpportunityView[] }).items.map(({ id }) => id);
  const list = (search: string, by = as) => http.ask('GET', `/api/opportunities?${search}`, { as: by });

  test('shows all of a customer in sight, and those a member in sight owns, to nobody else', async () => {
    const mine = await create();
    // A colleague follows the contact too: the customer is theirs to see, and what is sold to it.
    await world.deps.db.follow.create({
      data: {
        contactId: contact.id,
        memberId: colleague.id,
        state: 'active',
        addedAt: world.deps.now(),
        changedAt: world.deps.now(),
      },
    });
    const theirs = await makeCustomer(world.deps, { owner: stranger });
    const left = await world.deps.db.opportunity.create({
      data: {
        customerId: theirs.id,
        ownerId: rep.id,
        createdBy: rep.id,
        title: world.deps.cipher.encrypt('旧'),
        updatedAt: new Date(0),
      },
    });
    expect(ids((await list('')).body)).toEqual([mine.id, left.id]);
    expect(ids((await list('', await openSession(world.deps, colleague))).body)).toEqual([mine.id]);
    expect(ids((await list('', await openSession(world.deps, stranger))).body)).toEqual([left.id]);
    expect(ids((await list('', await openSession(world.deps, manager))).body)).toEqual([mine.id, left.id]);
  });

  test('goes on where a page ended, also among those changed at one moment', async () => {
    const made = [];
    for (let n = 0; n < 7; n++) {
      made.push((await create({ title: `${n}` })).id);
      if (n % 3 === 0) world.clock.advance(1);
    }
    const seen: string[] = [];
    for (let after = ''; seen.length < 20;) {
      const { body } = await list(`limit=2${after && `&after=${after}`}`);
      seen.push(...ids(body));
      const { nextAfter } = body as { nextAfter: string | null };
      if (nextAfter === null) break;
      after = nextAfter;
    }
    expect(seen.toSorted()).toEqual(made.toSorted());
    expect(seen[0]).toBe(made.at(-1));
    expect(await list('after=anything')).toMatchObject({ status: 400, code: 'opportunity.cursor' });
  });

  test('finds by customer, owner and stage, and what stands still for more than a week', async () => {
    const old = await create({ title: '旧' });
    const lost = (await move(await create(), { stage: 'lost', outcome: '价格' })).body as OpportunityView;
    await daysPass(8);
    const fresh = await create({ title: '新' });
    expect(ids((await list('stalled=true')).body)).toEqual([old.id]);
    expect(ids((await list('stalled=false')).body)).toEqual([fresh.id, lost.id, old.id]);
    expect(ids((await list('stalled=true&stage=lost')).body)).toEqual([]);
    expect(ids((await list('stage=lost')).body)).toEqual([lost.id]);
    expect(ids((await list(`ownerId=${manager.id}`)).body)).toEqual([]);
    expect(ids((await list(`customerId=${customer.id}&ownerId=${rep.id}&stage=discovery`)).body)).toEqual([
      fresh.id,
      old.id,
    ]);
  });
});
