import type { OpportunityView } from '#server/opportunity/opportunity-api.ts';
import { isApiError } from '#miniapp/api/api-error.ts';
import { useSidebarData } from '#miniapp/sidebar/sidebar-data.ts';
import { useAction } from '#miniapp/ui/use-action.ts';
import { isClosed } from './sale-state.ts';

/** One press that changes a sale: what the server answers is shown at once; one changed meanwhile is asked for again. */
export function useSaleDeed<Args extends unknown[]>(work: (...args: Args) => Promise<OpportunityView>) {
  const { patch, refresh } = useSidebarData();
  return useAction(async (...args: Args) => {
    try {
      const after = await work(...args);
      patch((view) => ({ ...view, opportunities: withSale(view.opportunities, after) }));
      void refresh();
    } catch (problem) {
      if (isApiError(problem, 409)) void refresh();
      throw problem;
    }
  });
}

/** Newest first, open ones only: as the sidebar is answered. */
function withSale(sales: readonly OpportunityView[], after: OpportunityView): OpportunityView[] {
  const isKnown = sales.some(({ id }) => id === after.id);
  const all = isKnown ? sales.map((sale) => (sale.id === after.id ? after : sale)) : [after, ...sales];
  return all.filter((sale) => !isClosed(sale));
}
