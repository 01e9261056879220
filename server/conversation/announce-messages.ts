import type { Deps } from '#server/base/deps.ts';
import { clearNews, listWithNews } from './conversation-store.ts';

/** People write in bursts: one summary for the burst. */
const DEBOUNCE_MS = 3000;
const BATCH = 500;

/**
 * Tells those who wait for new messages. The mark is set with the messages and taken away once the jobs stand in the
 * queue, so a process that dies in between leaves nothing untold: the next pull tells it.
 */
export async function announceMessages(deps: Deps): Promise<void> {
  for (;;) {
    const waiting = await listWithNews(deps.db, BATCH);
    await deps.jobs.addAll(
      'summarise-conversation',
      waiting.map(({ id }) => ({ payload: { conversationId: id }, options: { key: id, delayMs: DEBOUNCE_MS } })),
    );
    const contactIds = [...new Set(waiting.map(({ contactId }) => contactId))];
    await deps.jobs.addAll(
      'score-contact',
      contactIds.map((contactId) => ({ payload: { contactId }, options: { key: contactId, delayMs: DEBOUNCE_MS } })),
    );
    for (const conversation of waiting) await clearNews(deps.db, conversation);
    for (const contactId of contactIds) deps.live.publish(`contact.${contactId}`, { part: 'messages', contactId });
    if (waiting.length < BATCH) return;
  }
}
