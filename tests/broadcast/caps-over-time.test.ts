import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import { Refusal } from '#server/base/refusal.ts';
import { dayOf, instantOf, type Day } from '#server/base/shanghai.ts';
import type { BroadcastRules } from '#server/broadcast/broadcast-rules-api.ts';
import { getBroadcast } from '#server/broadcast/broadcast-store.ts';
import { mayTouch, spanOf, type Caps, type Span, type Touch } from '#server/broadcast/caps.ts';
import { withdrawBroadcast } from '#server/broadcast/take-back.ts';
import { dateOfDay, dayOfDate, releaseTouches, settleDelivered } from '#server/broadcast/touch-store.ts';
import { makeContact, makeMember } from '#tests/support/factories.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { useWorld } from '#tests/support/world.ts';
import { freeze, makeDraft, makeMarketing, makeSegment, planOf, saveRules, tested } from './planning.ts';

const world = useWorld({ platforms: [new FakePlatform('wecom')] });
const START = dayOf(new Date('2026-02-20T02:00:00Z'));

/** What happens in turn: days go by, a broadcast is frozen, or the one before is let go of or reaches people. */
const happening = fc.oneof(
  fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 6 }) }),
  fc.record({
    do: fc.constant('freeze' as const),
    inDays: fc.integer({ min: 0, max: 9 }),
    confirmDays: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ do: fc.constant('withdraw' as const) }),
  fc.record({
    do: fc.constant('deliver' as const),
    part: fc.integer({ min: 0, max: 3 }),
    late: fc.integer({ min: 0, max: 9 }),
  }),
);
const cap = fc.option(fc.integer({ min: 1, max: 3 }), { nil: null });
const company = fc.record({
  perDay: cap,
  perWeek: cap,
  perMonth: fc.oneof(cap, fc.constant('days' as const)),
  fatigue: fc.option(fc.record({ max: fc.integer({ min: 1, max: 2 }), days: fc.integer({ min: 2, max: 10 }) }), {
    nil: null,
  }),
});

const tooLateToWithdraw: [Caps, Happening[]] = [
  { perDay: 1, perWeek: 1, perMonth: 3, fatigue: { max: 1, days: 5 } },
  [
    { do: 'freeze', inDays: 8, confirmDays: 2 },
    { do: 'wait', days: 15 },
    { do: 'withdraw' },
    { do: 'freeze', inDays: 7, confirmDays: 1 },
  ],
];

test('no contact is ever above any cap, whatever is sent, withdrawn or delivered when; each left out has the reason the rule says', async () => {
  await fc.assert(
    fc.asyncProperty(company, fc.array(happening, { minLength: 4, maxLength: 8 }), async (rules, story) => {
      await world.deps.db.contactTouch.deleteMany();
      await world.deps.db.broadcast.deleteMany();
      expect(await faultsOf(rules, story)).toEqual([]);
    }),
    { numRuns: 12, endOnFailure: true, examples: [tooLateToWithdraw] },
  );
});

type Happening = typeof happening extends fc.Arbitrary<infer One> ? One : never;

/** What of the story goes against the rule; [] when nothing does. */
async function faultsOf(caps: Caps, story: readonly Happening[]): Promise<string[]> {
  const faults: string[] = [];
  const { deps } = world;
  const { marketer } = await makeMarketing(deps);
  const rep: Member = await makeMember(deps);
  const contacts = [];
  for (let n = 0; n < 4; n++) contacts.push((await makeContact(deps, { followedBy: [rep] })).id);
  const segmentId = await makeSegment(deps, { field: 'follow.member', operator: 'is_any', value: [rep.id] });
  const frozen: string[] = [];
  let today = START;
  for (const one of story) {
    world.clock.set(instantOf(today, 10 * 60));
    const last = frozen.at(-1);
    if (one.do === 'wait') today += one.days;
    if (one.do === 'freeze') {
      const rules: BroadcastRules = { ...caps, quiet: null, confirmDays: one.confirmDays, windowDays: 7 };
      await saveRules(deps, rules);
      const sendAt = one.inDays === 0 ? null : instantOf(today + one.inDays, 600);
      const draft = await makeDraft(deps, marketer, { segmentId, sendAt, holdOutPercent: 10 });
      const before = await listTouches();
      const held = await listHeld(spanOf(today + one.inDays, rules));
      const { id } = await freeze(deps, marketer, await tested(deps, draft));
      const plan = await planOf(deps, { id });
      const span = spanOf(today + one.inDays, rules);
      if (plan.size !== contacts.length) faults.push(`${plan.size} are planned`);
      for (const contactId of contacts) {
        const line = plan.get(contactId);
        const said = held.has(contactId) ? 'overlapping' : mayTouch(before.get(contactId) ?? [], span, caps);
        const isSaid = said === null ? line?.reason === null : line?.part === 'excluded' && line.reason === said;
        if (!isSaid) faults.push(`${contactId} is ${line?.part} ${line?.reason}, the rule says ${said}`);
      }
      if ((await getBroadcast(deps.db, id)).state === 'awaiting_approval') frozen.push(id);
    }
    if (one.do === 'withdraw' && last) {
      if ((await getBroadcast(deps.db, last)).state !== 'awaiting_approval') continue;
      if (await isWithdrawn(marketer, last)) frozen.pop();
    }
    if (one.do === 'deliver' && last) await deliver(last, one);
    faults.push(...tooMany(await listTouches(), caps));
  }
  return faults;
}

/** Once the time to decide is over there is nothing left to take back: the request is over by itself. */
async function isWithdrawn(marketer: Parameters<typeof withdrawBroadcast>[1], id: string): Promise<boolean> {
  try {
    await withdrawBroadcast(world.deps, marketer, { id, reason: '' });
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'approval.expired') return false;
    throw error;
  }
}

/** Some confirmed on a day that was kept free for it; with the others nothing comes of it. */
async function deliver(broadcastId: string, { part, late }: { part: number; late: number }): Promise<void> {
  const { db } = world.deps;
  const rows = await db.contactTouch.findMany({
    where: { broadcastId, state: 'reserved' },
    orderBy: { contactId: 'asc' },
  });
  for (const [at, { contactId, fromDay, untilDay }] of rows.entries()) {
    const day = Math.min(dayOfDate(fromDay) + ((late + at) % 10), dayOfDate(untilDay));
    if (at % 4 <= part) await settleDelivered(db, broadcastId, [contactId], day);
  }
  await releaseTouches(db, broadcastId, 'everybody');
  await db.broadcast.update({ where: { id: broadcastId }, data: { state: 'running' } });
}

async function listTouches(): Promise<Map<string, Touch[]>> {
  const rows = await world.deps.db.contactTouch.findMany();
  const touches = rows.map(({ contactId, fromDay, untilDay, state }) => ({
    contactId,
    fromDay: dayOfDate(fromDay),
    untilDay: dayOfDate(untilDay),
    state: state as Touch['state'],
  }));
  return Map.groupBy(touches, ({ contactId }) => contactId);
}

/** Held out of a broadcast of these days whose calls have not left. */
async function listHeld({ fromDay, untilDay }: Span): Promise<Set<string>> {
  const { db } = world.deps;
  const days = { fromDay: { lte: dateOfDay(untilDay) }, untilDay: { gte: dateOfDay(fromDay) } };
  const broadcasts = await db.broadcast.findMany({ where: { state: 'awaiting_approval', ...days } });
  const ids = broadcasts.map(({ id }) => id);
  const rows = await db.broadcastRecipient.findMany({ where: { broadcastId: { in: ids }, part: 'hold_out' } });
  return new Set(rows.map(({ contactId }) => contactId));
}

/** Counted another way than the rule counts: for each of a year's days, who may be reached on it, in its week, month and so on. */
function tooMany(touches: Map<string, Touch[]>, { perDay, perWeek, perMonth, fatigue }: Caps): string[] {
  const faults: string[] = [];
  for (const [contactId, ones] of touches) {
    for (let day = START - 10; day < START + 90; day++) {
      const within = (days: (other: Day) => boolean) =>
        ones.filter(({ fromDay, untilDay }) => {
          for (let other = fromDay; other <= untilDay; other++) if (days(other)) return true;
          return false;
        }).length;
      const month = (at: Day) => new Date(at * 86_400_000).toISOString().slice(0, 7);
      const monthDays = new Date(Date.UTC(Number(month(day).slice(0, 4)), Number(month(day).slice(5)), 0)).getUTCDate();
      const counts = [
        [within((at) => at === day), perDay],
        [within((at) => Math.floor((at + 3) / 7) === Math.floor((day + 3) / 7)), perWeek],
        [within((at) => month(at) === month(day)), perMonth === 'days' ? monthDays : perMonth],
        [fatigue ? within((at) => at >= day && at < day + fatigue.days) : 0, fatigue?.max ?? null],
      ] as const;
      for (const [count, most] of counts)
        if (most !== null && count > most)
          faults.push(`${contactId} is reached ${count} times about day ${day}, ${most} at most`);
    }
  }
  return faults;
}
