import { z } from 'zod';

/** What anybody plans or looks back to. Beyond, PostgreSQL and ISO 8601 do not write the same years. */
const [yearMin, yearMax] = [2000, 2199];

/** What is no time at all was said to be none before. */
function isWithinReach(text: string): boolean {
  const year = new Date(text).getUTCFullYear();
  return Number.isNaN(year) || (year >= yearMin && year <= yearMax);
}
const message = `must be of the years ${yearMin} to ${yearMax}`;

/** A time as a caller gives it. */
export const givenTime = z.iso.datetime({ offset: true }).refine(isWithinReach, message);
/** A day of the calendar as a caller gives it. */
export const givenDay = z.iso.date().refine(isWithinReach, message);
