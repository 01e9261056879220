import type { Translated } from './i18n.ts';
import type { opportunityZhCN } from './opportunity-zh-CN.ts';

export const opportunityEn: Translated<typeof opportunityZhCN> = {
  'refused.opportunity.unknown': 'This opportunity cannot be found. It may be gone, or is outside what you may see.',
  'refused.opportunity.stale': 'Someone changed this opportunity just now.',
  'refused.opportunity.gate': 'Something must be filled in before this stage.',
  'refused.opportunity.same_stage': 'It is at this stage already.',
  'refused.opportunity.closed': 'This opportunity is closed. Reopen it first.',
  'refused.opportunity.reopen':
    'A lost opportunity is reopened by its owner or whoever leads, a won one by a manager, a director or an admin.',
  'refused.opportunity.outcome': 'Say why it was won or lost.',
  'refused.opportunity.no_exception': 'A won opportunity needs its amount. No exception replaces it.',
};
