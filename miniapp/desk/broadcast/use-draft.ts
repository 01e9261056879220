import { useQueryClient } from '@tanstack/vue-query';
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue';
import type { Audience, BroadcastContent, BroadcastView } from '#server/broadcast/broadcast-api.ts';
import { isApiError } from '#miniapp/api/api-error.ts';
import { api } from '#miniapp/api/api.ts';

export interface Draft {
  name: string;
  audience: Audience;
  content: BroadcastContent;
  sendAt: string | null;
}
type Saving = 'saved' | 'waiting' | 'saving' | 'failed' | 'conflict';

const WAIT_MS = 800;
const textOf = (draft: Draft): string => JSON.stringify(draft);
export const draftOf = ({ name, audience, content, sendAt }: Draft): Draft =>
  JSON.parse(textOf({ name, audience, content, sendAt })) as Draft;

const isWhole = ({ name, content: { variants }, audience }: Draft): boolean =>
  name.trim() !== '' &&
  variants.every(({ share }) => Number.isInteger(share) && share >= 1 && share <= 100) &&
  Number.isInteger(audience.holdOutPercent) &&
  audience.holdOutPercent >= 0 &&
  audience.holdOutPercent <= 50 &&
  audience.memberIds?.length !== 0;

/** A draft that saves itself a moment after the last change, never over somebody else's. */
export function useDraft(view: Ref<BroadcastView | undefined>) {
  const client = useQueryClient();
  const draft = ref<Draft | null>(null);
  /** As it was saved or read last. */
  const kept = shallowRef<BroadcastView | null>(null);
  const error = shallowRef<unknown>();
  const isSaving = ref(false);
  const isConflict = ref(false);

  const isDirty = computed(() => {
    if (!draft.value || !kept.value || !kept.value.may.edit) return false;
    return textOf(draftOf(draft.value)) !== textOf(draftOf(kept.value));
  });
  const whole = computed(() => draft.value !== null && isWhole(draft.value));
  const state = computed((): Saving => {
    if (isConflict.value) return 'conflict';
    if (error.value !== undefined) return 'failed';
    if (isSaving.value) return 'saving';
    return isDirty.value ? 'waiting' : 'saved';
  });

  function take(fresh: BroadcastView): void {
    kept.value = fresh;
    draft.value = draftOf(fresh);
    isConflict.value = false;
    error.value = undefined;
  }
  watch(
    view,
    (fresh) => {
      // An answer that was asked for before the last saving comes after it.
      if (!fresh || (fresh.id === kept.value?.id && fresh.version < kept.value.version)) return;
      if (!kept.value || !isDirty.value || !fresh.may.edit) take(fresh);
      else if (fresh.version > kept.value.version && !isSaving.value) isConflict.value = true;
      else if (fresh.version === kept.value.version) kept.value = fresh;
    },
    { immediate: true },
  );

  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(
    draft,
    () => {
      clearTimeout(timer);
      if (isDirty.value && whole.value && !isConflict.value) timer = setTimeout(() => void save(), WAIT_MS);
    },
    { deep: true },
  );
  onScopeDispose(() => clearTimeout(timer));

  let running: Promise<boolean> | null = null;
  async function put(): Promise<boolean> {
    const [now, seen] = [draft.value, kept.value];
    if (!now || !seen) return false;
    const sent = draftOf(now);
    isSaving.value = true;
    error.value = undefined;
    try {
      const saved = await api.editBroadcast({ params: { id: seen.id }, body: { ...sent, version: seen.version } });
      kept.value = saved;
      // What the server trims is no change of the reader's.
      if (draft.value && textOf(draftOf(draft.value)) === textOf(sent)) draft.value = draftOf(saved);
      client.setQueryData(['broadcast', saved.id], saved);
      return true;
    } catch (problem) {
      if (isApiError(problem, 409)) {
        isConflict.value = true;
        await client.invalidateQueries({ queryKey: ['broadcast', seen.id] });
      } else {
        error.value = problem;
      }
      return false;
    } finally {
      isSaving.value = false;
    }
  }

  /** Saves what is not saved; false when something of it still is not. */
  async function save(): Promise<boolean> {
    clearTimeout(timer);
    if (running) await running;
    if (!isDirty.value) return true;
    if (!whole.value || isConflict.value) return false;
    running = put();
    const isDone = await running;
    running = null;
    return isDone && isDirty.value ? save() : isDone;
  }

  function takeTheirs(): void {
    if (view.value) take(view.value);
  }
  async function keepMine(): Promise<void> {
    if (!view.value) return;
    kept.value = view.value;
    isConflict.value = false;
    await save();
  }

  return { draft, kept, state, error, isDirty, whole, save, takeTheirs, keepMine };
}
