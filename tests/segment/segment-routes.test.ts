import { beforeEach, describe, expect, test } from 'vitest';
import type { Contact, Member } from '#prisma/client/client.ts';
import { addFollowTags } from '#server/contact/follow-store.ts';
import type { CountView, SegmentRule, SegmentView } from '#server/segment/segment-api.ts';
import { segmentFields } from '#server/segment/segment-api.ts';
import {
  makeContact,
  makeCustomer,
  makeDepartment,
  makeFollow,
  makeMember,
  openSession,
} from '#tests/support/factories.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const http = useHttp(world);

let marketer: Member;
let rep: Member;
let stranger: Member;
let as: string;

beforeEach(async () => {
  const { deps } = world;
  const east = await makeDepartment(deps);
  marketer = await makeMember(deps, { role: 'marketing', departments: [east], name: '周敏' });
  rep = await makeMember(deps, { departments: [east], name: '林晓' });
  stranger = await makeMember(deps, { departments: [await makeDepartment(deps)] });
  as = await openSession(deps, marketer);
});

const gradeA: SegmentRule = { field: 'customer.grade', operator: 'is_any', value: ['A'] };
const draft = (name: string, rule: unknown = gradeA) => ({ name, description: '', rule });

async function create(name: string, rule: unknown = gradeA): Promise<SegmentView> {
  const { status, body } = await http.ask('POST', '/api/segments', { as, body: draft(name, rule) });
  expect(status).toBe(201);
  return body as SegmentView;
}

const count = (body: { rule: unknown; segmentId?: string }) => http.ask('POST', '/api/segments/count', { as, body });

async function bound(contact: Contact, columns: Parameters<typeof makeCustomer>[1]) {
  const customer = await makeCustomer(world.deps, columns);
  await world.deps.db.binding.create({ data: { contactId: contact.id, customerId: customer.id, reasons: [] } });
  return customer;
}

const refusedAt = (body: unknown) =>
  (body as { error: { detail: { problems: { path: string }[] } } }).error.detail.problems.map(({ path }) => path);

describe('a segment', () => {
  test('is kept with every version it had, and says who made which', async () => {
    const made = await create('华东 A 级');
    expect(made).toMatchObject({ name: '华东 A 级', version: 1, owner: { name: '周敏' }, count: null, usedBy: [] });
    const rule = { not: gradeA };
    const edited = await http.ask('PUT', `/api/segments/${made.id}`, {
      as,
      body: { ...draft('华东非 A 级', rule), version: 1 },
    });
    expect(edited.body).toMatchObject({ version: 2, rule, name: '华东非 A 级' });
    const { body } = await http.ask('GET', `/api/segments/${made.id}/versions`, { as });
    expect((body as { items: unknown[] }).items).toMatchObject([
      { version: 2, name: '华东非 A 级', rule, by: { name: '周敏' } },
      { version: 1, name: '华东 A 级', rule: gradeA, by: { name: '周敏' } },
    ]);
    const found = await http.ask('GET', `/api/segments?search=${encodeURIComponent('非')}`, { as });
    expect((found.body as { items: unknown[] }).items).toHaveLength(1);
    const audit = await world.deps.db.auditEntry.findMany({ where: { subject: `segment:${made.id}` } });
    expect(audit.map(({ action }) => action)).toEqual(['segment.created', 'segment.edited']);
  });

  test('changed by somebody meanwhile is not overwritten', async () => {
    const { id } = await create('一');
    const edits = await Promise.all(
      ['二', '三'].map((name) => http.ask('PUT', `/api/segments/${id}`, { as, body: { ...draft(name), version: 1 } })),
    );
    expect(edits.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expect(edits.map(({ code }) => code)).toContain('segment.stale');
  });

  test('has a name no other living one has', async () => {
    const one = await create('老客户');
    const again = await Promise.all([1, 2].map(() => http.ask('POST', '/api/segments', { as, body: draft('新客') })));
    expect(again.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    const other = await http.ask('POST', '/api/segments', { as, body: draft('老客户') });
    expect(other.code).toBe('segment.name_taken');
    expect((await http.ask('DELETE', `/api/segments/${one.id}`, { as })).status).toBe(200);
    expect((await http.ask('GET', `/api/segments/${one.id}`, { as })).code).toBe('segment.unknown');
    await create('老客户');
  });

  test('that is used is not removed, and it is said where', async () => {
    const { id } = await create('在用');
    const { db } = world.deps;
    const common = {
      name: '双十一',
      platform: 'wecom',
      audience: {},
      content: {},
      ownerId: marketer.id,
      segmentId: id,
    };
    const broadcast = await db.broadcast.create({ data: { ...common, state: 'draft' } });
    await db.broadcast.create({ data: { ...common, name: '发完的', state: 'finished' } });
    const entry = { kind: 'segment', segmentId: id };
    const series = await db.series.create({
      data: { name: '沉默唤醒', state: 'paused', entry, steps: [], ownerId: marketer.id },
    });
    await db.series.create({ data: { name: '结束的', state: 'ended', entry, steps: [], ownerId: marketer.id } });

    const usedBy = [
      { kind: 'broadcast', id: broadcast.id, name: '双十一' },
      { kind: 'series', id: series.id, name: '沉默唤醒' },
    ];
    const refused = await http.ask('DELETE', `/api/segments/${id}`, { as });
    expect(refused).toMatchObject({ status: 409, code: 'segment.in_use', body: { error: { detail: { usedBy } } } });
    expect((await http.ask('GET', `/api/segments/${id}`, { as })).body).toMatchObject({ usedBy });

    await db.broadcast.update({ where: { id: broadcast.id }, data: { state: 'cancelled' } });
    await db.series.update({ where: { id: series.id }, data: { state: 'ended' } });
    expect((await http.ask('DELETE', `/api/segments/${id}`, { as })).status).toBe(200);
  });
});

describe('a count', () => {
  test('says part by part how many are left, and of a segment it is kept beside the one before', async () => {
    const { deps } = world;
    for (const [grade, stage] of [
      ['A', 'won'],
      ['A', 'new'],
      ['A', 'won'],
      ['B', 'won'],
      ['C', 'new'],
    ] as const)
      await bound(await makeContact(deps, { followedBy: [rep] }), { grade, stage });
    const optedOut = await makeContact(deps, { followedBy: [rep], optedOutAt: deps.now() });
    await bound(optedOut, { grade: 'A', stage: 'won' });
    const rule = {
      all: [
        gradeA,
        { any: [{ field: 'customer.stage', operator: 'is_any', value: ['won'] }] },
        { field: 'contact.opted_out', operator: 'no' },
      ],
    };
    const { id } = await create('A 级赢单', rule);
    const { status, body } = await count({ rule, segmentId: id });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      count: 2,
      total: 6,
      waterfall: [
        { path: 'all.0', alone: 4, left: 4 },
        { path: 'all.1', alone: 4, left: 3 },
        { path: 'all.2', alone: 5, left: 2 },
      ],
    });
    await bound(await makeContact(deps, { followedBy: [rep] }), { grade: 'A', stage: 'won' });
    const { updatedAt } = (await http.ask('GET', `/api/segments/${id}`, { as })).body as SegmentView;
    await count({ rule, segmentId: id });
    await count({ rule: { all: [] }, segmentId: id });
    expect((await http.ask('GET', `/api/segments/${id}`, { as })).body).toMatchObject({
      count: 3,
      countBefore: 2,
      updatedAt,
    });
  });

  test('of everyone, of nobody and of a single condition is one line or none', async () => {
    await makeContact(world.deps, { followedBy: [rep] });
    expect((await count({ rule: { all: [] } })).body).toMatchObject({ count: 1, total: 1, waterfall: [] });
    expect((await count({ rule: { any: [] } })).body).toMatchObject({
      count: 0,
      total: 1,
      waterfall: [{ path: '', alone: 0, left: 0 }],
      samples: [],
    });
    expect((await count({ rule: gradeA })).body).toMatchObject({ waterfall: [{ path: '', alone: 0, left: 0 }] });
  });

  test('shows five people at most, masked, inside the caller’s scope, and what was found of them', async () => {
    const { deps } = world;
    const mine = await makeContact(deps, { name: '王小明' });
    const tag = await deps.db.tag.create({
      data: { platform: 'wecom', key: 't', name: '高意向', groupKey: 'g', groupName: '意向' },
    });
    const follow = await makeFollow(deps, mine, rep, { addedAt: new Date('2026-02-01T17:00:00Z') });
    await addFollowTags(deps.db, follow.id, [tag.id], deps.now());
    await bound(mine, { name: '云帆科技有限公司', grade: 'A', regionCode: '330106' });
    for (let n = 0; n < 7; n++) await bound(await makeContact(deps, { followedBy: [stranger] }), { grade: 'A' });
    const rule = {
      all: [
        gradeA,
        {
          any: [
            { field: 'follow.tag', operator: 'is_any', value: [tag.id] },
            { field: 'customer.region', operator: 'is_any', value: ['330000'] },
            { field: 'follow.added', operator: 'after', value: '2026-01-31' },
            { field: 'customer.kind', operator: 'is_any', value: ['organisation'] },
            { field: 'score.value', operator: 'at_least', value: 60 },
          ],
        },
      ],
    };
    const seen = (await count({ rule })).body as CountView;
    expect(seen.count).toBe(8);
    expect(seen.samples).toEqual([
      {
        contactId: mine.id,
        name: '王*明',
        customerName: '云帆科技有限公司',
        why: [
          { path: 'all.0', found: 'A' },
          { path: 'all.1.any.0', found: '高意向' },
          { path: 'all.1.any.1', found: '浙江省杭州市西湖区' },
          { path: 'all.1.any.2', found: '2026-02-02' },
          { path: 'all.1.any.3', found: 'organisation' },
        ],
      },
    ]);
    const admin = await openSession(deps, await makeMember(deps, { role: 'admin' }));
    const all = (await http.ask('POST', '/api/segments/count', { as: admin, body: { rule } })).body as CountView;
    expect(all.samples).toHaveLength(5);
  });

  test('answers every field there is, whatever is found', async () => {
    const contact = await makeContact(world.deps, { followedBy: [rep] });
    await bound(contact, { grade: 'A' });
    const operators = {
      choice: 'is_not_set',
      text: 'is_not_set',
      number: 'is_not_set',
      date: 'is_set',
      event: 'never',
      yes_no: 'no',
    };
    const any = Object.entries(segmentFields).map(([field, type]) => ({ field, operator: operators[type] }));
    const { status, body } = await count({ rule: { any } });
    expect(status).toBe(200);
    expect((body as CountView).samples[0]?.why.length).toBeGreaterThan(20);
  });

  test('is for those who make segments', async () => {
    const asRep = await openSession(world.deps, rep);
    for (const [method, path, body] of [
      ['POST', '/api/segments/count', { rule: gradeA }],
      ['GET', '/api/segments/fields', undefined],
      ['POST', '/api/contact-lists', { name: '一', contactIds: [] }],
    ] as const)
      expect((await http.ask(method, path, { as: asRep, body })).code).toBe('caller.role');
  });
});

const nested = (depth: number): unknown => (depth === 1 ? gradeA : { not: nested(depth - 1) });

test.each([
  ['a field nobody knows', { all: [{ field: 'customer.shoe_size', operator: 'is_set' }] }, ['rule.all.0.field']],
  ['a field of the company nobody made', { field: 'custom.none', operator: 'is_set' }, ['rule.field']],
  ['a name every object has', { field: 'constructor', operator: 'is_set' }, ['rule.field']],
  [
    'a question the field has not',
    { not: { field: 'customer.stage', operator: 'at_least', value: 3 } },
    ['rule.not.operator'],
  ],
  [
    'a text where a list belongs',
    { all: [gradeA, { field: 'customer.stage', operator: 'is_any', value: 'won' }] },
    ['rule.all.1.value'],
  ],
  ['an empty list', { field: 'customer.stage', operator: 'is_any', value: [] }, ['rule.value']],
  ['a stage there is not', { field: 'customer.stage', operator: 'is_any', value: ['won', 'gone'] }, ['rule.value']],
  ['a tag that is no id', { field: 'follow.tag', operator: 'is_any', value: ['高意向'] }, ['rule.value']],
  ['a number of gender as text', { field: 'contact.gender', operator: 'is_any', value: ['1'] }, ['rule.value']],
  ['a region that is none', { field: 'customer.region', operator: 'is_any', value: ['999999'] }, ['rule.value']],
  ['an industry that is none', { field: 'customer.industry', operator: 'is_any', value: ['Z%'] }, ['rule.value']],
  ['a number as text', { field: 'score.value', operator: 'at_least', value: '60' }, ['rule.value']],
  ['a pair the wrong way round', { field: 'score.value', operator: 'between', value: [60, 20] }, ['rule.value']],
  ['three numbers for two', { field: 'score.value', operator: 'between', value: [1, 2, 3] }, ['rule.value']],
  ['a day the calendar has not', { field: 'follow.added', operator: 'before', value: '2026-02-30' }, ['rule.value']],
  ['a day beyond all plans', { field: 'follow.added', operator: 'before', value: '9999-01-01' }, ['rule.value']],
  ['half a day', { field: 'chat.replied', operator: 'within_days', value: 1.5 }, ['rule.value']],
  ['no days', { field: 'chat.replied', operator: 'within_days', value: 0 }, ['rule.value']],
  ['a value too many', { field: 'contact.opted_out', operator: 'no', value: 'no' }, ['rule.value']],
  ['a value too few', { field: 'contact.corp_name', operator: 'contains' }, ['rule.value']],
  [
    'two mistakes',
    {
      any: [
        { field: 'x', operator: 'y' },
        { field: 'score.value', operator: 'ever' },
      ],
    },
    ['rule.any.0.field', 'rule.any.1.operator'],
  ],
  [
    'more conditions than fit',
    { all: [1, 2, 3].map(() => ({ any: Array.from({ length: 21 }, () => gradeA) })) },
    ['rule'],
  ],
  ['groups too deep', nested(7), ['rule']],
])('a rule with %s is refused, and it is said where', async (_, rule, paths) => {
  const counted = await count({ rule });
  expect(counted).toMatchObject({ status: 400, code: 'segment.rule' });
  expect(refusedAt(counted.body)).toEqual(paths);
  const saved = await http.ask('POST', '/api/segments', { as, body: draft('错的', rule) });
  expect(saved).toMatchObject({ status: 400, code: 'segment.rule' });
});

test('a rule as deep as may be is taken, and one without end is refused like any other', async () => {
  expect((await count({ rule: nested(6) })).status).toBe(200);
  expect((await count({ rule: nested(40) })).code).toBe('segment.rule');
  expect((await count({ rule: nested(2000) })).code).toBe('request.invalid');
  const words = { field: 'contact.corp_name', operator: 'contains', value: `"${'[{'.repeat(90)}\\` };
  expect((await count({ rule: words })).status).toBe(200);
});

/** What people try who want more than they are told. */
const tricks = [
  '\'; DROP TABLE "Contact"; --',
  "' OR '1'='1",
  '$1',
  '$1::text; SELECT pg_sleep(9)',
  '\\',
  "\\'",
  '%',
  '＇；ＤＲＯＰ',
  '‘’“”ʼ',
  '{"a":1}',
  '{x,y}',
  "a' -> 'b",
  '*/ --',
  '${process.exit()}',
  '\u202e\ufeff',
  "E'\\x27'",
  '__proto__',
];

test('nothing that is written into a rule does anything but be looked for', async () => {
  const { deps } = world;
  await deps.db.customerField.create({ data: { key: 'system', label: '系统', type: 'text', options: [] } });
  const contact = await makeContact(deps, { followedBy: [rep] });
  await bound(contact, { grade: 'A' });
  const statuses = new Set<number>();
  for (const trick of tricks) {
    const rules: unknown[] = [
      { field: trick, operator: 'is_set' },
      { field: `custom.${trick}`, operator: 'is_set' },
      { field: `custom.system' ->> '${trick}`, operator: 'equals', value: trick },
      { field: 'customer.grade', operator: trick, value: ['A'] },
      ...['equals', 'contains', 'starts_with'].flatMap((operator) => [
        { field: 'contact.corp_name', operator, value: trick },
        { field: 'custom.system', operator, value: trick },
      ]),
      ...Object.keys(segmentFields).flatMap((field) => [
        { field, operator: 'is_any', value: [trick] },
        { field, operator: 'is_none', value: [trick, trick] },
        { field, operator: 'at_least', value: trick },
        { field, operator: 'between', value: [trick, trick] },
        { field, operator: 'before', value: trick },
        { field, operator: 'within_days', value: trick },
      ]),
    ];
    for (const part of rules.filter((_, at) => at < 10))
      statuses.add((await count({ rule: { all: [part, { not: part }] } })).status);
    // The rest in one go: one of them that does not fit refuses all.
    for (let at = 10; at < rules.length; at += 50)
      statuses.add((await count({ rule: { any: rules.slice(at, at + 50) } })).status);
    for (const field of ['customer.source', 'follow.channel'])
      statuses.add((await count({ rule: { field, operator: 'is_any', value: [trick] } })).status);
    statuses.add((await http.ask('POST', '/api/segments', { as, body: draft(trick, gradeA) })).status);
    statuses.add((await http.ask('GET', `/api/segments?search=${encodeURIComponent(trick)}`, { as })).status);
  }
  expect([...statuses].toSorted()).toEqual([200, 201, 400]);
  expect(await deps.db.contact.count()).toBe(1);
  expect((await count({ rule: gradeA })).body).toMatchObject({ count: 1 });
});

test('what no database keeps is refused', async () => {
  for (const value of ['a\0b', 'a\ud800']) {
    const rule = { field: 'contact.corp_name', operator: 'contains', value };
    expect((await count({ rule })).code).toBe('request.invalid');
    expect((await count({ rule: { ...rule, field: `custom.${value}` } })).code).toBe('request.invalid');
  }
});

test('the fields are told with the company’s own and the names of what can be chosen', async () => {
  const { deps } = world;
  await deps.db.customerField.create({ data: { key: 'size', label: '规模', type: 'choice', options: ['小', '大'] } });
  await deps.db.tag.create({ data: { platform: 'wecom', key: 't', name: '高', groupKey: 'g', groupName: '意向' } });
  await makeCustomer(deps, { source: '展会' });
  const { body } = await http.ask('GET', '/api/segments/fields', { as });
  const { fields } = body as { fields: { field: string; label: string | null; options: { label: string }[] | null }[] };
  const of = (name: string) => fields.find(({ field }) => field === name);
  expect(fields.map(({ field }) => field)).toEqual([...Object.keys(segmentFields), 'custom.size']);
  expect(of('follow.tag')?.options).toMatchObject([{ label: '意向 / 高' }]);
  expect(of('customer.source')?.options).toEqual([{ value: '展会', label: '展会' }]);
  expect(of('customer.owner')?.options?.map(({ label }) => label)).toContain('林晓');
  expect(of('custom.size')).toMatchObject({ label: '规模', options: [{ label: '小' }, { label: '大' }] });
  expect(of('customer.region')?.options).toBeNull();
});
