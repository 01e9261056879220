import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import { roles } from '#server/base/caller.ts';
import { saveSetting } from '#server/base/setting.ts';
import type { ChannelView } from '#server/channel/channel-api.ts';
import { makeContact, makeCustomer, makeFile, makeFollow, makeMember, openSession } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useHttp } from '#tests/support/http.ts';
import { SESSION_COOKIE } from '#server/member/session.ts';
import { useWorld } from '#tests/support/world.ts';
import { always, draftOf, hire, shift } from './channel-world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const http = useHttp(world);
let lin: Member;
let as: string;

beforeEach(async () => {
  platform.reset();
  [lin] = (await hire(world.deps, platform, 'lin')) as [Member];
  as = await openSession(world.deps, await makeMember(world.deps, { role: 'marketing' }));
});

const ask = (method: string, path: string, body?: unknown) =>
  http.ask(method, path, { as, ...(body === undefined ? {} : { body }) });

async function made(about: Parameters<typeof draftOf>[1] = {}): Promise<ChannelView> {
  const { body } = await ask('POST', '/api/channels', draftOf(always(lin), about));
  await world.jobs.drain();
  return (await ask('GET', `/api/channels/${(body as ChannelView).id}`)).body as ChannelView;
}

test('a channel is made, seen with its code and who is on duty, changed and ended', async () => {
  const begun = await ask('POST', '/api/channels', draftOf(always(lin)));
  expect(begun).toMatchObject({ status: 201, body: { shown: { state: 'owed', error: null }, url: null } });
  await world.jobs.drain();
  const { id } = begun.body as ChannelView;
  expect((await ask('GET', '/api/channels')).body).toMatchObject({
    items: [
      {
        id,
        shown: { state: 'shown' },
        url: 'https://fake.test/codes/code-1.png',
        onDuty: [{ id: lin.id, name: '成员 lin' }],
        members: [{ id: lin.id, name: '成员 lin' }],
        added: 0,
        stayed: 0,
        today: 0,
      },
    ],
  });
  const { kind: _, ...draft } = draftOf(always(lin), { name: '夏季展会' });
  expect(await ask('PUT', `/api/channels/${id}`, { ...draft, version: 1 })).toMatchObject({
    status: 200,
    body: { name: '夏季展会', version: 2, kind: 'code' },
  });
  expect(await ask('PUT', `/api/channels/${id}`, { ...draft, version: 1 })).toMatchObject({
    status: 409,
    code: 'channel.stale',
  });
  expect(await ask('POST', `/api/channels/${id}/archive`)).toMatchObject({ status: 200 });
  await world.jobs.drain();
  expect((await ask('GET', '/api/channels')).body).toEqual({ items: [] });
  expect((await ask('GET', '/api/channels?archived=true')).body).toMatchObject({ items: [{ id, url: null }] });
  expect(await world.deps.db.auditEntry.count({ where: { subject: `channel:${id}` } })).toBe(3);
});

test('what is wrong with a channel is said at its place, and none is made', async () => {
  const gone = await makeMember(world.deps, { status: 'left', name: '已离职' });
  const elsewhere = await makeMember(world.deps, { platform: 'dingtalk', name: '只在别处' });
  const [without] = (await hire(world.deps, platform, 'without')) as [Member];
  platform.owners = ['lin'];
  const file = await makeFile(world.deps, { kind: 'file', type: 'application/pdf' });
  const link = { kind: 'link', description: '', url: 'https://shop.test', pictureUrl: null } as const;
  await saveSetting(world.deps.db, 'sensitive-words', { forbidden: ['返现'] }, null);
  const nobody = '00000000-0000-4000-8000-000000000000';
  const answer = await ask(
    'POST',
    '/api/channels',
    draftOf(
      {
        shifts: [shift([1], '09:00', '18:00', lin, gone, elsewhere), shift([2], '09:00', '18:00', without)],
        spareIds: [nobody],
      },
      {
        tagIds: [nobody],
        expiresAt: '2026-03-01T01:00:00.000Z',
        welcomes: [
          { hours: null, content: { text: '{company}您好', attachments: [] } },
          { hours: null, content: { text: '', attachments: [{ content: { kind: 'image', fileId: file.id } }] } },
          { hours: null, content: { text: '', attachments: [{ content: { ...link, title: '返现' } }] } },
        ],
      },
    ),
  );
  expect(answer).toMatchObject({ status: 400, code: 'request.invalid' });
  const { error } = answer.body as { error: { detail: { problems: { path: string; message: string }[] } } };
  expect(error.detail.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'body.duty.shifts.0.memberIds.1: 已离职 has left, or has no account there.',
    'body.duty.shifts.0.memberIds.2: 只在别处 has left, or has no account there.',
    'body.duty.shifts.1.memberIds.0: 成员 without may have no contacts: give them the right on the platform.',
    'body.duty.spareIds.0: There is no such member.',
    'body.tagIds.0: This tag is not in the library.',
    'body.welcomes.0.content.text: {company} stands for nothing here; there is {member} and {contact}',
    'body.welcomes.1.content.attachments.0.content.fileId: This file is of kind file; image is needed.',
    'body.welcomes.2.content.attachments.0: “返现” may not be said: the company forbids it.',
    'body.expiresAt: This is in the past.',
  ]);
  expect(await world.deps.db.channel.count()).toBe(0);
});

test.each([
  ['a day there is not', { shifts: [{ days: [8], from: '09:00', to: '18:00', memberIds: [] }] }, 'shifts.0.days.0'],
  ['a time there is not', { shifts: [{ days: [1], from: '9:00', to: '24:00', memberIds: [] }] }, 'shifts.0.from'],
  ['a shift of nobody', { shifts: [{ days: [1], from: '09:00', to: '18:00', memberIds: [] }] }, 'memberIds'],
  ['no shift at all', { shifts: [] }, 'body.duty.shifts'],
])('a plan with %s is refused with its place', async (_, duty, place) => {
  const answer = await ask('POST', '/api/channels', { ...draftOf(always(lin)), duty });
  expect(answer).toMatchObject({ status: 400, code: 'request.invalid' });
  expect(JSON.stringify(answer.body)).toContain(place);
});

test('more members than the platform takes at once are refused; a platform that does not answer holds up nobody', async () => {
  if (platform.channels) platform.channels.limits.membersMax = 1;
  const [wu] = (await hire(world.deps, platform, 'wu')) as [Member];
  const answer = await ask('POST', '/api/channels', draftOf(always(lin, wu)));
  expect(JSON.stringify(answer.body)).toContain('At most 1 members receive at once.');
  platform.fail('listContactOwners', 'unavailable');
  expect(await ask('POST', '/api/channels', draftOf(always(lin)))).toMatchObject({ status: 201 });
});

test('the board says of each channel what it brought between two days, what stayed, who replied and what was won', async () => {
  const [fair, site] = [await made({ name: '展会' }), await made({ name: '官网' })];
  // The evening of 28 February in Shanghai, and the days after it.
  const came = async (channel: ChannelView, at: string, about: { state?: string; replied?: boolean } = {}) => {
    const contact = await makeContact(world.deps);
    const addedAt = new Date(at);
    await makeFollow(world.deps, contact, lin, { channel: channel.state, addedAt, state: about.state ?? 'active' });
    if (about.replied) await says(contact.id, lin.id, new Date(addedAt.getTime() + 60_000));
    return contact;
  };
  await came(fair, '2026-02-28T15:59:59Z');
  const won = await came(fair, '2026-02-28T16:00:00Z', { replied: true });
  const twice = await came(fair, '2026-03-01T10:00:00Z', { state: 'removed_by_contact' });
  await came(fair, '2026-03-02T15:59:59Z', { state: 'pending' });
  await came(fair, '2026-03-02T16:00:00Z');
  const before = await came(site, '2026-03-02T02:00:00Z');
  await says(before.id, lin.id, new Date('2026-03-01T02:00:00Z'));

  const customer = await makeCustomer(world.deps, { ownerId: lin.id });
  for (const contact of [won, twice]) await bind(contact.id, customer.id);
  await sale(customer.id, { stage: 'won', stageAt: '2026-03-03T00:00:00Z', amountFen: 100_001n, discountBp: 1500 });
  await sale(customer.id, { stage: 'won', stageAt: '2026-03-04T00:00:00Z', amountFen: 5000n });
  await sale(customer.id, { stage: 'won', stageAt: '2026-02-01T00:00:00Z', amountFen: 9_000_000n });
  await sale(customer.id, { stage: 'lost', stageAt: '2026-03-03T00:00:00Z', amountFen: 9_000_000n });

  const board = await ask('GET', '/api/channels/board?from=2026-03-01&to=2026-03-02');
  const nothing = { added: 0, stayed: 0, replied: 0, won: 0, wonAmountFen: 0 };
  expect(board.body).toEqual({
    items: [
      {
        channel: { id: site.id, name: '官网', kind: 'code' },
        ...nothing,
        added: 1,
        stayed: 1,
        days: [{ day: '2026-03-02', added: 1 }],
      },
      {
        channel: { id: fair.id, name: '展会', kind: 'code' },
        added: 3,
        stayed: 2,
        replied: 1,
        won: 1,
        wonAmountFen: 85_001 + 5000,
        days: [
          { day: '2026-03-01', added: 2 },
          { day: '2026-03-02', added: 1 },
        ],
      },
    ],
  });
  expect(await ask('GET', `/api/channels/${fair.id}`)).toMatchObject({ body: { added: 5, stayed: 4, today: 4 } });
  const quiet = await ask('GET', '/api/channels/board?from=2026-02-01&to=2026-02-01');
  expect(quiet.body).toMatchObject({ items: [nothing, nothing] });
});

test.each([
  ['from=2026-03-02&to=2026-03-01', 'query.to'],
  ['from=2026-02-30&to=2026-03-01', 'query.from'],
  ['from=2024-01-01&to=2026-03-01', 'query.to'],
])('a board of %s is refused with its place', async (query, place) => {
  const answer = await ask('GET', `/api/channels/board?${query}`);
  expect(answer).toMatchObject({ status: 400, code: 'request.invalid' });
  expect(JSON.stringify(answer.body)).toContain(place);
});

const png = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(50)]);
const pictures = createServer((request, response) => {
  const answers: Record<string, () => unknown> = {
    '/code.png': () => response.end(png),
    '/code.svg': () => response.end('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    '/page': () => response.end('<html>'),
    '/huge': () => response.end(Buffer.concat([png, Buffer.alloc(3 * 1024 * 1024)])),
    '/away': () => response.writeHead(302, { Location: '/code.png' }).end(),
    '/broken': () => response.writeHead(500).end(),
  };
  (answers[request.url ?? ''] ?? (() => response.destroy()))();
});
beforeAll(async () => {
  await new Promise<void>((resolve) => pictures.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  pictures.closeAllConnections();
  await new Promise((resolve) => pictures.close(resolve));
});

test('the picture of a code comes as a file; whatever is no small picture does not come at all', async () => {
  const { id } = await made();
  const picture = async (path: string) => {
    const url = `http://127.0.0.1:${(pictures.address() as AddressInfo).port}${path}`;
    await world.deps.db.channel.update({ where: { id }, data: { url } });
    return fetch(`${http.url}/api/channels/${id}/picture`, { headers: { Cookie: `${SESSION_COOKIE}=${as}` } });
  };
  const good = await picture('/code.png');
  expect(good.headers.get('content-type')).toBe('image/png');
  expect(good.headers.get('content-disposition')).toContain(encodeURIComponent('春季展会.png'));
  expect(Buffer.from(await good.arrayBuffer()).equals(png)).toBe(true);
  const drawing = await picture('/code.svg');
  expect(drawing.headers.get('content-type')).toContain('image/svg+xml');
  expect(drawing.headers.get('content-disposition')).toMatch(/^attachment/);
  const statuses: number[] = [];
  for (const path of ['/page', '/huge', '/away', '/broken', '/cut']) statuses.push((await picture(path)).status);
  expect(statuses).toEqual([503, 503, 503, 503, 503]);
  await world.deps.db.channel.update({ where: { id }, data: { url: 'file:///etc/passwd' } });
  expect(await ask('GET', `/api/channels/${id}/picture`)).toMatchObject({ status: 404, code: 'channel.no_picture' });
  const link = await made({ kind: 'link' });
  expect(await ask('GET', `/api/channels/${link.id}/picture`)).toMatchObject({ status: 404 });
});

test('whoever works at the desk keeps channels, reps do not', async () => {
  const statuses: Record<string, number> = {};
  for (const role of roles) {
    const session = await openSession(world.deps, await makeMember(world.deps, { role }));
    statuses[role] = (await http.ask('POST', '/api/channels', { as: session, body: draftOf(always(lin)) })).status;
  }
  expect(statuses).toEqual({ rep: 403, manager: 201, director: 201, marketing: 201, admin: 201 });
});

async function says(contactId: string, memberId: string, at: Date): Promise<void> {
  const conversation = await world.deps.db.conversation.create({ data: { contactId, memberId } });
  const message = { conversationId: conversation.id, sourceId: 'test', key: conversation.id, kind: 'text' };
  await world.deps.db.message.create({ data: { ...message, sender: 'contact', at } });
}

async function bind(contactId: string, customerId: string): Promise<void> {
  await world.deps.db.binding.create({ data: { contactId, customerId, reasons: [] } });
}

async function sale(
  customerId: string,
  { stageAt, ...about }: { stage: string; stageAt: string; amountFen: bigint; discountBp?: number },
): Promise<void> {
  const row = { customerId, ownerId: lin.id, createdBy: lin.id, title: '', stageAt: new Date(stageAt), ...about };
  await world.deps.db.opportunity.create({ data: row });
}
