import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import { findCandidates } from '#server/binding/find-candidates.ts';
import { viewBindings } from '#server/binding/view-binding.ts';
import { applyContact } from '#server/contact/apply-contact.ts';
import type { Contact } from '#server/contact/contact.ts';
import { findContact, getContactInScope } from '#server/contact/contact-store.ts';
import { shownProfile } from '#server/contact/learn-contact.ts';
import { viewContact } from '#server/contact/view-contact.ts';
import { pageMessages } from '#server/conversation/conversation-store.ts';
import { openOpportunitiesOf } from '#server/opportunity/view-opportunity.ts';
import { viewHealth } from '#server/health/view-health.ts';
import { viewScore } from '#server/scoring/view-score.ts';
import { readDraft } from '#server/summary/keep-draft.ts';
import { viewSummary } from '#server/summary/view-summary.ts';
import { tasksOfContact } from '#server/task/view-task.ts';
import { nextActionOf } from './next-action.ts';
import type { SidebarView } from './sidebar-api.ts';

/** Everything the sidebar shows of one contact. Parts that are not ready are null; nothing waits for the model. */
export async function readSidebar(
  deps: Deps,
  caller: Caller,
  asked: { platform: string; contact: string },
): Promise<SidebarView> {
  const contact = await getContact(deps, caller, asked);
  const [
    contactView,
    bindings,
    opportunities,
    candidates,
    score,
    health,
    { summary, summaryState },
    tasks,
    draft,
    newest,
  ] = await Promise.all([
    viewContact(deps, caller, contact),
    viewBindings(deps, caller, contact.id),
    openOpportunitiesOf(deps, caller, contact.id),
    findCandidates(deps, caller, contact.id),
    viewScore(deps, caller, contact.id),
    viewHealth(deps, caller, contact.id),
    viewSummary(deps, caller, contact.id),
    tasksOfContact(deps, caller, contact.id),
    readDraft(deps, caller, contact.id),
    pageMessages(deps.db, caller.scope, contact.id, { before: null, limit: 1 }),
  ]);
  const last = newest[0];
  const lastMessage = last ? { sender: last.sender as 'contact' | 'member', at: last.at.toISOString() } : null;
  const isBound = bindings.length > 0;
  return {
    contact: contactView,
    customer: bindings[0]?.customer ?? null,
    bindings,
    candidates,
    score,
    health,
    summary,
    summaryState,
    nextAction: nextActionOf({
      now: deps.now(),
      tasks,
      summary,
      isBound,
      hasCandidates: candidates.length > 0,
      lastMessage,
    }),
    tasks,
    opportunities,
    draft,
    lastMessageAt: lastMessage?.at ?? null,
  };
}

/** A rep may open the chat before the callback of the add has come: then the platform itself is asked once. */
async function getContact(
  deps: Deps,
  { scope }: Caller,
  { platform, contact }: { platform: string; contact: string },
): Promise<Contact> {
  if (!(await findContact(deps.db, platform, contact))) {
    const profile = await shownProfile(deps, platform, contact);
    if (profile) await applyContact(deps, platform, { key: contact, profile, askedAt: deps.now() });
  }
  return getContactInScope(deps.db, scope, platform, contact);
}
