import type { Deps } from '#server/base/deps.ts';
import { listActiveContacts } from './scoring-store.ts';

export const rescoreEveryMs = 24 * 3_600_000;
const BATCH = 1000;
/** No factor changes by time alone after this. */
const ACTIVE_DAYS = 62;

/** Silence changes a score too, and nobody tells of silence. */
export async function rescoreContacts(deps: Deps): Promise<void> {
  const since = new Date(deps.now().getTime() - ACTIVE_DAYS * 86_400_000);
  let after: string | null = null;
  do {
    const contactIds = await listActiveContacts(deps.db, since, after, BATCH);
    await deps.jobs.addAll(
      'score-contact',
      contactIds.map((contactId) => ({ payload: { contactId }, options: { key: contactId } })),
    );
    after = contactIds.length === BATCH ? (contactIds.at(-1) ?? null) : null;
  } while (after);
}
