import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Contact, Member } from '#prisma/client/client.ts';
import type { ResultView } from '#server/broadcast/results-api.ts';
import { exportBroadcast, quoted } from '#server/broadcast/export-broadcast.ts';
import { noteReplies } from '#server/broadcast/note-replies.ts';
import { memberState, viewResults } from '#server/broadcast/view-results.ts';
import { callerOf, makeContact, makeCustomer, makeMember, openSession } from '#tests/support/factories.ts';
import { seededRandom, type Random } from '#tests/support/random.ts';
import { useHttp } from '#tests/support/http.ts';
import { useWorld } from '#tests/support/world.ts';

const world = useWorld();
const http = useHttp(world);
const startedAt = new Date('2026-02-20T02:00:00Z');
const HOUR_MS = 3_600_000;
const after = (hours: number) => new Date(startedAt.getTime() + hours * HOUR_MS);

let rep: Member;
beforeEach(async () => {
  rep = await makeMember(world.deps, { name: '王明' });
});

async function makeBroadcast(): Promise<string> {
  const { id } = await world.deps.db.broadcast.create({
    data: { name: '春季', platform: 'wecom', state: 'running', audience: {}, content: {}, ownerId: rep.id, startedAt },
  });
  return id;
}

interface Given {
  part?: 'target' | 'hold_out' | 'excluded';
  state?: string;
  failure?: string;
  variant?: string;
  memberId?: string;
  deliveryId?: string;
  reason?: string;
}
async function receive(broadcastId: string, contact: Contact, given: Given = {}): Promise<void> {
  const target = { memberId: rep.id, variant: 'A' };
  const part = given.part ?? 'target';
  await world.deps.db.broadcastRecipient.create({
    data: { broadcastId, contactId: contact.id, part, ...(part === 'target' ? target : {}), ...given },
  });
}

async function makeDelivery(
  broadcastId: string,
  given: { memberId?: string; state?: string; confirmedAt?: Date } = {},
) {
  const { id } = await world.deps.db.broadcastDelivery.create({
    data: {
      broadcastId,
      memberId: given.memberId ?? rep.id,
      platform: 'wecom',
      memberKey: 'rep',
      variant: 'A',
      batch: Math.floor(Math.random() * 1e9),
      contactCount: 1,
      contactHash: '',
      state: given.state ?? 'confirmed',
      key: randomUUID(),
      sentAt: startedAt,
      confirmedAt: given.confirmedAt ?? null,
    },
  });
  return id;
}

async function say(
  contact: Contact,
  member: Member,
  at: Date,
  sender: 'contact' | 'member' = 'contact',
): Promise<void> {
  const pair = { contactId: contact.id, memberId: member.id };
  const conversation = await world.deps.db.conversation.upsert({
    where: { contactId_memberId: pair },
    create: { ...pair, lastMessageAt: at },
    update: {},
  });
  await world.deps.db.message.create({
    data: { conversationId: conversation.id, sourceId: 'wecom:archive', key: randomUUID(), sender, at, kind: 'text' },
  });
  await world.deps.db.$executeRaw`
    UPDATE "Conversation" SET "lastMessageAt" = greatest("lastMessageAt", ${at}) WHERE id = ${conversation.id}::uuid`;
}

async function bind(contact: Contact, customerId: string, madeAt: Date): Promise<void> {
  await world.deps.db.binding.create({ data: { contactId: contact.id, customerId, reasons: [], madeAt } });
}

async function sell(
  customerId: string,
  at: Date,
  amountFen: number,
  more: { stage?: string; discountBp?: number } = {},
) {
  await world.deps.db.opportunity.create({
    data: {
      customerId,
      ownerId: rep.id,
      createdBy: rep.id,
      title: '',
      stage: more.stage ?? 'won',
      stageAt: at,
      amountFen: BigInt(amountFen),
      discountBp: more.discountBp ?? 0,
    },
  });
}

const repliedAt = async (broadcastId: string, contact: Contact) =>
  (
    await world.deps.db.broadcastRecipient.findUniqueOrThrow({
      where: { broadcastId_contactId: { broadcastId, contactId: contact.id } },
    })
  ).repliedAt;

describe('who answered', () => {
  test('the first word to any member after the start counts, for the held out as for the others', async () => {
    const id = await makeBroadcast();
    const other = await makeMember(world.deps);
    const sent = await makeContact(world.deps);
    const held = await makeContact(world.deps);
    const silent = await makeContact(world.deps);
    const excluded = await makeContact(world.deps);
    await receive(id, sent);
    await receive(id, held, { part: 'hold_out' });
    await receive(id, silent);
    await receive(id, excluded, { part: 'excluded', reason: 'opted_out' });
    await say(sent, rep, after(-1));
    await say(sent, rep, after(5));
    await say(sent, other, after(3));
    await say(held, rep, after(4));
    await say(silent, rep, after(1), 'member');
    await say(excluded, rep, after(1));
    await noteReplies(world.deps);
    expect(await repliedAt(id, sent)).toEqual(after(3));
    expect(await repliedAt(id, held)).toEqual(after(4));
    expect(await repliedAt(id, silent)).toBeNull();
    expect(await repliedAt(id, excluded)).toBeNull();
  });

  test('a message that comes late counts by when it was said, and noting twice changes nothing', async () => {
    const id = await makeBroadcast();
    const contact = await makeContact(world.deps);
    await receive(id, contact);
    await say(contact, rep, after(10));
    await noteReplies(world.deps);
    await say(contact, rep, after(2));
    await noteReplies(world.deps);
    await noteReplies(world.deps);
    expect(await repliedAt(id, contact)).toEqual(after(2));
  });

  test('between two looks at everything only messages stored since are read, and a day later all are', async () => {
    const id = await makeBroadcast();
    const [first, second] = [await makeContact(world.deps), await makeContact(world.deps)];
    await receive(id, first);
    await receive(id, second);
    await noteReplies(world.deps);
    await say(first, rep, after(1));
    await say(second, rep, after(1));
    // As if it had been stored long ago and was missed.
    await world.deps.db.$executeRaw`
      UPDATE "Message" SET id = '00000000-0000-7000-8000-000000000000' FROM "Conversation" c
      WHERE c.id = "Message"."conversationId" AND c."contactId" = ${second.id}::uuid`;
    await noteReplies(world.deps);
    expect([await repliedAt(id, first), await repliedAt(id, second)]).toEqual([after(1), null]);
    world.clock.advance(24 * HOUR_MS);
    await noteReplies(world.deps);
    expect(await repliedAt(id, second)).toEqual(after(1));
  });

  test('what is said before the start or after the window is no answer to it', async () => {
    const id = await makeBroadcast();
    const contact = await makeContact(world.deps);
    await receive(id, contact);
    await say(contact, rep, startedAt);
    await say(contact, rep, after(7 * 24 + 1));
    await noteReplies(world.deps);
    expect(await repliedAt(id, contact)).toBeNull();
  });
});

describe('what it earned', () => {
  test('a sale counts once, net of its discount, for the contact bound to the customer first', async () => {
    const id = await makeBroadcast();
    const [first, second, held] = [
      await makeContact(world.deps),
      await makeContact(world.deps),
      await makeContact(world.deps),
    ];
    await receive(id, second);
    await receive(id, first, { part: 'hold_out' });
    await receive(id, held, { part: 'hold_out' });
    const shared = await makeCustomer(world.deps);
    await bind(second, shared.id, after(-1));
    await bind(first, shared.id, after(-2));
    await sell(shared.id, after(1), 100_05, { discountBp: 1000 });
    const own = await makeCustomer(world.deps);
    await bind(second, own.id, after(-1));
    await sell(own.id, after(1), 300_00);
    await sell(own.id, after(2), 100_00);
    await sell(own.id, after(-1), 999_00);
    await sell(own.id, after(8 * 24), 999_00);
    await sell(own.id, after(1), 999_00, { stage: 'lost' });
    const { lift } = await viewResults(world.deps, id);
    expect(lift?.deals).toMatchObject({ sent: { of: 1, did: 1 }, held: { of: 2, did: 1 } });
    expect(lift?.revenue).toMatchObject({ sentMean: 400, heldMean: 45.02 });
  });

  test('without a hold-out nothing is compared', async () => {
    const id = await makeBroadcast();
    await receive(id, await makeContact(world.deps));
    expect((await viewResults(world.deps, id)).lift).toBeNull();
  });

  test('there is no such broadcast', async () => {
    await expect(viewResults(world.deps, randomUUID())).rejects.toMatchObject({ code: 'broadcast.unknown' });
  });
});

describe('the waterfall', () => {
  test('says how far each got, why some were not reached, and what each member did', async () => {
    const id = await makeBroadcast();
    const li = await makeMember(world.deps, { name: '李娜' });
    const confirmed = await makeDelivery(id, { confirmedAt: after(1) });
    const waiting = await makeDelivery(id, { memberId: li.id, state: 'asked' });
    const make = async (given: Given) => {
      const contact = await makeContact(world.deps, { followedBy: [rep] });
      await receive(id, contact, given);
      return contact;
    };
    const buyer = await make({ state: 'delivered', deliveryId: confirmed });
    await make({ state: 'delivered', deliveryId: confirmed });
    await make({ state: 'failed', failure: 'not_connected', deliveryId: confirmed });
    await make({ state: 'dropped', failure: 'opted_out', deliveryId: confirmed });
    const undelivered = await make({ state: 'asked', memberId: li.id, deliveryId: waiting, variant: 'B' });
    await make({ part: 'hold_out' });
    await make({ part: 'excluded', reason: 'no_sender' });
    const customer = await makeCustomer(world.deps);
    await bind(buyer, customer.id, after(-1));
    await sell(customer.id, after(5), 100_00);
    await say(buyer, rep, after(2));
    await say(undelivered, rep, after(2));
    await noteReplies(world.deps);
    const view = await viewResults(world.deps, id);
    expect(view.waterfall).toEqual({
      segment: 7,
      excluded: 1,
      holdOut: 1,
      target: 5,
      asked: 4,
      confirmed: 3,
      delivered: 2,
      replied: 1,
      deals: 1,
    });
    expect(view.failures).toEqual([
      { reason: 'not_connected', count: 1 },
      { reason: 'opted_out', count: 1 },
    ]);
    expect(view.members).toMatchObject([
      { member: { name: '王明' }, target: 4, state: 'confirmed', delivered: 2, failed: 2, replied: 1, deals: 1 },
      { member: { name: '李娜' }, target: 1, state: 'waiting', delivered: 0, failed: 0, replied: 0, deals: 0 },
    ]);
    expect(view.variants).toMatchObject([
      { key: 'A', target: 4, delivered: 2, replied: { of: 4, did: 1 }, deals: { of: 4, did: 1 } },
      { key: 'B', target: 1, delivered: 0, replied: { of: 1, did: 1 }, deals: { of: 1, did: 0 } },
    ]);
    expect(view.lift?.replies).toMatchObject({ sent: { of: 5, did: 2 }, held: { of: 1, did: 0 }, says: 'too_few' });
  });

  test('whatever the rows say, every step is a part of the one before and the tables add up to it', async () => {
    const random = seededRandom();
    console.log(`view-results: SEED=${random.seed}`);
    for (let round = 0; round < 15; round++) {
      const id = await makeBroadcast();
      await fillAtRandom(id, random);
      expect(faultsOf(await viewResults(world.deps, id))).toEqual([]);
    }
  });

  test.each([
    { calls: [], state: 'planned' },
    { calls: ['frozen', 'due'], state: 'planned' },
    { calls: ['unknown', 'due'], state: 'unsure' },
    { calls: ['unknown', 'asked'], state: 'waiting' },
    { calls: ['asked'], state: 'waiting' },
    { calls: ['asked', 'confirmed!'], state: 'part' },
    { calls: ['due', 'confirmed!'], state: 'part' },
    { calls: ['final!', 'refused'], state: 'confirmed' },
    { calls: ['final'], state: 'failed' },
    { calls: ['refused', 'nobody'], state: 'failed' },
    { calls: ['cancelled', 'refused'], state: 'cancelled' },
  ])('a member whose calls are $calls is $state', ({ calls, state }) => {
    const counts = calls.map((call) => ({
      memberId: 'm',
      state: call.replace('!', ''),
      isConfirmed: call.endsWith('!'),
      count: 1,
      remindedAt: null,
    }));
    expect(memberState(counts)).toBe(state);
  });
});

async function fillAtRandom(id: string, random: Random): Promise<void> {
  const members = [rep.id, (await makeMember(world.deps)).id];
  const deliveries: string[] = [];
  for (let at = 0; at < 4; at++)
    deliveries.push(
      await makeDelivery(id, {
        memberId: random.pick(members),
        state: random.pick(['asked', 'confirmed', 'final', 'cancelled']),
        ...(random.chance(0.5) ? { confirmedAt: after(1) } : {}),
      }),
    );
  await world.deps.db.broadcastDelivery.updateMany({ where: { id: deliveries[0] ?? '' }, data: { key: null } });
  const contacts = await world.deps.db.contact.createManyAndReturn({
    data: Array.from({ length: 40 }, () => ({ platform: 'wecom', key: randomUUID(), name: '某' })),
  });
  const failures = ['opted_out', 'unsendable', 'not_connected', 'over_quota', 'not_confirmed', 'cancelled', 'refused'];
  await world.deps.db.broadcastRecipient.createMany({
    data: contacts.map((contact) => {
      const part = random.pick(['target', 'target', 'target', 'hold_out', 'excluded']);
      const state = part === 'target' ? random.pick(['planned', 'asked', 'delivered', 'failed', 'dropped']) : 'planned';
      return {
        broadcastId: id,
        contactId: contact.id,
        part,
        state,
        reason: part === 'excluded' ? 'fatigue' : null,
        failure: state === 'failed' || state === 'dropped' ? random.pick(failures) : null,
        memberId: part === 'target' ? random.pick(members) : null,
        variant: part === 'target' ? random.pick(['A', 'B']) : null,
        deliveryId: part === 'target' && random.chance(0.9) ? random.pick(deliveries) : null,
        repliedAt: part !== 'excluded' && random.chance(0.4) ? after(3) : null,
      };
    }),
  });
  for (const contact of random.shuffle(contacts).slice(0, 10)) {
    const customer = await makeCustomer(world.deps);
    await bind(contact, customer.id, after(-1));
    await sell(customer.id, after(random.below(300) - 50), 100 * random.below(100_000), {
      discountBp: random.below(3000),
    });
  }
}

/** What of the view does not add up; [] when all does. */
function faultsOf(view: ResultView): string[] {
  const { segment, excluded, holdOut, target, asked, confirmed, delivered, replied, deals } = view.waterfall;
  const total = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0);
  const ofMembers = (key: 'target' | 'delivered' | 'failed' | 'replied' | 'deals') =>
    total(view.members.map((member) => member[key]));
  const { replies, deals: dealt } = view.lift ?? noLift;
  const effects = view.lift ? [replies, dealt] : [];
  const rules: Record<string, boolean> = {
    'all are in a part': excluded + holdOut + target === segment,
    'no step is larger than the one before': [target, asked, confirmed, delivered, replied, deals].every(
      (step, at, steps) => at === 0 || step <= (steps[at - 1] ?? 0),
    ),
    'members have all': Object.entries({ target, delivered, replied, deals }).every(
      ([key, whole]) => ofMembers(key as 'target') === whole,
    ),
    'failures have all': ofMembers('failed') === total(view.failures.map(({ count }) => count)),
    'variants have all':
      total(view.variants.map((variant) => variant.target)) === target &&
      total(view.variants.map((variant) => variant.delivered)) === delivered,
    'a comparison has both groups': effects.every(({ sent, held }) => sent.of === target && held.of === holdOut),
    'no comparison without a hold-out': (view.lift === null) === (holdOut === 0),
    'an interval holds what was seen': effects.every(
      ({ low, high, difference }) => low <= difference && difference <= high,
    ),
    'variants have the replies and deals':
      effects.length === 0 ||
      (total(view.variants.map((variant) => variant.replied.did)) === replies.sent.did &&
        total(view.variants.map((variant) => variant.deals.did)) === dealt.sent.did),
    'who got it and replied has replied': effects.length === 0 || replies.sent.did >= replied,
  };
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [rule]));
}
const none = { of: 0, did: 0, rate: 0 };
const noEffect = { sent: none, held: none, difference: 0, low: 0, high: 0, says: 'too_few' as const };
const noLift = { replies: noEffect, deals: noEffect };

test('a simulated campaign written as rows is counted as it was drawn', async () => {
  const random = seededRandom();
  console.log(`campaign: SEED=${random.seed}`);
  const id = await makeBroadcast();
  const drawn = Array.from({ length: 600 }, () => {
    const isHeld = random.chance(0.2);
    return {
      id: randomUUID(),
      conversationId: randomUUID(),
      customerId: randomUUID(),
      part: isHeld ? 'hold_out' : 'target',
      replies: random.chance(isHeld ? 0.1 : 0.25),
      fen: random.chance(isHeld ? 0.05 : 0.1) ? 100_00 + 100 * random.below(5000) : null,
    };
  });
  const { db } = world.deps;
  await db.contact.createMany({ data: drawn.map(({ id }) => ({ id, platform: 'wecom', key: id, name: '某' })) });
  await db.broadcastRecipient.createMany({
    data: drawn.map(({ id: contactId, part }) => ({
      broadcastId: id,
      contactId,
      part,
      ...(part === 'target' ? { memberId: rep.id, variant: 'A', state: 'delivered' } : {}),
    })),
  });
  const replying = drawn.filter(({ replies }) => replies);
  await db.conversation.createMany({
    data: drawn.map(({ id: contactId, conversationId }) => ({
      id: conversationId,
      contactId,
      memberId: rep.id,
      lastMessageAt: after(50),
    })),
  });
  await db.message.createMany({
    data: replying.flatMap(({ conversationId }) =>
      [5, 9].map((hours) => ({
        conversationId,
        sourceId: 'wecom:archive',
        key: `${conversationId}:${hours}`,
        sender: 'contact',
        at: after(hours),
        kind: 'text',
      })),
    ),
  });
  const buying = drawn.flatMap(({ fen, ...one }) => (fen === null ? [] : [{ ...one, fen }]));
  await db.customer.createMany({
    data: buying.map(({ customerId }) => ({
      id: customerId,
      kind: 'person',
      name: '某',
      nameCore: '某',
      sameAs: customerId,
    })),
  });
  await db.binding.createMany({
    data: buying.map(({ id: contactId, customerId }) => ({ contactId, customerId, reasons: [], madeAt: after(-1) })),
  });
  await db.opportunity.createMany({
    data: buying.map(({ customerId, fen }) => ({
      customerId,
      ownerId: rep.id,
      createdBy: rep.id,
      title: '',
      stage: 'won',
      stageAt: after(20),
      amountFen: BigInt(fen),
    })),
  });
  await noteReplies(world.deps);
  const { lift, waterfall } = await viewResults(world.deps, id);
  const of = (part: string) => drawn.filter((one) => one.part === part);
  const did = (part: string, does: (one: (typeof drawn)[number]) => boolean) => ({
    of: of(part).length,
    did: of(part).filter(does).length,
  });
  const bought = ({ fen }: { fen: number | null }) => fen !== null;
  const mean = (part: string) => of(part).reduce((sum, { fen }) => sum + (fen ?? 0) / 100, 0) / of(part).length;
  expect(lift).toMatchObject({
    replies: { sent: did('target', ({ replies }) => replies), held: did('hold_out', ({ replies }) => replies) },
    deals: { sent: did('target', bought), held: did('hold_out', bought) },
  });
  expect(lift?.revenue.sentMean).toBeCloseTo(mean('target'), 6);
  expect(lift?.revenue.heldMean).toBeCloseTo(mean('hold_out'), 6);
  expect(waterfall.deals).toBe(of('target').filter((one) => one.replies && bought(one)).length);
});

describe('as a table', () => {
  test('recipients outside the caller’s scope are not in it, and no cell is a formula', async () => {
    const id = await makeBroadcast();
    const mine = await makeContact(world.deps, { name: '=HYPERLINK("http://x")', followedBy: [rep] });
    await receive(id, mine, { state: 'delivered' });
    const stranger = await makeContact(world.deps, { name: '陌生人', followedBy: [await makeMember(world.deps)] });
    await receive(id, stranger);
    const text = await readAll(
      await exportBroadcast(world.deps, await callerOf(world.deps, rep), { id, what: 'recipients' }),
    );
    const [head, line, rest] = text.split('\r\n');
    expect(head).toMatch(/^\uFEFF联系人,客户,/);
    expect(line).toBe(`"'=HYPERLINK(""http://x"")",,王明,目标,,A,已送达,,,,`);
    expect(rest).toBe('');
    const audit = await world.deps.db.auditEntry.findFirstOrThrow({ where: { subject: `broadcast:${id}` } });
    expect(audit).toMatchObject({ action: 'broadcast.exported', memberId: rep.id, detail: { what: 'recipients' } });
  });

  test('by member, in the language of who asks', async () => {
    const id = await makeBroadcast();
    await world.deps.db.member.update({ where: { id: rep.id }, data: { locale: 'en' } });
    await receive(id, await makeContact(world.deps), { state: 'failed', failure: 'refused' });
    const text = await readAll(
      await exportBroadcast(world.deps, await callerOf(world.deps, rep), { id, what: 'members' }),
    );
    expect(text).toBe(
      '\uFEFFMember,To send,State,Delivered,Not delivered,Replied,Deals,Last reminder\r\n王明,1,Planned,0,1,0,0,\r\n',
    );
  });

  test.each(['=1+1', '+1', '-1', '@x', '\tx', '\rx', '\nx', '＝1', '＋1', '－1', '＠x'])(
    '%j is made a text',
    (cell) => {
      expect(quoted(cell)).toMatch(/^"'/);
    },
  );
});

test('over HTTP results are an answer and a table is a file, for whoever looks after broadcasts', async () => {
  const id = await makeBroadcast();
  await receive(id, await makeContact(world.deps, { name: '陈丽华', followedBy: [rep] }));
  const marketing = await openSession(world.deps, await makeMember(world.deps, { role: 'marketing' }));
  const ask = (path: string, as = marketing) => http.ask('GET', `/api/broadcasts/${id}/${path}`, { as });
  expect(await ask('results')).toMatchObject({ status: 200, body: { waterfall: { target: 1 }, windowDays: 7 } });
  const table = await ask('export?what=members');
  expect(table.headers.get('Content-Type')).toBe('text/csv; charset=utf-8');
  expect(table.headers.get('Content-Disposition')).toBe('attachment; filename="broadcast-members.csv"');
  expect(String(table.body)).toContain('王明,1,');
  // A text that is read loses its mark; the bytes have it.
  expect(String((await ask('export?what=recipients')).body)).not.toContain('陈丽华');
  expect((await ask('results', await openSession(world.deps, rep))).code).toBe('caller.role');
});

async function readAll(stream: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const part of stream) text += part;
  return text;
}
