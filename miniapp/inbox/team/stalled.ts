import type { STALLED_DAYS as Days } from '#server/team/team-api.ts';

/** The contract's own number; importing it would bring the whole of the contract's parser along. */
export const STALLED_DAYS: typeof Days = 7;
