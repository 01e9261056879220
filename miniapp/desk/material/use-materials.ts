import { useInfiniteQuery } from '@tanstack/vue-query';
import { computed, ref } from 'vue';
import type { MaterialKind } from '#server/material/material-api.ts';
import { api } from '#miniapp/api/api.ts';
import { useSearch } from '#miniapp/ui/use-search.ts';

/** The library as it is looked through: what narrows it down, and what is found. */
export function useMaterials() {
  const { words, search, clear: clearSearch } = useSearch();
  const kind = ref<MaterialKind | ''>('');
  const folder = ref('');
  const tag = ref('');
  const order = ref<'used' | 'changed'>('used');
  const archived = ref(false);
  const query = useInfiniteQuery({
    queryKey: ['materials', 'desk', search, kind, folder, tag, order, archived],
    queryFn: ({ pageParam }) =>
      api.materials({
        query: {
          limit: 30,
          order: order.value,
          ...(archived.value ? { archived: 'true' } : {}),
          ...(search.value ? { search: search.value } : {}),
          ...(kind.value ? { kind: kind.value } : {}),
          ...(folder.value ? { folder: folder.value } : {}),
          ...(tag.value ? { tag: tag.value } : {}),
          ...(pageParam ? { after: pageParam } : {}),
        },
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextAfter,
  });
  const materials = computed(() => (query.data.value?.pages ?? []).flatMap(({ items }) => items));
  const isFiltered = computed(() => [search, kind, folder, tag].some((one) => one.value !== ''));
  function clear(): void {
    clearSearch();
    folder.value = '';
    tag.value = '';
    kind.value = '';
  }
  return { words, kind, folder, tag, order, archived, query, materials, isFiltered, clear };
}
