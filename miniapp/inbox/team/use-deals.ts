import { computed, watch } from 'vue';
import type { OpportunityStage } from '#server/opportunity/opportunity-api.ts';
import { api } from '#miniapp/api/api.ts';
import { usePages } from '#miniapp/ui/use-pages.ts';
import { monday } from './team-words.ts';

/** Opportunities, last changed first. What was made this week was changed this week: so far is asked for, and no further. */
export function useDeals(of: { owner: string | null; stage?: OpportunityStage; onlyNew?: boolean }) {
  const since = monday().toISOString();
  const { query, items } = usePages({
    queryKey: ['team', 'deals', of],
    page: (after) =>
      api.opportunities({
        query: {
          ...(of.owner ? { ownerId: of.owner } : {}),
          ...(of.stage ? { stage: of.stage } : {}),
          ...(after ? { after } : {}),
        },
      }),
    next: (page) =>
      of.onlyNew && (page.items[page.items.length - 1]?.updatedAt ?? '') < since ? null : page.nextAfter,
  });
  if (of.onlyNew) {
    watch(
      () => query.hasNextPage.value && !query.isFetching.value,
      (more) => {
        if (more) void query.fetchNextPage();
      },
      { immediate: true },
    );
  }
  const deals = computed(() => items.value.filter((deal) => !of.onlyNew || deal.createdAt >= since));
  return { query, deals };
}
