import type { Deps } from '#server/base/deps.ts';
import { BURST_MS_MAX, quietDelay } from './burst.ts';
import { clearNews, listLatestTimes, listWithNews } from './conversation-store.ts';

/** A score costs no call: it follows at once, and once for what comes together. */
const SCORE_DELAY_MS = 3000;
const BATCH = 500;

/**
 * Tells those who wait for new messages. The mark is set with the messages and taken away once the jobs stand in the
 * queue, so a process that dies in between leaves nothing untold: the next pull tells it.
 */
export async function announceMessages(deps: Deps): Promise<void> {
  for (;;) {
    const waiting = await listWithNews(deps.db, BATCH);
    const now = deps.now();
    const since = new Date(now.getTime() - 3 * BURST_MS_MAX);
    const ids = waiting.map(({ id }) => id);
    const times = await listLatestTimes(deps.db, ids, since);
    const quietMs = deps.config.SUMMARY_QUIET_S * 1000;
    await deps.jobs.addAll(
      'summarise-conversation',
      ids.map((id) => ({
        payload: { conversationId: id },
        options: { key: id, delayMs: quietDelay(times.get(id) ?? [], now, quietMs), moves: true },
      })),
    );
    const contactIds = [...new Set(waiting.map(({ contactId }) => contactId))];
    await deps.jobs.addAll(
      'score-contact',
      contactIds.map((contactId) => ({ payload: { contactId }, options: { key: contactId, delayMs: SCORE_DELAY_MS } })),
    );
    for (const conversation of waiting) await clearNews(deps.db, conversation);
    for (const contactId of contactIds) deps.live.publish(`contact.${contactId}`, { part: 'messages', contactId });
    if (waiting.length < BATCH) return;
  }
}
