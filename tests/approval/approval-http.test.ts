import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import type { ApprovalDetail, ApprovalView } from '#server/approval/approval-api.ts';
import { decideApproval } from '#server/approval/decide-approval.ts';
import { builtInPolicy } from '#server/approval/policy.ts';
import { requestApproval } from '#server/approval/request-approval.ts';
import type { RequestDraft } from '#server/approval/request-draft.ts';
import { sweepApprovals } from '#server/approval/sweep-approvals.ts';
import { insertScore } from '#server/scoring/scoring-store.ts';
import { columnsHolding } from '#tests/support/columns-holding.ts';
import { makeContact, makeCustomer, makeMember, openSession } from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';
import { discountDraft, makeCompany, type Company } from './company.ts';

const world = useWorld();
const http = useHttp(world);
let company: Company;

beforeEach(async () => {
  company = await makeCompany(world);
});

const asking = (percent = 15, given: Partial<RequestDraft<'discount'>> = {}) =>
  requestApproval(world.deps, { memberId: company.rep.id }, discountDraft(percent, given));

async function call<Body = ApprovalView>(member: Member, method: string, path: string, body?: unknown) {
  const as = await openSession(world.deps, member);
  const answer = await http.ask(method, path, { as, ...(body === undefined ? {} : { body }) });
  const said = (answer.body as { error?: { message: string; detail?: Record<string, unknown> } } | null)?.error;
  return { ...answer, body: answer.body as Body, message: said?.message ?? '', detail: said?.detail };
}

describe('bad input', () => {
  test('a press by somebody not asked is told who is, and changes nothing', async () => {
    const { id } = await asking();
    const answer = await call(company.director, 'POST', `/api/approvals/${id}/decide`, {
      revision: 1,
      decision: 'approve',
    });
    expect(answer).toMatchObject({ status: 403, code: 'approval.not_asked' });
    expect(answer.message).toContain('李经理');
    expect((await call(company.leader, 'GET', `/api/approvals/${id}`)).body).toMatchObject({
      state: 'pending',
      revision: 1,
    });
  });

  test('a second decision is told who was first and when', async () => {
    const { id } = await asking();
    const press = (decision: string) =>
      call(company.leader, 'POST', `/api/approvals/${id}/decide`, { revision: 1, decision, reason: '太多' });
    expect((await press('approve')).body).toMatchObject({ state: 'approved', decidedBy: { name: '李经理' } });
    const second = await press('reject');
    expect(second).toMatchObject({
      status: 409,
      code: 'approval.already_decided',
      message: 'This was already decided by 李经理 at 2026-03-01T02:00:00.000Z.',
      detail: { by: { id: company.leader.id, name: '李经理' }, at: '2026-03-01T02:00:00.000Z', decision: 'approved' },
    });
  });

  test('what is over or was taken back is said so', async () => {
    const [over, back] = [await asking(), await asking()];
    expect((await call(company.rep, 'POST', `/api/approvals/${back.id}/withdraw`, {})).body.state).toBe('withdrawn');
    world.clock.advance(7 * 24 * 3_600_000);
    const press = (id: string) =>
      call(company.leader, 'POST', `/api/approvals/${id}/decide`, { revision: 1, decision: 'approve' });
    expect(await press(over.id)).toMatchObject({ status: 409, code: 'approval.expired' });
    expect(await press(back.id)).toMatchObject({ status: 409, code: 'approval.withdrawn' });
    expect(await call(company.rep, 'POST', `/api/approvals/${back.id}/remind`, {})).toMatchObject({
      code: 'approval.withdrawn',
    });
  });

  test('a policy nobody could decide by is refused with the place, and one that can is kept', async () => {
    const save = (policy: unknown, version = 0, as = company.admin) =>
      call<{ version: number }>(as, 'PUT', '/api/approval-policies/discount', { version, policy });
    const policy = builtInPolicy('discount');
    const marketing = { who: { by: 'role', role: 'marketing' }, of: 'any', escalateAfterMinutes: null };
    const impossible = { ...policy, bands: [{ upTo: null, risk: 'low', levels: [marketing] }] };
    expect(await save(impossible)).toMatchObject({ status: 422, code: 'approval.policy' });
    expect((await save(impossible)).message).toContain('bands.0.levels.0.who');
    expect(
      await save({ ...policy, mode: 'form', form: { platform: 'none', template: 't', labels: { number: '编号' } } }),
    ).toMatchObject({ status: 422, code: 'approval.policy' });
    expect(await save(policy, 0, company.leader)).toMatchObject({ status: 403, code: 'caller.role' });
    expect(await save({ ...policy, bands: [] })).toMatchObject({ status: 400, code: 'request.invalid' });

    expect((await save(policy)).body.version).toBe(1);
    expect(await save(policy)).toMatchObject({ status: 409, code: 'approval.policy_stale' });
    expect((await save(policy, 1)).body.version).toBe(2);
  });

  test('at request time a level without anybody goes to the fallback the admin named', async () => {
    const keeper = await makeMember(world.deps, { name: '周会计' });
    const policy = {
      ...builtInPolicy('discount'),
      bands: [
        { upTo: null, risk: 'low', levels: [{ who: { by: 'line', step: 1 }, of: 'any', escalateAfterMinutes: null }] },
      ],
      fallback: [keeper.id],
    };
    const saved = await call(company.admin, 'PUT', '/api/approval-policies/discount', { version: 0, policy });
    expect(saved.status).toBe(200);
    const outside = await makeMember(world.deps, { name: '独行' });
    const approval = await requestApproval(world.deps, { memberId: outside.id }, discountDraft());
    expect(approval.seats).toMatchObject([{ memberId: keeper.id, because: 'fallback' }]);
  });

  test.each([
    ['a measure that is no number', { measure: Number.NaN }, 'approval.measure', 'measure'],
    ['a negative measure', { measure: -1 }, 'approval.measure', 'measure'],
    ['an amount that is no number', { amountFen: Number.NaN }, 'approval.amount', 'amountFen'],
    ['a negative amount', { amountFen: -1 }, 'approval.amount', 'amountFen'],
    ['an amount beyond all bounds', { amountFen: 1e13 }, 'approval.amount', 'amountFen'],
    [
      'a discount beyond 100 %',
      { content: { opportunityId: '00000000-0000-4000-8000-000000000001', discountBp: 10_001, discountBpBefore: 0 } },
      'approval.content',
      'content.discountBp',
    ],
  ])('%s is refused with its field', async (_, given, code, field) => {
    await expect(asking(15, given)).rejects.toMatchObject({ status: 400, code, detail: { field } });
    expect(await world.deps.db.approval.count()).toBe(0);
  });

  test.each([
    ['text', '15'],
    ['negative', -1],
    ['missing', undefined],
  ])('a preview of a measure that is %s is refused with its field', async (_, measure) => {
    const answer = await call(company.rep, 'POST', '/api/approvals/preview', { kind: 'discount', measure });
    expect(answer).toMatchObject({ status: 400, code: 'request.invalid' });
    expect(answer.message).toContain('body.measure');
  });

  test('files a browser would run, empty and too large ones are refused', async () => {
    const { id } = await asking();
    const attach = (type: string, base64: string) =>
      call(company.rep, 'POST', `/api/approvals/${id}/attachments`, { name: '文件', type, base64 });
    expect(await attach('text/html', 'aGk=')).toMatchObject({ status: 422, code: 'approval.attachment_type' });
    expect(await attach('text/plain', '')).toMatchObject({ status: 413, code: 'approval.attachment_size' });
    const large = Buffer.alloc(700 * 1024 + 1).toString('base64');
    expect(await attach('application/pdf', large)).toMatchObject({ status: 413, code: 'approval.attachment_size' });
  });
});

test('what was done to an approval cannot be changed or deleted, by nobody', async () => {
  const { id } = await asking();
  const change = world.deps.pool.query('UPDATE "ApprovalHistory" SET action = $1', ['approved']);
  await expect(change).rejects.toThrow('ApprovalHistory is append-only');
  await expect(world.deps.db.approvalHistory.deleteMany({ where: { approvalId: id } })).rejects.toThrow('append-only');
  await expect(world.deps.db.approval.delete({ where: { id } })).rejects.toThrow();
});

test('what was asked, said and attached is unreadable in the database', async () => {
  const { id } = await asking(15, { reason: '客户只肯出九千八百元' });
  await call(company.leader, 'POST', `/api/approvals/${id}/ask`, { revision: 1, question: '竞品报价是多少呢' });
  await call(company.rep, 'POST', `/api/approvals/${id}/comments`, { text: '竞品大约一万零五百' });
  const base64 = Buffer.from('报价单原文在此一字不差').toString('base64');
  await call(company.rep, 'POST', `/api/approvals/${id}/attachments`, { name: '报价.txt', type: 'text/plain', base64 });
  for (const said of [
    '客户只肯出九千八百元',
    '竞品报价是多少呢',
    '竞品大约一万零五百',
    '报价单原文在此一字不差',
    base64,
  ])
    expect(await columnsHolding(world.deps.pool, said)).toEqual([]);
});

test('whoever sits there reads the customer, the score and the summary beside it, and it is written down', async () => {
  const { deps } = world;
  const contact = await makeContact(deps, { followedBy: [company.rep] });
  const customer = await makeCustomer(deps, { owner: company.rep, name: '华星', stage: 'quoted' });
  await deps.db.binding.create({ data: { contactId: contact.id, customerId: customer.id, reasons: [] } });
  const factors = [
    { key: 'a', points: 3, text: '回复快', pointer: { field: 'x' } },
    { key: 'b', points: 18, text: '询价三次', pointer: { field: 'x' } },
  ];
  const score = { contactId: contact.id, at: deps.now(), value: 82, factors, method: 'rules@1' };
  await insertScore(deps.db, deps.cipher, score, null);
  const { id } = await asking(15, { customerId: customer.id });

  await call(company.leader, 'POST', `/api/approvals/${id}/transfer`, { revision: 1, toMemberId: company.stranger.id });
  const read = async (member: Member) => (await call<ApprovalDetail>(member, 'GET', `/api/approvals/${id}`)).body;
  const beside = {
    customer: { id: customer.id, name: '华星', ownerName: '小周', stage: 'quoted' },
    score: { value: 82, topReasons: [{ text: '询价三次' }, { text: '回复快' }] },
    summary: null,
  };
  expect((await read(company.leader)).beside).toMatchObject(beside);
  expect(await deps.db.auditEntry.count()).toBe(0);
  expect((await read(company.stranger)).beside).toMatchObject(beside);
  await read(company.stranger);
  expect(await deps.db.auditEntry.findMany()).toMatchObject([
    {
      memberId: company.stranger.id,
      action: 'approval.beside.read',
      subject: `customer:${customer.id}`,
      detail: { approvalId: id },
    },
  ]);
  expect((await call(company.stranger, 'GET', `/api/customers/${customer.id}`)).status).toBe(404);

  const told = await makeMember(deps, { departments: [company.sales] });
  await deps.db.approvalCopy.create({ data: { approvalId: id, memberId: told.id } });
  expect((await read(told)).beside).toEqual({ customer: null, score: null, summary: null });
  const passerBy = await makeMember(deps, { departments: [company.sales] });
  expect(await call(passerBy, 'GET', `/api/approvals/${id}`)).toMatchObject({ status: 404, code: 'approval.unknown' });
});

test('the detail says what changes, who sits where, what was said, and what was seen of the files', async () => {
  const { id } = await asking(25);
  const { body: attached } = await call(company.rep, 'POST', `/api/approvals/${id}/attachments`, {
    name: '报价.txt',
    type: 'text/plain',
    base64: 'aGk=',
  });
  expect(attached).toMatchObject({ attachmentCount: 1, revision: 2 });
  const read = async () => (await call<ApprovalDetail>(company.leader, 'GET', `/api/approvals/${id}`)).body;
  const [file] = (await read()).attachments;
  expect(file).toMatchObject({ name: '报价.txt', bytes: 2, viewedByMe: false });
  const content = await call(company.leader, 'GET', `/api/approvals/${id}/attachments/${file?.id}`);
  expect(content.body).toEqual({ name: '报价.txt', type: 'text/plain', base64: 'aGk=' });
  await call(company.leader, 'POST', `/api/approvals/${id}/decide`, {
    revision: 2,
    decision: 'approve',
    reason: '可以',
  });

  const detail = await read();
  expect(detail).toMatchObject({
    level: 1,
    changes: [
      { field: 'discount', before: 0, after: 25 },
      { field: 'amount', before: 1_280_000, after: 960_000 },
    ],
    levels: [
      { of: 'any', seats: [{ member: { name: '李经理' }, state: 'approved' }] },
      { of: 'any', seats: [{ member: { name: '赵总监' }, state: 'open' }] },
    ],
    attachments: [{ viewedByMe: true }],
    may: { decide: false, comment: true },
  });
  expect(detail.history.map(({ action, by, text }) => [action, by?.name, text])).toEqual([
    ['requested', '小周', '客户预算有限，本周可签'],
    ['attachment_added', '小周', '报价.txt'],
    ['attachment_viewed', '李经理', '报价.txt'],
    ['approved', '李经理', '可以'],
  ]);
});

describe('the boxes', () => {
  const box = async (member: Member, query: string) =>
    (
      await call<{ items: ApprovalView[]; nextAfter: string | null; counts: Record<string, number> }>(
        member,
        'GET',
        `/api/approvals?${query}`,
      )
    ).body;
  const ids = ({ items }: { items: ApprovalView[] }) => items.map(({ id }) => id);

  test('what waits, what was decided, what was copied and what was asked are four boxes, page by page', async () => {
    const policy = { ...builtInPolicy('discount'), copies: [company.stranger.id] };
    await call(company.admin, 'PUT', '/api/approval-policies/discount', { version: 0, policy });
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      made.unshift((await asking(n === 0 ? 20 : 15)).id);
      if (n % 2 === 0) world.clock.advance(1000);
    }
    const pages: string[] = [];
    for (let after = ''; ;) {
      const page = await box(company.leader, `box=pending&limit=2${after && `&after=${after}`}`);
      expect(page.counts).toEqual({ pending: 5, copied: 0, mine: 0 });
      pages.push(...ids(page));
      if (!page.nextAfter) break;
      after = page.nextAfter;
    }
    expect(pages.sort()).toEqual(made.toSorted());
    const [first] = made;
    await call(company.leader, 'POST', `/api/approvals/${first}/decide`, { revision: 1, decision: 'approve' });
    expect((await box(company.leader, 'box=decided')).items).toMatchObject([{ id: first, state: 'approved' }]);
    expect((await box(company.leader, 'box=pending')).counts['pending']).toBe(4);
    expect(ids(await box(company.rep, 'box=mine'))).toHaveLength(5);
    expect((await box(company.rep, 'box=mine&state=approved&kind=discount')).items).toHaveLength(1);
    expect((await box(company.leader, 'risk=medium')).items).toHaveLength(1);
    expect((await box(company.stranger, 'box=copied')).counts['copied']).toBe(5);
    await call(company.stranger, 'GET', `/api/approvals/${first}`);
    expect((await box(company.stranger, 'box=copied')).counts['copied']).toBe(4);
    expect(await call(company.rep, 'GET', '/api/approvals?after=nonsense')).toMatchObject({ status: 400 });
  });

  test('several are approved at once only if they are of one kind and low risk, and each answers for itself', async () => {
    const [low, medium, decided] = [await asking(15), await asking(20), await asking(15)];
    await decideApproval(
      world.deps,
      { memberId: company.leader.id, via: 'page' },
      { id: decided.id, revision: 1, decision: 'reject', reason: '太多' },
    );
    const unknown = randomUUID();
    const { body } = await call<{ items: { id: string; error: { code: string } | null; approval: unknown }[] }>(
      company.leader,
      'POST',
      '/api/approvals/decide',
      { kind: 'discount', items: [low.id, medium.id, decided.id, unknown].map((id) => ({ id, revision: 1 })) },
    );
    expect(body.items.map(({ id, error }) => [id, error?.code ?? 'done'])).toEqual([
      [low.id, 'done'],
      [medium.id, 'approval.not_in_list'],
      [decided.id, 'approval.already_decided'],
      [unknown, 'approval.unknown'],
    ]);
  });
});

describe('standing in', () => {
  const away = (member: Member, body: Record<string, unknown>) =>
    call<{ id: string }>(member, 'POST', '/api/approval-delegates', body);
  const days = (from: number, until: number) => ({
    fromAt: new Date(world.deps.now().getTime() + from * 86_400_000).toISOString(),
    untilAt: new Date(world.deps.now().getTime() + until * 86_400_000).toISOString(),
  });

  test('whoever stands in is asked in place of the absent member, also for what waits already', async () => {
    const waiting = await asking();
    const added = await away(company.leader, { toMemberId: company.stranger.id, ...days(0, 3) });
    expect(added.status).toBe(201);
    await sweepApprovals(world.deps);
    const fresh = await asking();
    for (const { id } of [waiting, fresh]) {
      const press = (member: Member) =>
        call(member, 'POST', `/api/approvals/${id}/decide`, { revision: 1, decision: 'approve' });
      expect(await press(company.leader)).toMatchObject({ status: 403, code: 'approval.not_asked' });
      expect((await press(company.stranger)).body).toMatchObject({ state: 'approved', decidedBy: { name: '小陈' } });
    }
    expect(fresh.seats).toMatchObject([{ because: 'delegate', standsFor: company.leader.id }]);
    world.clock.advance(3 * 86_400_000);
    expect((await asking()).seats).toMatchObject([{ memberId: company.leader.id, because: 'policy' }]);
  });

  test('nobody stands in for their own request', async () => {
    await away(company.leader, { toMemberId: company.rep.id, ...days(0, 3) });
    const approval = await asking();
    await sweepApprovals(world.deps);
    expect(approval.seats).toMatchObject([{ memberId: company.leader.id }]);
  });

  test('only an admin names a stand-in for others, and only times and members that can be', async () => {
    const forOthers = { memberId: company.leader.id, toMemberId: company.director.id, ...days(0, 1) };
    expect(await away(company.rep, forOthers)).toMatchObject({ status: 403, code: 'approval.delegate' });
    const { status, body } = await away(company.admin, forOthers);
    expect(status).toBe(201);
    const left = await makeMember(world.deps, { status: 'left' });
    for (const wrong of [
      { toMemberId: company.leader.id, ...days(0, 1) },
      { toMemberId: left.id, ...days(0, 1) },
      { toMemberId: company.rep.id, ...days(2, 1) },
      { toMemberId: company.rep.id, ...days(-2, -1) },
    ])
      expect(await away(company.leader, wrong)).toMatchObject({ status: 422, code: 'approval.delegate' });
    const listed = await call<{ items: unknown[] }>(company.leader, 'GET', '/api/approval-delegates');
    expect(listed.body.items).toMatchObject([{ id: body.id, member: { name: '李经理' }, to: { name: '赵总监' } }]);
    expect(await call(company.rep, 'DELETE', `/api/approval-delegates/${body.id}`)).toMatchObject({ status: 404 });
    expect((await call(company.leader, 'DELETE', `/api/approval-delegates/${body.id}`)).status).toBe(200);
  });
});

test('a question sent again is asked once, and the requester is told once', async () => {
  const { id } = await asking();
  const told = () => world.deps.db.notice.count({ where: { memberId: company.rep.id } });
  const before = await told();
  const ask = (question: string) => call(company.leader, 'POST', `/api/approvals/${id}/ask`, { revision: 1, question });
  const first = await ask('竞品报价是多少呢');
  expect((await ask('竞品报价是多少呢')).body).toEqual(first.body);
  expect(await told()).toBe(before + 1);
  expect(await world.deps.db.approvalHistory.count({ where: { action: 'question_asked' } })).toBe(1);
  await ask('付款条件呢');
  expect(await told()).toBe(before + 2);
});

test('a preview says who would decide, and writes nothing', async () => {
  const preview = async (measure: number) =>
    (await call<unknown>(company.rep, 'POST', '/api/approvals/preview', { kind: 'discount', measure })).body;
  expect(await preview(8)).toEqual({ byRule: true, risk: 'low', mode: 'own', levels: [] });
  expect(await preview(25)).toMatchObject({
    byRule: false,
    risk: 'high',
    levels: [{ members: [{ name: '李经理' }] }, { members: [{ name: '赵总监' }] }],
  });
  expect(await world.deps.db.approval.count()).toBe(0);
});

test('one press asks once, however often it is sent', async () => {
  const draft = discountDraft();
  const sent = await Promise.all(
    Array.from({ length: 5 }, () => requestApproval(world.deps, { memberId: company.rep.id }, draft)),
  );
  expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
  expect(await world.deps.db.approvalHistory.count()).toBe(1);
  const other = requestApproval(world.deps, { memberId: company.stranger.id }, draft);
  await expect(other).rejects.toMatchObject({ code: 'approval.request_key' });
});
