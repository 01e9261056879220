import type { Health } from '#server/app.ts';

/** A process with nothing to complain of. */
export const healthy: Health = { notReady: async () => [], queueDepth: async () => ({}) };
