import { recordAudit } from '#server/base/audit.ts';
import type { Deps } from '#server/base/deps.ts';
import { noteTransfer } from '#server/contact/note-transfer.ts';
import { listAccountsOf } from '#server/member/member-store.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { ContactTransfers, TransferKey, TransferResult } from '#server/platform/contact-transfer.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import { listBelongings } from './belongings-store.ts';
import {
  backOff,
  isOfThisAsking,
  LOOK_UP_AFTER_MS,
  missing,
  pollAt,
  settle,
  type Handover,
  type Item,
  type ItemChange,
  type ItemState,
} from './handover.ts';
import type { ItemReason } from './handover-api.ts';
import {
  claimItems,
  listAskedBefore,
  listDueItems,
  listKeysOfContacts,
  lockHandover,
  saveItems,
} from './handover-store.ts';
import { blocksOf } from './plan-handover.ts';
import { keyOf } from './plan.ts';

const DUE_MAX = 2000;

/** Contacts of one giver on their way to one taker on one platform. */
interface Route {
  platform: string;
  transfers: ContactTransfers;
  between: TransferKey;
  items: Item[];
  keys: ReadonlyMap<string, PlatformKey>;
}

/**
 * One round with the platforms: what may have been asked is looked up first, so that nobody is asked for twice; then what
 * is planned is asked for; then what is on its way is asked after. A platform that is too busy ends the round.
 */
export async function moveContacts(deps: Deps, handover: Handover): Promise<void> {
  for (const route of await routesOf(deps, handover, 'asking')) await lookUp(deps, handover, route);
  for (const route of await routesOf(deps, handover, 'planned')) await ask(deps, handover, route);
  for (const route of await routesOf(deps, handover, 'waiting')) await follow(deps, handover, route);
}

async function routesOf(deps: Deps, handover: Handover, state: ItemState): Promise<Route[]> {
  const of = { kinds: ['contact' as const], states: [state] };
  const due = await listDueItems(deps.db, handover.id, of, deps.now(), DUE_MAX);
  const contacts = await listKeysOfContacts(
    deps.db,
    due.map(({ subjectId }) => subjectId),
  );
  const accounts = await listAccountsOf(deps.db, [handover.fromMemberId, ...due.map(({ toMemberId }) => toMemberId)]);
  const accountOf = (memberId: string, platform: string) =>
    accounts.find((one) => one.memberId === memberId && one.platform === platform);

  const routes: Route[] = [];
  const ways = Map.groupBy(due, (item) => `${contacts.get(item.subjectId)?.platform ?? ''} ${item.toMemberId}`);
  for (const items of ways.values()) {
    const [{ subjectId, toMemberId } = { subjectId: '', toMemberId: '' }] = items;
    const platform = contacts.get(subjectId)?.platform ?? '';
    const transfers = deps.platforms.all.find(({ name }) => name === platform)?.transfers;
    const [from, to] = [accountOf(handover.fromMemberId, platform), accountOf(toMemberId, platform)];
    if (transfers && from && to) {
      const keys = new Map(items.map((item) => [item.id, contacts.get(item.subjectId)?.key ?? '']));
      const between = { from: from.key, to: to.key, leaver: handover.leaver || hadLeft(from, handover) };
      routes.push({ platform, transfers, between, items, keys });
    } else {
      const reason = !transfers ? 'no_transfers' : from ? 'taker_no_account' : 'giver_no_account';
      await saveItems(deps.db, idsOf(items), state, { state: 'failed', reason });
    }
  }
  return routes;
}

/** Of one of two messengers, before it was started: what is under way goes on in the way it was asked for. */
function hadLeft({ leftAt }: { leftAt: Date | null }, { startedAt }: Handover): boolean {
  return leftAt !== null && startedAt !== null && leftAt <= startedAt;
}

/** The call left and its answer never came, or whoever made it is gone: what the platform knows of is on its way. */
async function lookUp(deps: Deps, handover: Handover, route: Route): Promise<void> {
  const { items, keys } = route;
  const results = await allResults(route);
  const askedBefore = await listAskedBefore(deps.db, {
    exceptId: handover.id,
    fromMemberId: handover.fromMemberId,
    toMemberId: items[0]?.toMemberId ?? '',
    contactIds: items.map(({ subjectId }) => subjectId),
  });
  const now = deps.now();
  for (const item of items) {
    const result = results.get(keys.get(item.id) ?? '');
    const wasBefore = askedBefore.has(item.subjectId) || item.attempts > 1;
    const isKnown = result !== undefined && isOfThisAsking(result, item, wasBefore);
    await change(
      deps,
      handover,
      route,
      item,
      isKnown ? settle(result, item, now) : { state: 'planned', nextAttemptAt: now },
    );
  }
}

async function ask(deps: Deps, handover: Handover, route: Route): Promise<void> {
  const ready = await withoutBlocked(deps, handover, route.items);
  for (let at = 0; at < ready.length; at += route.transfers.batchMax) {
    const batch = ready.slice(at, at + route.transfers.batchMax);
    const now = deps.now();
    const claimed = await deps.db.$transaction(async (tx) => {
      const current = await lockHandover(tx, handover.id);
      if (current?.state !== 'running') return [];
      const lookUpAt = new Date(now.getTime() + LOOK_UP_AFTER_MS);
      return claimItems(tx, idsOf(batch), { now, lookUpAt });
    });
    if (claimed.length > 0 && !(await askFor(deps, handover, route, claimed))) return;
  }
}

/** False when there is no use in going on now. */
async function askFor(deps: Deps, handover: Handover, route: Route, items: Item[]): Promise<boolean> {
  const { transfers, between, keys } = route;
  const contacts = items.map(({ id }) => keys.get(id) ?? '');
  const { message } = handover;
  try {
    const { refused } = await transfers.start({ ...between, contacts, ...(message ? { message } : {}) });
    const refusals = new Map(refused.map((refusal) => [refusal.contact, refusal]));
    const now = deps.now();
    for (const item of items) {
      const refusal = refusals.get(keys.get(item.id) ?? '');
      const next: ItemChange = refusal
        ? { state: 'refused', code: refusal.code, reason: refusal.reason }
        : { state: 'waiting', nextAttemptAt: pollAt(item.askedAt ?? now, null, now) };
      await change(deps, handover, route, item, next);
    }
    return true;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    await afterError(deps, items, error);
    // The queue slows down for everyone.
    if (error.kind === 'rate_limited') throw error;
    return error.kind !== 'unavailable';
  }
}

async function afterError(deps: Deps, items: Item[], error: PlatformError): Promise<void> {
  const now = deps.now();
  const code = error.code || null;
  const save = (next: ItemChange) => saveItems(deps.db, idsOf(items), 'asking', next);
  deps.log.warn({ err: error }, 'contacts could not be handed over');
  switch (error.kind) {
    case 'unknown':
      // Looked up when its time comes.
      return;
    case 'rate_limited':
      await save({ state: 'planned', code, nextAttemptAt: new Date(now.getTime() + error.retryAfterMs) });
      return;
    case 'unavailable':
      await save({
        state: 'planned',
        code,
        nextAttemptAt: backOff(Math.max(...items.map((item) => item.attempts)), now),
      });
      return;
    case 'forbidden':
      await save({ state: 'failed', code, reason: 'right_missing' });
      return;
    case 'not_found':
      await save({ state: 'refused', code, reason: 'member_unknown' });
      return;
    case 'rejected':
      await save({ state: 'refused', code, reason: 'other' });
      return;
    default:
      throw error.kind satisfies never;
  }
}

async function follow(deps: Deps, handover: Handover, route: Route): Promise<void> {
  const results = await allResults(route);
  const now = deps.now();
  for (const item of route.items) {
    const result = results.get(route.keys.get(item.id) ?? '');
    const isNews = result !== undefined && isOfThisAsking(result, item, false);
    await change(deps, handover, route, item, isNews ? settle(result, item, now) : missing(item, now));
  }
}

/** The last of several about one contact counts. */
async function allResults({ transfers, between }: Route): Promise<Map<PlatformKey, TransferResult>> {
  const found = new Map<PlatformKey, TransferResult>();
  const seen = new Set<string>();
  for (let cursor = ''; !seen.has(cursor);) {
    seen.add(cursor);
    const page = await transfers.results(between, cursor);
    for (const result of page.items) found.set(result.contact, result);
    if (page.nextCursor === '') return found;
    cursor = page.nextCursor;
  }
  throw new PlatformError('unavailable', { platform: '', call: 'transfer results', message: 'A page came again.' });
}

async function change(deps: Deps, handover: Handover, route: Route, item: Item, next: ItemChange): Promise<void> {
  // Before the item is done: what is done is not looked at again, and noting it twice notes it once.
  if (next.state === 'done' && route.between.leaver) {
    const at = next.doneAt ?? deps.now();
    const contactKey = route.keys.get(item.id) ?? '';
    await noteTransfer(deps, route.platform, { contactKey, giverId: handover.fromMemberId, at });
  }
  await deps.db.$transaction(async (tx) => {
    const count = await saveItems(tx, [item.id], item.state, next);
    if (count === 0 || next.state !== 'done') return;
    await recordAudit(tx, {
      memberId: handover.createdBy,
      action: 'contact.handed_over',
      subject: `contact:${item.subjectId}`,
      detail: { handover: handover.id, from: handover.fromMemberId, to: item.toMemberId },
    });
  });
}

/** What changed since the plan was made: gone to somebody else, removed by the contact, a taker who left. */
async function withoutBlocked(deps: Deps, handover: Handover, items: Item[]): Promise<Item[]> {
  const ids = items.map(({ subjectId }) => subjectId);
  const found = await listBelongings(deps.db, handover.fromMemberId, ['contact'], ids);
  const assignments = items.map(({ subjectId: id, toMemberId: to }) => ({ kind: 'contact' as const, id, to }));
  const blocks = await blocksOf(deps, { from: handover.fromMemberId, exceptId: handover.id }, found, assignments);
  const reasonOf = (item: Item): ItemReason | undefined => blocks.get(keyOf({ kind: 'contact', id: item.subjectId }));
  for (const [reason, ones] of Map.groupBy(items, reasonOf)) {
    if (reason) await saveItems(deps.db, idsOf(ones), 'planned', { state: 'failed', reason });
  }
  return items.filter((item) => reasonOf(item) === undefined);
}

const idsOf = (items: readonly Item[]): string[] => items.map(({ id }) => id);
