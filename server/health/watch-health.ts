import { isDeepStrictEqual } from 'node:util';
import type { Deps } from '#server/base/deps.ts';
import type { Db } from '#server/base/database.ts';
import { DAY_MS } from '#server/base/duration.ts';
import { listLocales } from '#server/member/member-store.ts';
import { insertNotices, type NewNotice } from '#server/notice/notice-store.ts';
import { nudgeNotices } from '#server/notice/nudge-notices.ts';
import { alertNotice } from './alert-notice.ts';
import { alertOf, type Health } from './health.ts';
import {
  closeAlert,
  findHealth,
  findLastAlert,
  insertAlert,
  listHealth,
  listLastAlerts,
  listWatched,
  lockHealth,
  saveHealth,
  type ChurnAlert,
  type KeptHealth,
} from './health-store.ts';
import { judgeHealth, type Judged } from './judge-health.ts';
import { whoToTell, type Told } from './who-to-tell.ts';

/** Silence makes a customer leave too, and nobody tells of silence. */
export const watchEveryMs = DAY_MS;
const BATCH = 500;

/** Judges how the relation with these contacts stands, or with all of them, and tells who can do something about it. */
export async function watchHealth(deps: Deps, { contactIds }: { contactIds?: string[] | undefined }): Promise<void> {
  if (contactIds) return watchSome(deps, contactIds);
  let after: string | null = null;
  do {
    const some = await listWatched(deps.db, after, BATCH);
    await watchAny(deps, some);
    after = some.length === BATCH ? (some.at(-1) ?? null) : null;
  } while (after);
}

/** One contact that cannot be judged keeps nobody else from it. Throws when none of them can. */
async function watchAny(deps: Deps, contactIds: string[]): Promise<void> {
  try {
    await watchSome(deps, contactIds);
  } catch (error) {
    let failed = 0;
    for (const contactId of contactIds)
      try {
        await watchSome(deps, [contactId]);
      } catch (err) {
        failed++;
        deps.log.error({ err }, 'a contact was not judged');
      }
    if (failed > 1 && failed === contactIds.length) throw error;
  }
}

async function watchSome(deps: Deps, contactIds: string[]): Promise<void> {
  const at = deps.now();
  const judged = await judgeHealth(deps, contactIds);
  const [before, alerts] = await Promise.all([
    listHealth(deps.db, deps.cipher, contactIds),
    listLastAlerts(deps.db, contactIds),
  ]);
  for (const [contactId, now] of judged) {
    // Most stand as they stood yesterday: those cost no transaction of their own.
    const isNews = !isSame(before.get(contactId), now) || alertOf(now, now.facts, alerts.get(contactId) ?? null, at);
    if (isNews) await keep(deps, contactId, now, at);
  }
}

const isSame = (before: KeptHealth | null | undefined, { method, factors }: Judged): boolean =>
  before?.method === method && isDeepStrictEqual(before.factors, factors);

async function keep(deps: Deps, contactId: string, judged: Judged, at: Date): Promise<void> {
  const { facts, method, ...health } = judged;
  const now = deps.now();
  const told = await deps.db.$transaction(async (tx) => {
    await lockHealth(tx, contactId);
    const before = await findHealth(tx, deps.cipher, contactId);
    // Somebody looked later and was faster: what they saw stands.
    if (before && before.at > at) return { notices: [], isNews: false };
    const isOld = isSame(before, judged);
    if (!isOld) await saveHealth(tx, deps.cipher, { contactId, at, method, ...health });
    const last = await findLastAlert(tx, contactId);
    const change = alertOf(health, facts, last, now);
    if (change === 'over' && last)
      await closeAlert(tx, deps.cipher, last.id, { state: 'over', closedAt: now, closedBy: null, reason: null });
    const notices = change === 'open' ? await tell(deps, tx, { contactId, at: now, ...known(health) }) : [];
    await insertNotices(tx, deps.cipher, notices, now);
    return { notices, isNews: !isOld || change !== null };
  });
  await nudgeNotices(
    deps,
    told.notices.map(({ key }) => key),
  );
  for (const { memberId } of told.notices) deps.live.publish(`member.${memberId}`, { part: 'health' });
  if (told.isNews) deps.live.publish(`contact.${contactId}`, { part: 'health', contactId });
}

const known = ({ risk, factors }: Health) => ({ risk: risk ?? 0, factors });

async function tell(
  deps: Deps,
  tx: Db,
  about: Pick<ChurnAlert, 'contactId' | 'at' | 'risk' | 'factors'>,
): Promise<NewNotice[]> {
  const { told, ...whose } = await whoToTell(deps, about.contactId);
  const alert = await insertAlert(tx, deps.cipher, { ...about, ...whose });
  return noticesOf(deps, alert, told);
}

async function noticesOf(deps: Deps, alert: ChurnAlert, told: readonly Told[]): Promise<NewNotice[]> {
  const locales = await listLocales(
    deps.db,
    told.map(({ memberId }) => memberId),
  );
  return Promise.all(told.map((to) => alertNotice(deps, alert, to, locales.get(to.memberId) ?? 'zh-CN')));
}
