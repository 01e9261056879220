import { dateOf, dayOn, instantOf, type Day } from '#server/base/shanghai.ts';
import type { SegmentCondition } from './segment-api.ts';

export interface Scribe {
  values: unknown[];
  /** The contact's id, in SQL. */
  id: string;
  /** A column of the contact. */
  own(column: string): string;
  /** Takes the value as a parameter and answers its place. */
  value(value: unknown, type: string): string;
  today: Day;
}

export function numberHolds(
  number: string,
  { operator, value }: SegmentCondition,
  scribe: Scribe,
  inItsUnit: (value: string) => string = (place) => place,
): string {
  const [from, to] = boundsOf(operator, value);
  return [
    ...(from === null ? [] : [`${number} >= ${inItsUnit(scribe.value(from, 'numeric'))}`]),
    ...(to === null ? [] : [`${number} <= ${inItsUnit(scribe.value(to, 'numeric'))}`]),
  ].join(' AND ');
}

/** From and to, both included; null is without end. */
export function boundsOf(operator: string, value: SegmentCondition['value']): [from: number | null, to: number | null] {
  switch (operator) {
    case 'equals':
      return [Number(value), Number(value)];
    case 'at_least':
      return [Number(value), null];
    case 'at_most':
      return [null, Number(value)];
    case 'between': {
      const [from, to] = Array.isArray(value) ? value.map(Number) : [];
      return [from ?? 0, to ?? 0];
    }
    default:
      throw new Error(`A number cannot be asked with ${operator}.`);
  }
}

export function textHolds(column: string, { operator, value }: SegmentCondition, scribe: Scribe): string {
  if (operator === 'is_set') return `${column} <> ''`;
  const sought = literal(String(value));
  const pattern = { equals: sought, contains: `%${sought}%`, starts_with: `${sought}%` }[operator];
  if (pattern === undefined) throw new Error(`A text cannot be asked with ${operator}.`);
  return `${column} ILIKE ${scribe.value(pattern, 'text')}`;
}

export function instantHolds(column: string, { operator, value }: SegmentCondition, scribe: Scribe): string {
  const at = (day: Day) => scribe.value(iso(day), 'timestamptz');
  switch (operator) {
    case 'is_set':
      return `${column} IS NOT NULL`;
    case 'before':
      return `${column} < ${at(dayNamed(value))}`;
    case 'after':
      return `${column} >= ${at(dayNamed(value) + 1)}`;
    case 'within_days':
      return `${column} >= ${at(scribe.today - Number(value) + 1)} AND ${column} < ${at(scribe.today + 1)}`;
    default:
      throw new Error(`A time cannot be asked with ${operator}.`);
  }
}

/** Values as the customer record keeps them: a day is YYYY-MM-DD. What is of another type has no value. */
export function customHolds(key: string, condition: SegmentCondition, scribe: Scribe): string {
  const { operator, value } = condition;
  const name = scribe.value(key, 'text');
  const text = `(u.custom ->> ${name})`;
  const isA = (type: string) => `jsonb_typeof(u.custom -> ${name}) = '${type}'`;
  const day = (at: Day) => scribe.value(dayText(at), 'text');
  const dayHolds = (holds: string) => `${isA('string')} AND ${text} LIKE '____-__-__' AND ${holds}`;
  const comparable = `${text} COLLATE "C"`;
  switch (operator) {
    case 'is_set':
      return `${text} <> ''`;
    case 'is_any':
      return `${isA('string')} AND ${text} = ANY(${scribe.value(listOf(condition), 'text[]')})`;
    case 'before':
      return dayHolds(`${comparable} < ${day(dayNamed(value))}`);
    case 'after':
      return dayHolds(`${comparable} > ${day(dayNamed(value))}`);
    case 'within_days':
      return dayHolds(
        `${comparable} >= ${day(scribe.today - Number(value) + 1)} AND ${comparable} <= ${day(scribe.today)}`,
      );
    case 'contains':
    case 'starts_with':
      return `${isA('string')} AND ${textHolds(text, condition, scribe)}`;
    default:
      if (typeof value === 'string') return `${isA('string')} AND ${textHolds(text, condition, scribe)}`;
      // Only a CASE keeps what is no number from being cast.
      return `CASE WHEN ${isA('number')} THEN ${numberHolds(`${text}::numeric`, condition, scribe)} ELSE FALSE END`;
  }
}

/** Since when something counts as within the last days: the midnight that begins the first of them. */
export const sinceOf = ({ value }: SegmentCondition, scribe: Scribe): string =>
  scribe.value(iso(scribe.today - Number(value) + 1), 'timestamptz');

export const iso = (day: Day): string => instantOf(day, 0).toISOString();
export const listOf = ({ value }: SegmentCondition): (string | number)[] => [value ?? []].flat();
/** % and _ as themselves. */
export const literal = (text: string): string => text.replace(/[\\%_]/g, String.raw`\$&`);

function dayNamed(value: SegmentCondition['value']): Day {
  const [year = 0, month = 0, date = 0] = String(value).split('-').map(Number);
  const day = dayOn({ year, month, date });
  if (day === null) throw new Error('A day is checked before it is compiled.');
  return day;
}

function dayText(day: Day): string {
  const { year, month, date } = dateOf(day);
  return [String(year), ...[month, date].map((part) => String(part).padStart(2, '0'))].join('-');
}
