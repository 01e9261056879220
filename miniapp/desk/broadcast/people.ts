import type { ExclusionReason } from '#server/broadcast/broadcast-api.ts';
import type { FailureReason } from '#server/broadcast/results-api.ts';

/** A number on the page, and how the people behind it are asked for. */
export interface Behind {
  label: string;
  count?: number;
  filter: {
    part?: 'target' | 'hold_out' | 'excluded';
    reason?: ExclusionReason;
    state?: 'planned' | 'asked' | 'delivered' | 'failed' | 'dropped';
    failure?: FailureReason;
    replied?: 'true';
    memberId?: string;
    variant?: string;
  };
}
