import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeApp } from '#server/app.ts';
import type { JobName } from '#server/base/job-payloads.ts';
import { makeMember, welcomeContacts } from '#tests/support/factories.ts';
import { healthy } from '#tests/support/healthy.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { askAll, wireOf } from '#tests/support/keep-alive.ts';
import { listen, type Listening } from '#tests/support/listening.ts';
import { seededRandom } from '#tests/support/random.ts';
import { useWorld, type World } from '#tests/support/world.ts';
import { duplicatedAndShuffled, makeStory, type ContactEvent, type Story } from './contact-story.ts';

const CALLBACKS = 10_000;
const EVENTS = 300;
const members = ['lin', 'wang', 'zhao', 'chen'];
const contacts = Array.from({ length: 30 }, (_, n) => `contact-${n}`);
const endsAt = new Date('2026-03-01T02:00:00.000Z');

const orderly = { platform: new FakePlatform(), site: {} as Listening };
const wild = { platform: new FakePlatform(), site: {} as Listening };
const orderlyWorld = useWorld({ platforms: [orderly.platform] });
const wildWorld = useWorld({ platforms: [wild.platform] });

beforeAll(async () => {
  orderly.site = await listen(makeApp(orderlyWorld.deps, healthy));
  wild.site = await listen(makeApp(wildWorld.deps, healthy));
});
afterAll(async () => {
  await orderly.site.close();
  await wild.site.close();
});

test(`${CALLBACKS} callbacks, told twice and more and in no order, leave what each told once in its order leaves`, async () => {
  const random = seededRandom();
  console.log(`reordered callbacks: SEED=${random.seed}`);
  const story = makeStory(random, { contacts, members, count: EVENTS, endsAt, spanSeconds: 300 });

  await set(orderlyWorld, orderly.platform, story);
  await welcomeContacts(orderlyWorld.deps);
  await deliver(orderly.site, story.events, 1);
  await orderly.site.settled();
  await drain(orderlyWorld);

  await set(wildWorld, wild.platform, story);
  await welcomeContacts(wildWorld.deps);
  const told = { isOver: false };
  const delivery = deliver(wild.site, duplicatedAndShuffled(random, story.events, CALLBACKS), 16);
  const ending = delivery.finally(() => (told.isOver = true));
  // Handled while they come, so that many come late.
  while (!told.isOver) {
    await sleep(20);
    await drain(wildWorld);
  }
  await ending;
  await wild.site.settled();
  await drain(wildWorld);

  const [stateInOrder, state] = [await stateOf(orderlyWorld), await stateOf(wildWorld)];
  expect(state).toEqual(stateInOrder);
  expect(state.follows.length).toBeGreaterThan(50);

  const rows = await wildWorld.deps.db.inboundEvent.groupBy({ by: ['state', 'attempts'], _count: true });
  expect(rows).toEqual([{ state: 'handled', attempts: 1, _count: story.events.length }]);
  const codes = wild.platform.welcomes.map(({ code }) => code);
  expect(codes.sort()).toEqual(orderly.platform.welcomes.map(({ code }) => code).sort());
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.length).toBeGreaterThan(0);
});

async function set(world: World, platform: FakePlatform, story: Story): Promise<void> {
  world.clock.set(endsAt);
  for (const member of members) {
    platform.addMember(member);
    await makeMember(world.deps, { platform: platform.name, key: member, name: member });
  }
  for (const contact of contacts) {
    const follows = story.shown.filter((follow) => follow.contact === contact);
    platform.addContact(contact, {
      follows: follows.map((follow) => ({ ...follow, remark: `from ${follow.member}` })),
    });
  }
  for (const event of story.events) {
    if ('welcomeCode' in event && event.welcomeCode) platform.welcomeCodes.add(event.welcomeCode);
  }
}

async function deliver(site: Listening, events: ContactEvent[], connections: number): Promise<void> {
  const requests = events.map((event) => wireOf('POST', '/callbacks/fake?signature=good', JSON.stringify({ event })));
  await askAll(site.port, connections, requests, ({ status }) => expect(status).toBe(200));
}

/** What callbacks lead to; the scores and summaries that follow are other rooms' tests. */
const ours = new Set<JobName>(['handle-events', 'send-welcome']);

async function drain(world: World): Promise<void> {
  for (;;) {
    world.jobs.waiting = world.jobs.waiting.filter(({ name }) => ours.has(name));
    if (world.jobs.waiting.length === 0) return;
    await Promise.all(Array.from({ length: 4 }, () => world.jobs.runNext()));
  }
}

async function stateOf({ deps }: World) {
  const follows = await deps.db.follow.findMany({ include: { contact: true }, omit: { id: true, contactId: true } });
  const accounts = await deps.db.memberIdentity.findMany();
  const keyOf = new Map(accounts.map(({ memberId, key }) => [memberId, key]));
  const welcomes = await deps.db.welcome.findMany();
  const contactsStored = await deps.db.contact.findMany({ omit: { id: true } });
  return {
    contacts: contactsStored.sort(by(({ key }) => key)),
    follows: follows
      .map(({ memberId, contact, ...follow }) => ({
        contact: contact.key,
        member: keyOf.get(memberId),
        ...follow,
      }))
      .sort(by(({ contact, member }) => `${contact} ${member}`)),
    welcomes: welcomes.map(({ codeHash, state }) => ({ codeHash, state })).sort(by(({ codeHash }) => codeHash)),
  };
}

function by<T>(key: (item: T) => string): (one: T, other: T) => number {
  return (one, other) => (key(one) < key(other) ? -1 : 1);
}
