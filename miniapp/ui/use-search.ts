import { onScopeDispose, ref, watch, type Ref } from 'vue';

const REST_MS = 300;

/** What is typed into a search field, and what is searched for: it follows when the typing rests. */
export function useSearch(typed = ''): { words: Ref<string>; search: Ref<string>; clear: () => void } {
  const words = ref(typed);
  const search = ref('');
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(words, (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => (search.value = text.trim()), REST_MS);
  });
  onScopeDispose(() => clearTimeout(timer));
  return { words, search, clear: () => void (words.value = search.value = '') };
}
