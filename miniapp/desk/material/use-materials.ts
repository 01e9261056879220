import { computed, ref, type MaybeRefOrGetter } from 'vue';
import type { MaterialKind } from '#server/material/material-api.ts';
import { api } from '#miniapp/api/api.ts';
import { usePages } from '#miniapp/ui/use-pages.ts';
import { useSearch } from '#miniapp/ui/use-search.ts';

/** The library as it is looked through: what narrows it down, and what is found. */
export function useMaterials({ limit, enabled = true }: { limit: number; enabled?: MaybeRefOrGetter<boolean> }) {
  const { words, search, clear: clearSearch } = useSearch();
  const kind = ref<MaterialKind | ''>('');
  const folder = ref('');
  const tag = ref('');
  const order = ref<'used' | 'changed'>('used');
  const archived = ref(false);
  const { query, items: materials } = usePages({
    queryKey: ['materials', limit, search, kind, folder, tag, order, archived],
    page: (after) =>
      api.materials({
        query: {
          limit,
          order: order.value,
          ...(archived.value ? { archived: 'true' } : {}),
          ...(search.value ? { search: search.value } : {}),
          ...(kind.value ? { kind: kind.value } : {}),
          ...(folder.value ? { folder: folder.value } : {}),
          ...(tag.value ? { tag: tag.value } : {}),
          ...(after ? { after } : {}),
        },
      }),
    next: (page) => page.nextAfter,
    enabled,
  });
  const isFiltered = computed(() => [search, kind, folder, tag].some((one) => one.value !== ''));
  function clear(): void {
    clearSearch();
    folder.value = '';
    tag.value = '';
    kind.value = '';
  }
  return { words, kind, folder, tag, order, archived, query, materials, isFiltered, clear };
}
