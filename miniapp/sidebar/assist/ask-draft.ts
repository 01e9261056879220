import { computed, ref, shallowRef, type Ref } from 'vue';
import type { z } from 'zod';
import type { DraftStyle, summaryApi } from '#server/summary/summary-api.ts';
import { api } from '#miniapp/api/api.ts';
import { useAction } from '#miniapp/ui/use-action.ts';

type Drafted = z.infer<(typeof summaryApi)['draft']['answer']>;
/** A reply that was asked for, with what it rests on. */
export type AskedDraft = Drafted & { text: string };

/**
 * Asks for another reply in the place of what stands in the field. What stood there can be put back; what was typed or
 * sent on its way while the model was thinking stays, and the reply is offered instead.
 */
export function useAskDraft(contactId: string, field: { text: string }, isLeaving: Readonly<Ref<boolean>>) {
  const drafted = shallowRef<AskedDraft | null>(null);
  const waiting = shallowRef<AskedDraft | null>(null);
  const before = shallowRef<{ text: string; drafted: AskedDraft | null } | null>(null);
  const reason = ref<Drafted['reason']>(null);

  function take(draft: AskedDraft): void {
    before.value = { text: field.text, drafted: drafted.value };
    waiting.value = null;
    drafted.value = draft;
    field.text = draft.text;
  }

  const { busy, error, run } = useAction(async (style: DraftStyle) => {
    reason.value = null;
    waiting.value = null;
    const asked = field.text;
    const { text, ...rest } = await api.draftReply({ body: { contactId, style, text: asked } });
    if (text === null) reason.value = rest.reason;
    else if (field.text === asked && !isLeaving.value) take({ ...rest, text });
    else waiting.value = { ...rest, text };
  });

  return {
    busy,
    error,
    ask: run,
    drafted,
    reason,
    isWaiting: computed(() => waiting.value !== null),
    canUndo: computed(() => before.value !== null),
    takeWaiting(): void {
      if (waiting.value) take(waiting.value);
    },
    undo(): void {
      if (!before.value) return;
      field.text = before.value.text;
      drafted.value = before.value.drafted;
      before.value = null;
    },
    /** After it was sent, or when another suggestion took its place. */
    forget(): void {
      drafted.value = waiting.value = before.value = null;
      reason.value = null;
    },
  };
}
