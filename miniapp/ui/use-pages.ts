import { useInfiniteQuery, type InfiniteData } from '@tanstack/vue-query';
import { computed, type MaybeRef, type MaybeRefOrGetter } from 'vue';

interface Asked<Page> {
  queryKey: MaybeRef<readonly unknown[]>;
  /** The page that begins behind `after`; the first one behind ''. */
  page: (after: string) => Promise<Page>;
  next: (page: Page) => string | null | undefined;
  enabled?: MaybeRefOrGetter<boolean>;
  refetchInterval?: (query: { state: { data: InfiniteData<Page> | undefined } }) => number | false;
  meta?: Record<string, unknown>;
}

/** A list that comes page by page: the query that reads on, and what was read so far. */
export function usePages<Page extends { items: readonly unknown[] }>({ page, next, ...asked }: Asked<Page>) {
  const query = useInfiniteQuery({
    ...asked,
    queryFn: ({ pageParam }) => page(pageParam),
    initialPageParam: '',
    getNextPageParam: next,
  });
  const items = computed(() => (query.data.value?.pages ?? []).flatMap((one) => one.items as Page['items'][number][]));
  return { query, items };
}
