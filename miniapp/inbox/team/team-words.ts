import type { OpportunityStage } from '#server/opportunity/opportunity-api.ts';

export const openStages = ['discovery', 'solution', 'quoted', 'negotiation'] as const satisfies OpportunityStage[];
export const stages = [...openStages, 'won', 'lost'] as const satisfies OpportunityStage[];
export const isStage = (word: string | null): word is OpportunityStage => stages.some((stage) => stage === word);

const DAY_MS = 86_400_000;

/** The last Monday, 0:00, on the reader's calendar. */
export function monday(now = new Date()): Date {
  const today = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  return new Date(today.getTime() - ((today.getDay() + 6) % 7) * DAY_MS);
}
