import { beforeEach, expect, test } from 'vitest';
import type { Member } from '#prisma/client/client.ts';
import type { Caller } from '#server/base/caller.ts';
import { Refusal } from '#server/base/refusal.ts';
import { getChannel, type Channel } from '#server/channel/channel-store.ts';
import { archiveChannel, editChannel } from '#server/channel/save-channel.ts';
import { sweepChannels } from '#server/channel/sweep-channels.ts';
import { FakePlatform } from '#tests/support/fake-platform.ts';
import { seededRandom } from '#tests/support/random.ts';
import { useWorld } from '#tests/support/world.ts';
import { always, draftOf, hire, openChannel } from './channel-world.ts';

const platform = new FakePlatform('wecom');
const world = useWorld({ platforms: [platform] });
const random = seededRandom();
const MINUTE_MS = 60_000;
const methods = ['create', 'update', 'remove', 'find'] as const;

beforeEach(() => platform.reset());

test(`whatever is lost, refused or killed on the way, there is one code of a channel and it leads where it should (seed ${random.seed})`, async () => {
  const members = await hire(world.deps, platform, 'a', 'b', 'c', 'd');
  for (const [at, { id }] of members.entries()) keyOf.set(id, 'abcd'.charAt(at));
  for (let round = 0; round < 4; round++) {
    const kind = random.pick(['code', 'link'] as const);
    const { channel, caller } = await openChannel(world.deps, always(...some(members)), { kind, name: `${round}` });
    const made = () => madeOf(channel);
    for (let step = 0; step < 25; step++) {
      await happen(channel, caller, members);
      expect(made().length).toBeLessThanOrEqual(1);
    }
    for (let minute = 0; minute < 400 && !(await isSettled(channel.id)); minute++) await pass(10);
    await pass(1);
    const settled = await getChannel(world.deps.db, channel.id);
    expect(settled.lastError).toBeNull();
    const wanted = settled.archivedAt ? [] : [{ members: keysOf(settled) }];
    expect(made()).toMatchObject(wanted);
    expect(made()).toHaveLength(wanted.length);
    await world.deps.db.channel.deleteMany();
  }
});

const some = (members: Member[]) => random.shuffle(members).slice(0, 1 + random.below(members.length));

async function happen(channel: Channel, caller: Caller, members: Member[]): Promise<void> {
  const way = channel.kind === 'code' ? 'Code' : 'Link';
  const method = `channels.${random.pick(methods)}${way}` as const;
  switch (random.below(8)) {
    case 0:
      return platform.loseAnswer(method);
    case 1:
      return platform.fail(method, random.pick(['unavailable', 'rate_limited', 'forbidden', 'rejected'] as const));
    case 2:
      return kill(channel.id);
    case 3:
      return orRefused(edit(channel.id, caller, members));
    case 4:
      if (random.chance(0.1)) await orRefused(archiveChannel(world.deps, caller, channel.id));
      return undefined;
    case 5:
      return world.jobs.clear();
    default:
      return pass(1 + random.below(20));
  }
}

async function pass(minutes: number): Promise<void> {
  world.clock.advance(minutes * MINUTE_MS);
  await sweepChannels(world.deps);
  await world.jobs.drain();
}

/** Whoever was about to tell the platform is killed, before the call or after it. */
async function kill(id: string): Promise<void> {
  await world.deps.db.channel.updateMany({
    where: { id, shownState: 'owed' },
    data: { shownState: 'sending', claimedAt: world.deps.now() },
  });
}

async function edit(id: string, caller: Caller, members: Member[]): Promise<void> {
  const { version } = await getChannel(world.deps.db, id);
  const { kind: _, ...draft } = draftOf(always(...some(members)), { name: `${random.below(1000)}` });
  await editChannel(world.deps, caller, id, { ...draft, version });
}

async function orRefused(changing: Promise<unknown>): Promise<void> {
  await changing.catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error;
  });
}

async function isSettled(id: string): Promise<boolean> {
  const { shownState, wantedFace, shownFace } = await getChannel(world.deps.db, id);
  return shownState === 'shown' && wantedFace === shownFace;
}

function madeOf({ kind, state }: Channel): { members: string[] }[] {
  const codes = [...(platform.channels?.codes.values() ?? [])].filter((code) => code.state === state);
  const links = [...(platform.channels?.links.values() ?? [])].filter(({ name }) => name.endsWith(state.slice(-10)));
  return (kind === 'code' ? codes : links).map(({ members }) => ({ members: members.toSorted() }));
}

function keysOf({ duty }: Channel): string[] {
  const ids = duty.shifts.flatMap(({ memberIds }) => memberIds);
  return ids.map((id) => keyOf.get(id) ?? '').toSorted();
}

const keyOf = new Map<string, string>();
