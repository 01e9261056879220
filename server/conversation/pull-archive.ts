import type { ArchiveGap } from '#prisma/client/client.ts';
import type { Deps } from '#server/base/deps.ts';
import { MINUTE_MS } from '#server/base/duration.ts';
import { withLock } from '#server/base/lock.ts';
import { tellOptOuts, type OptOutNews } from '#server/contact/opt-out.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { ArchiveRecord, ChatArchive } from '#server/platform/chat-archive.ts';
import { joinHoles, missingAfter } from './archive-gap.ts';
import { insertGaps, keepEarlyRecalls, listDueGaps, listEarlyRecalls, settleGap } from './archive-gap-store.ts';
import { announceMessages } from './announce-messages.ts';
import { countPassedOver, findSource, getSource, moveCursor } from './chat-source-store.ts';
import { insertMessages, recallMessages } from './conversation-store.ts';
import { hearOptOuts } from './hear-opt-outs.ts';
import { readRecords, type ReadRecords } from './read-records.ts';

/** The platform tells when there is something new; this is for what it told in vain. */
export const pullArchiveEveryMs = MINUTE_MS;
const PAGE = 500;
const GAPS_PER_PULL = 20;
/** What a busy pull leaves to the next one. */
const RETRY_MS = 2000;

/**
 * Takes what the platform's archive has since the last pull, and asks again for what it lacked. One process at a time;
 * where it stopped is stored with what it stored, so it goes on there however it ended.
 */
export async function pullArchive(deps: Deps, { platform }: { platform: string }): Promise<void> {
  await announceMessages(deps);
  const { archive } = deps.platforms.get(platform);
  if (!archive) return;
  const { id, enabled } = await getSource(deps.db, platform, 'archive');
  if (!enabled) return;
  const isDone = await withLock(deps.pool, `archive:${id}`, async () => {
    while (await pullPage(deps, archive, platform, id)) await announceMessages(deps);
    await refillGaps(deps, archive, platform, id);
    await announceMessages(deps);
  });
  if (!isDone) await deps.jobs.add('pull-archive', { platform }, { key: platform, delayMs: RETRY_MS });
}

/** False when there was nothing more, or the source is switched off. */
async function pullPage(deps: Deps, archive: ChatArchive, platform: string, sourceId: string): Promise<boolean> {
  const source = await findSource(deps.db, sourceId);
  if (!source?.enabled) return false;
  const cursor = BigInt(source.cursor);
  const records = ascending(await archive.pull(cursor, PAGE)).filter(({ seq }) => seq > cursor);
  const last = records.at(-1);
  if (!last) return false;

  const read = await readRecords(deps, platform, archive, records);
  // The first pull finds the archive where its keeping begins: what was before is no gap.
  const missing = cursor === 0n ? missingBetween(records) : missingAfter(cursor, records.map(seqOf));
  const holes = joinHoles([...missing.map((range) => ({ ...range, reason: 'missing' })), ...read.holes]);
  const news = await deps.db.$transaction(async (tx) => {
    if (!(await moveCursor(tx, sourceId, source.cursor, String(last.seq))))
      throw new Error(`The cursor of ${sourceId} was moved by another pull.`);
    await insertGaps(tx, sourceId, holes, deps.now());
    return store(deps, tx, sourceId, read);
  }, longTransaction);
  await tellOptOuts(deps, news);
  return true;
}

/** A page is hundreds of rows; the default of 5 s is too near on a busy machine. */
const longTransaction = { timeout: 60_000, maxWait: 20_000 };

async function refillGaps(deps: Deps, archive: ChatArchive, platform: string, sourceId: string): Promise<void> {
  for (const gap of await listDueGaps(deps.db, sourceId, deps.now(), GAPS_PER_PULL)) {
    const records = await askAgain(archive, gap);
    const read = await readRecords(deps, platform, archive, records);
    const missing = missingAfter(gap.fromSeq - 1n, records.map(seqOf), gap.toSeq);
    const left = joinHoles([...missing.map((range) => ({ ...range, reason: 'missing' })), ...read.holes]);
    const { news, lost } = await deps.db.$transaction(async (tx) => {
      const news = await store(deps, tx, sourceId, read);
      return { news, lost: await settleGap(tx, gap, left, deps.now()) };
    }, longTransaction);
    await tellOptOuts(deps, news);
    for (const { from, to, reason } of lost)
      deps.log.warn({ sourceId, from: String(from), to: String(to), reason }, 'archive records are lost');
  }
}

async function askAgain(archive: ChatArchive, gap: ArchiveGap): Promise<ArchiveRecord[]> {
  const width = gap.toSeq - gap.fromSeq + 1n;
  try {
    const records = await archive.pull(gap.fromSeq - 1n, width < PAGE ? Number(width) : PAGE);
    return ascending(records).filter(({ seq }) => seq >= gap.fromSeq && seq <= gap.toSeq);
  } catch (error) {
    // Too old for the archive to give out: an attempt in vain like any other.
    if (error instanceof PlatformError && ['not_found', 'rejected'].includes(error.kind)) return [];
    throw error;
  }
}

async function store(
  deps: Deps,
  tx: Parameters<typeof insertMessages>[0],
  sourceId: string,
  { messages, recalls, passedOver }: ReadRecords,
): Promise<OptOutNews> {
  await insertMessages(tx, deps.cipher, sourceId, messages);
  const early = await listEarlyRecalls(
    tx,
    sourceId,
    messages.map(({ key }) => key),
  );
  const notHere = await recallMessages(tx, sourceId, [...recalls, ...early]);
  await keepEarlyRecalls(tx, sourceId, notHere);
  await countPassedOver(tx, sourceId, passedOver);
  return hearOptOuts(deps, tx, messages);
}

function missingBetween(records: ArchiveRecord[]): { from: bigint; to: bigint }[] {
  const [first] = records;
  return first ? missingAfter(first.seq - 1n, records.map(seqOf)) : [];
}

function ascending(records: ArchiveRecord[]): ArchiveRecord[] {
  return records.toSorted((a, b) => (a.seq < b.seq ? -1 : 1));
}

const seqOf = ({ seq }: { seq: bigint }) => seq;
