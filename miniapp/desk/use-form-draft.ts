import { onScopeDispose, ref, watch, type Ref } from 'vue';
import { guardLeaving } from './desk-place.ts';

/**
 * What is typed into a form of what is kept on the server. A live update does not take it away, and it is asked about
 * before it is left. `start` after a save.
 */
export function useFormDraft<Kept, Draft>(kept: () => Kept | undefined, draftOf: (kept: Kept) => Draft) {
  const draft = ref(null) as Ref<Draft | null>;
  let before = '';
  function start(now: Kept): void {
    draft.value = draftOf(now);
    before = JSON.stringify(draft.value);
  }
  const isDirty = (): boolean => draft.value !== null && JSON.stringify(draft.value) !== before;
  watch(
    kept,
    (now) => {
      if (now && !isDirty()) start(now);
    },
    { immediate: true },
  );
  onScopeDispose(guardLeaving(isDirty));
  return { draft, start, isDirty };
}

/** A list that is written a word a line. */
export const wordsIn = (text: string): string[] => [
  ...new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  ),
];
