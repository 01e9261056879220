import type { Deps } from '#server/base/deps.ts';

/** Screens that show these contacts ask again, and their scores are worked out anew. */
export async function announceContacts(deps: Deps, contactIds: readonly string[]): Promise<void> {
  for (const contactId of contactIds) deps.live.publish(`contact.${contactId}`, { part: 'contact', contactId });
  await deps.jobs.addAll(
    'score-contact',
    contactIds.map((contactId) => ({ payload: { contactId }, options: { key: contactId } })),
  );
}
