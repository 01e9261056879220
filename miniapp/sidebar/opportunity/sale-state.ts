import type { OpportunityView } from '#server/opportunity/opportunity-api.ts';

const STALLED_AFTER_DAYS = 7;

export const isClosed = ({ stage }: Pick<OpportunityView, 'stage'>): boolean => stage === 'won' || stage === 'lost';

export const isStalled = (sale: Pick<OpportunityView, 'stage' | 'stageDays'>): boolean =>
  !isClosed(sale) && sale.stageDays >= STALLED_AFTER_DAYS;

/** It wants something of the rep: an answer, or a step. */
export const isWaiting = (sale: OpportunityView): boolean => isStalled(sale) || sale.approval?.question != null;
