import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import { guardLeaving } from './desk-place.ts';

interface VersionDraft<Kept, Draft> {
  /** The version it started from; null: there is none yet. */
  base: ShallowRef<Kept | null>;
  draft: Ref<Draft | null>;
  isDirty: ComputedRef<boolean>;
  /** After a save, and to take what somebody else saved. */
  start: (kept: Kept) => void;
}

/**
 * What is typed about a thing with versions, or about a `fresh` one. A live update does not take it away, and it is
 * asked about before it is left. `traceOf` leaves out what is not the reader's own typing.
 */
export function useVersionDraft<Kept extends { version: number }, Draft>(
  kept: () => Kept | null | undefined,
  draftOf: (kept: Kept) => Draft,
  fresh: Draft | null,
  traceOf: (draft: Draft) => string = (draft) => JSON.stringify(draft),
): VersionDraft<Kept, Draft> {
  const base: ShallowRef<Kept | null> = shallowRef(null);
  const draft = ref(fresh) as Ref<Draft | null>;
  const before = ref(fresh ? traceOf(fresh) : '');
  const isDirty = computed(() => draft.value !== null && traceOf(draft.value) !== before.value);
  function start(now: Kept): void {
    base.value = now;
    draft.value = draftOf(now);
    before.value = traceOf(draft.value);
  }
  watch(
    kept,
    (now) => {
      if (!now) return;
      if (!draft.value || !isDirty.value) start(now);
      else if (base.value?.version === now.version) base.value = now;
    },
    { immediate: true },
  );
  onScopeDispose(guardLeaving(() => isDirty.value));
  return { base, draft, isDirty, start };
}
