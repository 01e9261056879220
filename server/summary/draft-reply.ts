import type { z } from 'zod';
import type { Caller } from '#server/base/caller.ts';
import type { Deps } from '#server/base/deps.ts';
import type { ModelOutcome } from '#server/base/llm.ts';
import { makeMasking } from '#server/base/masking.ts';
import { readPrompt } from '#server/base/prompt.ts';
import { getContactByIdInScope } from '#server/contact/contact-store.ts';
import { modelAllowed, readConversation } from '#server/conversation/conversation-store.ts';
import { countDocumentUses } from '#server/knowledge/document-store.ts';
import { findPassages } from '#server/knowledge/find-passages.ts';
import { listMaterials } from '#server/material/list-materials.ts';
import { checkDraft, draftReplyAnswer, faultOf } from './draft-reply-answer.ts';
import { askedOf, draftReplyQuestion, voiceOf } from './draft-reply-question.ts';
import type { DraftStyle, summaryApi } from './summary-api.ts';
import { findSpeakers, listAcceptedDrafts } from './summary-store.ts';
import { conversationFor } from './view-summary.ts';

const USE_CASE = 'draft-reply';
const MESSAGES_MAX = 30;
const PASSAGES_MAX = 5;
const EXAMPLES_OF_EACH = 3;

type Drafted = z.input<(typeof summaryApi)['draft']['answer']>;

/**
 * A reply for the rep to read: in the company's voice, out of its documents and what the seller has said before. Nothing
 * is kept or sent; where there is none, `reason` says why.
 */
export async function draftReply(
  deps: Deps,
  caller: Caller,
  { contactId, style, text }: { contactId: string; style: DraftStyle; text: string },
): Promise<Drafted> {
  await getContactByIdInScope(deps.db, caller.scope, contactId);
  if (!deps.llm.configured) return without('off');
  const conversation = await conversationFor(deps, caller, contactId);
  if (!conversation || conversation.messageCount === 0) return without('nothing_to_read');
  const read = await readConversation(deps, conversation.id, MESSAGES_MAX);
  if (read.length === 0) return without((await modelAllowed(deps, conversation.id)) ? 'nothing_to_read' : 'off');
  const messages = read.filter((message) => message.text.trim() !== '');
  if (messages.length === 0) return without('nothing_to_read');

  const speakers = await findSpeakers(deps.db, conversation);
  const masking = makeMasking(speakers.names);
  const [passages, examples] = await Promise.all([
    findPassages(deps, askedOf(messages), PASSAGES_MAX, {
      names: speakers.names,
      contactId,
      useCase: USE_CASE,
      isUrgent: true,
    }),
    findExamples(deps, caller),
  ]);
  const prompt = readPrompt(USE_CASE);
  const told = await deps.llm.ask({
    useCase: USE_CASE,
    promptVersion: prompt.version,
    temperature: prompt.temperature,
    ...prompt.render(
      draftReplyQuestion({
        style,
        messages,
        passages,
        examples,
        draft: text,
        memberName: speakers.memberName,
        contactName: speakers.contact.name,
        masking,
        now: deps.now(),
      }),
    ),
    answer: draftReplyAnswer,
    faultOf: (answer) => faultOf(answer, messages),
    contactId,
    memberId: caller.memberId,
    isUrgent: true,
  });
  if (!told.answer) return without(reasonOf(told.outcome), told.runId);
  const draft = checkDraft(told.answer, { messages, passages, masking });
  // The same once more is no other one.
  if (!draft || (style === 'another' && draft.text === text.trim())) return without('unusable', told.runId);
  if (told.runId && told.outcome !== 'cached') await deps.llm.noteDropped(told.runId, USE_CASE, draft.droppedCount);
  const documents = draft.sources.filter(({ from }) => from === 'document');
  await countDocumentUses(
    deps.db,
    documents.map(({ id }) => id),
  );
  return { text: draft.text, reason: null, sources: draft.sources, risks: draft.risks, runId: told.runId };
}

const without = (reason: Drafted['reason'], runId: string | null = null): Drafted => ({
  text: null,
  reason,
  sources: [],
  risks: [],
  runId,
});

function reasonOf(outcome: ModelOutcome): Exclude<Drafted['reason'], null> {
  switch (outcome) {
    case 'off':
    case 'refused_by_budget':
    case 'unusable':
      return outcome;
    case 'answered':
    case 'repaired':
    case 'cached':
      return 'unusable';
    case 'refused_by_breaker':
    case 'unavailable':
      return 'unavailable';
  }
}

/** The texts reps send most, and what the rep lately sent as it was drafted. */
async function findExamples(deps: Deps, caller: Caller): Promise<string[]> {
  const { materials } = await listMaterials(deps, {
    kind: 'text',
    order: 'used',
    archived: false,
    limit: EXAMPLES_OF_EACH,
  });
  const texts = materials.flatMap(({ content, uses }) => (content.kind === 'text' && uses > 0 ? [content.text] : []));
  const accepted = await listAcceptedDrafts(deps.db, deps.cipher, caller.memberId, EXAMPLES_OF_EACH);
  const drafts: string[] = [];
  for (const { conversationId, text, names } of accepted)
    if (await modelAllowed(deps, conversationId)) drafts.push(voiceOf(makeMasking(names).mask(text)));
  return [...texts.map((text) => voiceOf(text)), ...drafts];
}
