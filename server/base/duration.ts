/** Lengths of time in milliseconds. A day is 24 hours: what lasts until a date is asked of `shanghai.ts`. */
export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
