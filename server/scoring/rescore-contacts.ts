import type { Deps } from '#server/base/deps.ts';
import { DAY_MS, MINUTE_MS } from '#server/base/duration.ts';
import { withLock } from '#server/base/lock.ts';
import { dayOf } from '#server/base/shanghai.ts';
import { inTransaction } from '#server/base/transaction.ts';
import type { FeatureBlock } from './feature-block.ts';
import { findBlockEnd, readFeatures } from './feature-store.ts';
import { METHOD } from './score.ts';
import {
  bringBackRules,
  clearAllDue,
  clearDue,
  countContacts,
  countDue,
  insertScores,
  listDue,
  moveOn,
  NOBODY,
  noteDue,
} from './score-many-store.ts';
import { valuesOf, type LoadedModel } from './scoring-model.ts';
import { currentModel } from './scoring-setting.ts';
import { listActiveContacts } from './scoring-store.ts';
import { readWork, saveWork, type Work } from './work-store.ts';

export const rescoreEveryMs = 15 * MINUTE_MS;
/** Of the table of points no factor changes by time alone after this. */
const ACTIVE_DAYS = 62;
/** Contacts a block: others have their turn in between, and no more than two blocks are ever held. */
const BLOCK = 4000;
/** A row written by a transaction that was slow to end is older than it looks. */
const LATE_MS = 5 * MINUTE_MS;
/** Screens that show one of so few are told; after a block of thousands nobody could be. */
const TOLD_MAX = 200;
const TARGET = 'lead';

/**
 * Keeps everybody's score what it would be if it were worked out now. After a new model everybody is scored, from where
 * the last run stopped; after that those of whom something was heard, and once a day those whom time alone moves. Two
 * runs at once are one.
 */
export async function rescoreContacts(deps: Deps, blockSize = BLOCK): Promise<void> {
  await withLock(deps.pool, 'rescore-contacts', async () => {
    for (;;) {
      const model = await currentModel(deps.db, TARGET);
      const method = model?.method ?? METHOD;
      const work = await readWork(deps.db, TARGET);
      const isDone = (work.rescoreMethod ?? METHOD) === method && work.rescoreAfter === null;
      if (isDone) {
        // Nobody else rescores while this lock is held: one that is said to has died.
        if (work.rescoreRunning) await saveWork(deps.db, TARGET, { rescoreRunning: false });
        await (model ? scoreNews(deps, model, work, blockSize) : askForActive(deps, work));
        return;
      }
      await scoreEverybody(deps, model, work, blockSize);
      // What was heard meanwhile is for the next run; unless another model became champion.
      if (model && (await currentModel(deps.db, TARGET))?.method === method) return;
    }
  });
}

async function scoreEverybody(deps: Deps, model: LoadedModel | null, before: Work, blockSize: number): Promise<void> {
  const method = model?.method ?? METHOD;
  const goesOn = before.rescoreMethod === method && before.rescoreAfter !== null;
  const startedAt = deps.now();
  if (!goesOn) {
    await saveWork(deps.db, TARGET, {
      rescoreMethod: method,
      rescoreAfter: NOBODY,
      rescoreRunning: true,
      rescoreDone: 0,
      rescoreTotal: await countContacts(deps.pool),
      rescoreStartedAt: startedAt,
      rescoreEndedAt: null,
      newsAt: startedAt,
      timeDay: dayOf(startedAt),
    });
    await inTransaction(deps.pool, clearAllDue);
  } else await saveWork(deps.db, TARGET, { rescoreRunning: true });
  tell(deps);
  const from = (goesOn ? before.rescoreAfter : null) ?? NOBODY;
  const isWhole = model ? await scoreByModel(deps, model, from, blockSize) : await scoreByRules(deps, from, blockSize);
  // The champion changed in the middle: begun again for that one.
  if (!isWhole) return;
  await saveWork(deps.db, TARGET, { rescoreAfter: null, rescoreRunning: false, rescoreEndedAt: deps.now() });
  tell(deps);
}

/** The next block is read while this one is worked out and written. False when another model took over. */
async function scoreByModel(deps: Deps, model: LoadedModel, from: string, blockSize: number): Promise<boolean> {
  const read = async (after: string) => {
    const upTo = await findBlockEnd(deps.pool, after, blockSize);
    if (upTo === null) return null;
    const at = deps.now();
    return { upTo, at, block: await readFeatures(deps.pool, at, { after, upTo }, { lexicon: model.lexicon }) };
  };
  let next = read(from);
  for (let blocks = 1; ; blocks++) {
    const given = await next;
    if (!given) return true;
    next = read(given.upTo);
    // Whatever fails is told where it is waited for.
    next.catch(() => {});
    await writeBlock(deps, model, given.block, given.at, { after: given.upTo });
    if (blocks % 10 !== 0) continue;
    tell(deps);
    if ((await currentModel(deps.db, TARGET))?.method !== model.method) {
      await next;
      return false;
    }
  }
}

async function writeBlock(
  deps: Deps,
  model: LoadedModel,
  block: FeatureBlock,
  at: Date,
  { after, due }: { after?: string; due?: string[] },
): Promise<string[]> {
  const values = valuesOf(model, block);
  const vectors = Buffer.from(block.values.buffer, block.values.byteOffset, block.values.byteLength);
  return inTransaction(deps.pool, async (client) => {
    const { id: modelId, method } = model;
    const changed = await insertScores(client, { ids: block.ids, values, vectors, at, modelId, method });
    if (due) await clearDue(client, due);
    await moveOn(client, TARGET, { done: due?.length ?? block.rows, ...(after === undefined ? {} : { after }) });
    return changed;
  });
}

/** Their last score by the table of points is put on top again; those who never had one are scored one by one. */
async function scoreByRules(deps: Deps, from: string, blockSize: number): Promise<boolean> {
  for (let after = from; ;) {
    const upTo = await findBlockEnd(deps.pool, after, blockSize);
    if (upTo === null) break;
    const whom = { after, upTo, at: deps.now() };
    const unknown = await inTransaction(deps.pool, async (client) => {
      const never = await bringBackRules(client, whom);
      await moveOn(client, TARGET, { done: blockSize, after: upTo });
      return never;
    });
    await askFor(deps, unknown);
    if (await currentModel(deps.db, TARGET)) return false;
    after = upTo;
  }
  await saveWork(deps.db, TARGET, { timeDay: null });
  return true;
}

async function scoreNews(deps: Deps, model: LoadedModel, work: Work, blockSize: number): Promise<void> {
  const now = deps.now();
  const day = dayOf(now);
  const since = new Date((work.newsAt ?? work.rescoreStartedAt ?? now).getTime() - LATE_MS);
  await inTransaction(deps.pool, (client) => noteDue(client, since, now, work.timeDay === day ? null : day));
  const total = await countDue(deps.pool);
  await saveWork(deps.db, TARGET, {
    newsAt: now,
    timeDay: day,
    ...(total === 0
      ? {}
      : { rescoreRunning: true, rescoreDone: 0, rescoreTotal: total, rescoreStartedAt: now, rescoreEndedAt: null }),
  });
  if (total === 0) return;
  tell(deps);
  let told = 0;
  for (;;) {
    const due = await listDue(deps.pool, blockSize);
    if (due.length === 0) break;
    const at = deps.now();
    const block = await readFeatures(deps.pool, at, { ids: due }, { lexicon: model.lexicon });
    const changed = await writeBlock(deps, model, block, at, { due });
    for (const contactId of changed.slice(0, Math.max(0, TOLD_MAX - told)))
      deps.live.publish(`contact.${contactId}`, { part: 'score', contactId });
    told += changed.length;
  }
  await saveWork(deps.db, TARGET, { rescoreRunning: false, rescoreEndedAt: deps.now() });
  tell(deps);
}

/** Silence changes a score too, and nobody tells of silence: once a day those spoken with lately are asked for. */
async function askForActive(deps: Deps, work: Work): Promise<void> {
  const day = dayOf(deps.now());
  if (work.timeDay === day) return;
  const since = new Date(deps.now().getTime() - ACTIVE_DAYS * DAY_MS);
  let after: string | null = null;
  do {
    const contactIds = await listActiveContacts(deps.db, since, after, BLOCK);
    await askFor(deps, contactIds);
    after = contactIds.length === BLOCK ? (contactIds.at(-1) ?? null) : null;
  } while (after);
  await saveWork(deps.db, TARGET, { timeDay: day });
}

async function askFor(deps: Deps, contactIds: readonly string[]): Promise<void> {
  await deps.jobs.addAll(
    'score-contact',
    contactIds.map((contactId) => ({ payload: { contactId }, options: { key: contactId } })),
  );
}

const tell = (deps: Deps) => deps.live.publish('desk', { part: 'scoring' });
