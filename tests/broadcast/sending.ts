import { randomUUID } from 'node:crypto';
import type { Contact, Member } from '#prisma/client/client.ts';
import type { Deps } from '#server/base/deps.ts';
import { dayOf } from '#server/base/shanghai.ts';
import type { Broadcast } from '#server/broadcast/broadcast.ts';
import {
  contactHashOf,
  contentHashOf,
  recipientHashOf,
  type FrozenContent,
  type FrozenVariant,
} from '#server/broadcast/broadcast-hash.ts';
import { saveBroadcastRules } from '#server/broadcast/broadcast-rules.ts';
import { getBroadcast } from '#server/broadcast/broadcast-store.ts';
import { sweepBroadcasts } from '#server/broadcast/sweep-broadcasts.ts';
import { dateOfDay } from '#server/broadcast/touch-store.ts';
import { makeContact, makeFollow, makeMember } from '#tests/support/factories.ts';
import type { FakePlatform } from '#tests/support/fake-platform.ts';
import type { FakeGroupSends } from '#tests/support/fake-sends.ts';
import type { World } from '#tests/support/world.ts';

export interface Sender {
  member: Member;
  key: string;
  contacts: Contact[];
}

export interface Approved {
  id: string;
  senders: Sender[];
  owner: Member;
}

/** Of the platform in memory, which always has them. */
export function sendsOf(platform: FakePlatform): FakeGroupSends {
  if (!platform.groupSends) throw new Error('This platform sends to nobody.');
  return platform.groupSends;
}

/** Time passes in such steps, and what is due is found and done after each. */
export const livingIn =
  (world: World, usualStepMs: number) =>
  async (forMs: number, stepMs = usualStepMs): Promise<void> => {
    for (let passed = 0; passed < forMs; passed += stepMs) {
      world.clock.advance(stepMs);
      await sweepBroadcasts(world.deps);
      await world.jobs.drain();
    }
  };

/** Nothing is quiet, so that a test chooses its times freely. */
export async function neverQuiet(deps: Deps): Promise<void> {
  const rules = { perDay: null, perWeek: null, perMonth: null, fatigue: null, quiet: null };
  await saveBroadcastRules(deps.db, { ...rules, confirmDays: 3, windowDays: 7 }, randomUUID());
}

/** A member with contacts, there and here. */
export async function makeSender(deps: Deps, platform: FakePlatform, key: string, contacts: number): Promise<Sender> {
  const member = await makeMember(deps, { key, platform: platform.name, name: `销售${key}` });
  platform.addMember(key);
  const made: Contact[] = [];
  for (let n = 0; n < contacts; n++) {
    const contact = await makeContact(deps, { platform: platform.name, key: `${key}-contact-${n}` });
    await makeFollow(deps, contact, member);
    platform.addContact(contact.key, { follows: [key] });
    made.push(contact);
  }
  return { member, key, contacts: made };
}

const plain: FrozenVariant = { key: 'A', share: 100, text: '您好，{member}为您准备了新品', attachments: [] };

/** A broadcast that was approved, as the plan leaves it: a delivery for each sender and batch, due now. */
export async function approvedBroadcast(
  deps: Deps,
  senders: Sender[],
  given: { batch?: number; variants?: FrozenVariant[]; sendAt?: Date; state?: 'scheduled' | 'awaiting_approval' } = {},
): Promise<Approved> {
  const owner = await makeMember(deps, { role: 'marketing' });
  const { batch = 1000, variants = [plain], state = 'scheduled' } = given;
  const frozen: FrozenContent = { variants };
  const today = dayOf(deps.now());
  const span = { fromDay: dateOfDay(today), untilDay: dateOfDay(today + 5) };
  const { id } = await deps.db.broadcast.create({
    data: {
      name: '春季新品',
      platform: 'wecom',
      state,
      audience: {},
      content: { variants: variants.map(({ key, share, text }) => ({ key, share, content: { text } })) },
      ownerId: owner.id,
      sendAt: given.sendAt ?? null,
      frozenContent: JSON.parse(JSON.stringify(frozen)),
      contentHash: contentHashOf(frozen),
      ...span,
      frozenAt: deps.now(),
      approvedAt: deps.now(),
      createdAt: deps.now(),
    },
  });
  const lines = [];
  for (const { member, key, contacts } of senders) {
    for (let at = 0; at * batch < contacts.length; at++) {
      const ones = contacts.slice(at * batch, (at + 1) * batch);
      const contactHash = contactHashOf(ones.map((contact) => contact.key));
      const line = { memberKey: key, variant: variants[0]?.key ?? 'A', batch: at, contactHash };
      lines.push(line);
      const delivery = await deps.db.broadcastDelivery.create({
        data: {
          ...line,
          broadcastId: id,
          memberId: member.id,
          platform: 'wecom',
          contactCount: ones.length,
          state: state === 'scheduled' ? 'due' : 'frozen',
          nextAttemptAt: deps.now(),
        },
      });
      const of = {
        broadcastId: id,
        part: 'target',
        memberId: member.id,
        variant: line.variant,
        deliveryId: delivery.id,
      };
      await deps.db.broadcastRecipient.createMany({ data: ones.map((contact) => ({ ...of, contactId: contact.id })) });
      await deps.db.contactTouch.createMany({
        data: ones.map((contact) => ({ contactId: contact.id, broadcastId: id, ...span })),
      });
    }
  }
  await deps.db.broadcast.update({ where: { id }, data: { recipientHash: recipientHashOf(lines) } });
  return { id, senders, owner };
}

export const readBroadcast = (deps: Deps, { id }: Pick<Approved, 'id'>): Promise<Broadcast> =>
  getBroadcast(deps.db, id);

export function deliveriesOf(deps: Deps, { id }: Pick<Approved, 'id'>) {
  return deps.db.broadcastDelivery.findMany({
    where: { broadcastId: id },
    orderBy: [{ memberKey: 'asc' }, { batch: 'asc' }],
  });
}

/** State and failure of each recipient, by the contact's key. */
export async function endsOf(deps: Deps, { id }: Pick<Approved, 'id'>): Promise<Record<string, string>> {
  const rows = await deps.db.$queryRaw<{ key: string; state: string; failure: string | null }[]>`
    SELECT c.key, r.state, r.failure FROM "BroadcastRecipient" r JOIN "Contact" c ON c.id = r."contactId"
    WHERE r."broadcastId" = ${id}::uuid ORDER BY c.key`;
  return Object.fromEntries(
    rows.map(({ key, state, failure }) => [key, failure === null ? state : `${state} ${failure}`]),
  );
}

/** How many sends of the platform each contact is in. */
export function timesSent(platform: FakePlatform): Record<string, number> {
  const times: Record<string, number> = {};
  for (const { results } of sendsOf(platform).sends.values())
    for (const { contact } of results) times[contact] = (times[contact] ?? 0) + 1;
  return times;
}

export const onceEach = (senders: Sender[]): Record<string, number> =>
  Object.fromEntries(senders.flatMap(({ contacts }) => contacts.map(({ key }) => [key, 1])));

/** Touches that still keep days free, and those that say somebody was reached. */
export async function touchesOf(deps: Deps, { id }: Pick<Approved, 'id'>): Promise<Record<string, number>> {
  const groups = await deps.db.contactTouch.groupBy({ by: ['state'], where: { broadcastId: id }, _count: true });
  return Object.fromEntries(groups.map(({ state, _count }) => [state, _count]));
}
