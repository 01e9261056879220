import { computed, onScopeDispose, reactive, watch, type Ref } from 'vue';
import type { SidebarView } from '#server/sidebar/sidebar-api.ts';
import { api } from '#miniapp/api/api.ts';

const SAVE_AFTER_MS = 800;

interface Backup {
  text: string;
  at: number;
}

/**
 * The reply in the making. A rep's own words are never overwritten: a newer suggestion is offered. What is typed is kept in
 * the window at once and on the server a moment later, so that neither a chat switch nor a lost login costs a word.
 */
export function useReplyDraft(
  view: Readonly<Ref<SidebarView>>,
  memberId: string,
  /** It is on its way out as it stands. */
  isLeaving: Readonly<Ref<boolean>>,
) {
  const contactId = view.value.contact.id;
  const backupKey = `zhike.draft.${memberId}.${contactId}`;
  const usedKey = `zhike.used.${memberId}.${contactId}`;

  const state = reactive({
    text: '',
    /** What `text` was when it was last taken over or saved. */
    settled: '',
    savedAt: null as string | null,
    saveError: undefined as unknown,
    /** The summary whose suggestion was sent or waved aside: not taken over again. */
    usedSummaryId: read(usedKey),
  });

  const suggestion = computed(() => {
    const { summary } = view.value;
    return summary?.replyDraft && summary.id !== state.usedSummaryId ? summary.replyDraft : null;
  });
  const isDirty = computed(() => state.text !== state.settled);
  /** A newer suggestion than the one the rep is working on. */
  const offer = computed(() => {
    const isOther = suggestion.value !== null && suggestion.value !== state.text;
    const keptAt = state.savedAt ?? view.value.draft?.updatedAt ?? null;
    const isNewer = keptAt !== null && (view.value.summary?.at ?? '') > keptAt;
    return isOther && (isNewer || state.text === '') ? suggestion.value : null;
  });

  function settle(text: string): void {
    state.text = text;
    state.settled = text;
  }

  watch(
    [view, isLeaving],
    ([{ draft }]) => {
      if (isDirty.value || isLeaving.value) return;
      const isOlderThanOurs = draft && state.savedAt && draft.updatedAt < state.savedAt;
      if (isOlderThanOurs) return;
      if (draft) return settle(draft.text);
      // Saved from here, as a text or as none: what the view knows is older.
      if (state.savedAt) return;
      if (suggestion.value !== null) settle(suggestion.value);
    },
    { immediate: true },
  );
  restore();

  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(
    () => state.text,
    (text) => {
      clearTimeout(timer);
      if (!isDirty.value) return;
      write(backupKey, JSON.stringify({ text, at: Date.now() } satisfies Backup));
      timer = setTimeout(() => void save(), SAVE_AFTER_MS);
    },
  );
  onScopeDispose(() => {
    clearTimeout(timer);
    if (isDirty.value) void save();
  });

  async function save(): Promise<void> {
    clearTimeout(timer);
    const { text } = state;
    try {
      const { updatedAt } = await api.saveDraft({ params: { contactId }, body: { text } });
      state.settled = text;
      state.savedAt = updatedAt;
      state.saveError = undefined;
      if (state.text === text) write(backupKey, null);
    } catch (error) {
      state.saveError = error;
    }
  }

  /** What was typed and did not reach the server before the page went away. */
  function restore(): void {
    const kept = read(backupKey);
    if (!kept) return;
    const backup = JSON.parse(kept) as Backup;
    const savedAt = view.value.draft ? Date.parse(view.value.draft.updatedAt) : 0;
    if (backup.at > savedAt) state.text = backup.text;
    else write(backupKey, null);
  }

  function takeOffer(): void {
    if (offer.value !== null) state.text = offer.value;
  }

  /** After it was sent. */
  async function clear(): Promise<void> {
    state.usedSummaryId = view.value.summary?.id ?? null;
    write(usedKey, state.usedSummaryId);
    settle('');
    await save();
  }

  return { state, suggestion, isDirty, offer, save, takeOffer, clear };
}

function read(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string | null): void {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // Storage may be off or full: the server copy remains.
  }
}
