import { z } from 'zod';
import type { Prisma } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { MAYBE, type ChannelKind, type ShownState } from './channel.ts';
import { channelWelcome, duty, type ChannelDraft, type ChannelWelcome, type Duty } from './channel-api.ts';

export interface Channel {
  id: string;
  platform: string;
  kind: ChannelKind;
  name: string;
  source: string | null;
  state: string;
  key: PlatformKey | null;
  url: string | null;
  skipVerify: boolean;
  duty: Duty;
  dailyMax: number | null;
  tagIds: string[];
  welcomes: ChannelWelcome[];
  expiresAt: Date | null;
  archivedAt: Date | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;
  wantedFace: string;
  shownFace: string;
  onDuty: string[];
  shownState: ShownState;
  attempts: number;
  lastError: string | null;
}

export async function getChannel(db: Db, id: string): Promise<Channel> {
  return (await findChannel(db, id)) ?? unknown();
}

function unknown(): never {
  throw new Refusal('channel.unknown', 'There is no such channel.', 404);
}

export async function findChannel(db: Db, id: string): Promise<Channel | null> {
  const row = await db.channel.findUnique({ where: { id } });
  return row && toChannel(row);
}

/** By what comes back with a contact; archived ones too, whose codes may hang on a wall still. */
export async function findChannelByState(db: Db, platform: string, state: string): Promise<Channel | null> {
  const row = await db.channel.findUnique({ where: { state } });
  return row?.platform === platform ? toChannel(row) : null;
}

export async function listChannels(db: Db, { archived }: { archived: boolean }): Promise<Channel[]> {
  const rows = await db.channel.findMany({
    where: { archivedAt: archived ? { not: null } : null },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
  });
  return rows.map(toChannel);
}

/** Those the platform shows, may show or should show. */
export async function listLiveChannels(db: Db): Promise<Channel[]> {
  const rows = await db.channel.findMany({
    where: { OR: [{ archivedAt: null }, { key: { not: null } }, { shownFace: MAYBE }] },
    orderBy: { id: 'asc' },
  });
  return rows.map(toChannel);
}

type Columns = Omit<ChannelDraft, 'expiresAt' | 'kind'> & { expiresAt: Date | null };

export async function insertChannel(
  db: Db,
  channel: Columns & { kind: ChannelKind; platform: string; state: string; createdBy: string; at: Date },
): Promise<Channel> {
  const { at, ...columns } = channel;
  const row = await db.channel.create({ data: { ...columns, createdAt: at, updatedAt: at, nextAttemptAt: at } });
  return toChannel(row);
}

/** Null when it is no longer of this version. */
export async function changeChannel(
  db: Db,
  { id, version }: { id: string; version: number },
  change: (Columns | { archivedAt: Date }) & { updatedAt: Date },
): Promise<Channel | null> {
  const [row] = await db.channel.updateManyAndReturn({
    where: { id, version, archivedAt: null },
    data: { ...change, version: { increment: 1 } },
  });
  return row ? toChannel(row) : null;
}

/** Series that run or pause and let in who comes through it. */
export async function listSeriesOf(db: Db, channelId: string): Promise<string[]> {
  const rows = await db.$queryRaw<{ name: string }[]>`
    SELECT name FROM "Series" WHERE state IN ('running', 'paused') AND entry ->> 'channelId' = ${channelId} ORDER BY id`;
  return rows.map(({ name }) => name);
}

/** From now on it should show this. Whoever is at it sees so when they are done. */
export async function wantFace(db: Db, id: string, wantedFace: string, now: Date): Promise<void> {
  await db.channel.update({ where: { id }, data: { wantedFace } });
  await db.channel.updateMany({
    where: { id, shownState: { not: 'sending' satisfies ShownState } },
    data: { shownState: 'owed' satisfies ShownState, attempts: 0, nextAttemptAt: now },
  });
}

/** False when it owes nothing yet, somebody else is at it, or something else is wanted since it was read. */
export async function claimChannel(
  db: Db,
  { id, wantedFace }: Pick<Channel, 'id' | 'wantedFace'>,
  face: string,
  now: Date,
): Promise<boolean> {
  const { count } = await db.channel.updateMany({
    where: { id, wantedFace, shownState: 'owed', nextAttemptAt: { lte: now } },
    data: {
      shownState: 'sending' satisfies ShownState,
      wantedFace: face,
      claimedAt: now,
      attempts: { increment: 1 },
    },
  });
  return count > 0;
}

export interface ShownOutcome {
  shownState: ShownState;
  shownFace?: string;
  key?: PlatformKey | null;
  url?: string | null;
  onDuty?: string[];
  lastError: string | null;
  nextAttemptAt?: Date;
}

/** Owed again when something else was wanted since it was claimed. Answers how it stands. */
export async function settleChannel(
  db: Db,
  { id, face, now }: { id: string; face: string; now: Date },
  outcome: ShownOutcome,
): Promise<ShownState> {
  const { count } = await db.channel.updateMany({ where: { id, wantedFace: face }, data: outcome });
  if (count > 0) return outcome.shownState;
  const shownState: ShownState = 'owed';
  await db.channel.updateMany({ where: { id }, data: { ...outcome, shownState, attempts: 0, nextAttemptAt: now } });
  return shownState;
}

/** Too fast for the platform: all that is owed there waits, so that one call finds out whether it may go on. */
export async function postponeChannels(db: Db, platform: string, until: Date): Promise<void> {
  await db.channel.updateMany({
    where: { platform, shownState: 'owed' satisfies ShownState, nextAttemptAt: { lt: until } },
    data: { nextAttemptAt: until },
  });
}

/** Those whose caller vanished are owed again; what the platform shows of them is not certain. */
export async function takeOverChannels(db: Db, claimedBefore: Date, now: Date): Promise<void> {
  await db.channel.updateMany({
    where: { shownState: 'sending' satisfies ShownState, claimedAt: { lt: claimedBefore } },
    data: { shownState: 'owed' satisfies ShownState, shownFace: MAYBE, nextAttemptAt: now },
  });
}

/** What failed is tried again when its time has come. */
export async function retryChannels(db: Db, now: Date): Promise<void> {
  await db.channel.updateMany({
    where: { shownState: 'failed' satisfies ShownState, nextAttemptAt: { lte: now } },
    data: { shownState: 'owed' satisfies ShownState },
  });
}

export async function listDueChannels(db: Db, now: Date, limit: number): Promise<string[]> {
  const rows = await db.channel.findMany({
    where: { shownState: 'owed' satisfies ShownState, nextAttemptAt: { lte: now } },
    orderBy: { nextAttemptAt: 'asc' },
    take: limit,
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/** Contacts that came by each state since, by member. */
export async function countToday(
  db: Db,
  states: readonly string[],
  since: Date,
): Promise<{ state: string; memberId: string; count: number }[]> {
  if (states.length === 0) return [];
  const rows = await db.follow.groupBy({
    by: ['channel', 'memberId'],
    where: { channel: { in: [...states] }, addedAt: { gte: since } },
    _count: true,
  });
  return rows.map(({ channel, memberId, _count }) => ({ state: channel ?? '', memberId, count: _count }));
}

/** By state: how many came, today too, and how many of these are connected still. */
export async function countBrought(
  db: Db,
  states: readonly string[],
  today: Date,
): Promise<Map<string, { today: number; added: number; stayed: number }>> {
  const rows = await db.$queryRaw<{ state: string; today: number; added: number; stayed: number }[]>`
    SELECT channel AS state, count(*)::int AS added,
      (count(*) FILTER (WHERE "addedAt" >= ${today}::timestamptz))::int AS today,
      (count(*) FILTER (WHERE state IN ('active', 'pending')))::int AS stayed
    FROM "Follow" WHERE channel = ANY(${[...states]}::text[]) GROUP BY channel`;
  return new Map(rows.map(({ state, ...counts }) => [state, counts]));
}

/** The channel that brought a contact to the company first. */
export async function findFirstChannel(db: Db, contactId: string): Promise<Channel | null> {
  const follows = await db.follow.findMany({
    where: { contactId, channel: { not: null } },
    select: { channel: true, addedAt: true, contact: { select: { platform: true } } },
  });
  const inOrder = follows.toSorted((one, other) => (one.addedAt?.getTime() ?? 0) - (other.addedAt?.getTime() ?? 0));
  for (const { channel, contact } of inOrder) {
    const found = channel && (await findChannelByState(db, contact.platform, channel));
    if (found) return found;
  }
  return null;
}

const welcomeList = z.array(channelWelcome);
const memberIds = z.array(z.string());

function toChannel(row: Prisma.ChannelModel): Channel {
  return {
    ...row,
    kind: row.kind as ChannelKind,
    shownState: row.shownState as ShownState,
    duty: duty.parse(row.duty),
    welcomes: welcomeList.parse(row.welcomes),
    onDuty: memberIds.parse(row.onDuty),
  };
}
