import { dayOf } from '#server/base/shanghai.ts';
import { leafOf, type Leaf } from './field-sql.ts';
import type { SegmentRule } from './segment-api.ts';
import type { Scribe } from './value-sql.ts';

export interface SegmentSql {
  sql: string;
  values: unknown[];
}

export interface WhereOptions {
  /** Of "Contact" in the statement around it. */
  alias?: string;
  /** The number of the first parameter that is free. */
  firstParam?: number;
  now: Date;
  /** Only contacts known there. */
  platform?: string;
}

/**
 * A checked rule as the condition of a statement about "Contact": true or false of every contact, never null, so that
 * `not` is the exact complement. Values are parameters, all of them.
 *
 * Each condition is an EXISTS: of those that must all hold PostgreSQL makes hash joins, of their opposites too (of NOT IN
 * it never does), of those inside `any` hashed subplans, and of either index lookups where a page is asked for.
 */
export function segmentWhere(rule: SegmentRule, options: WhereOptions): SegmentSql {
  const scribe = makeScribe(options);
  const { alias = 'c', platform } = options;
  const parts = [
    ...(platform === undefined ? [] : [`${alias}.platform = ${scribe.value(platform, 'text')}`]),
    write(rule, scribe),
  ];
  return { sql: parts.join(' AND '), values: scribe.values };
}

/** The ids of the contacts a rule takes in. */
export function compileSegment(
  rule: SegmentRule,
  options: Omit<WhereOptions, 'alias'>,
): { text: string; values: unknown[] } {
  const { sql, values } = segmentWhere(rule, options);
  return { text: `SELECT c.id FROM "Contact" c WHERE ${sql}`, values };
}

/** Several conditions for one statement, whose parameters follow each other. */
export function segmentWheres(
  rules: readonly SegmentRule[],
  options: WhereOptions,
): { sql: string[]; values: unknown[] } {
  const scribe = makeScribe(options);
  return { sql: rules.map((rule) => write(rule, scribe)), values: scribe.values };
}

/**
 * The same for a statement that asks all of them of everybody: who has what a condition asks for is worked out once, as
 * a set that is joined to "Contact" under the alias.
 */
export function segmentFlags(
  rules: readonly SegmentRule[],
  options: WhereOptions,
): { flags: string[]; joins: string; values: unknown[] } {
  const scribe = makeScribe(options);
  const joins: string[] = [];
  const asSet = (leaf: Leaf): string => {
    if (typeof leaf === 'string') return leaf;
    const set = `set${joins.length}`;
    const ids = `SELECT DISTINCT ${leaf.key} AS id FROM ${leaf.from} WHERE ${leaf.holds}`;
    joins.push(` LEFT JOIN (${ids}) ${set} ON ${set}.id = ${scribe.id}`);
    return `(${set}.id IS NOT NULL)`;
  };
  const flags = rules.map((rule) => write(rule, scribe, asSet));
  return { flags, joins: joins.join(''), values: scribe.values };
}

function makeScribe({ alias = 'c', firstParam = 1, now }: WhereOptions): Scribe {
  const values: unknown[] = [];
  return {
    values,
    id: `${alias}.id`,
    own: (column) => `${alias}."${column}"`,
    value: (value, type) => `$${firstParam + values.push(value) - 1}::${type}`,
    today: dayOf(now),
  };
}

function write(rule: SegmentRule, scribe: Scribe, asSql: (leaf: Leaf) => string = asExists(scribe)): string {
  const joined = (rules: readonly SegmentRule[], by: string, none: string) =>
    rules.length === 0 ? none : `(${rules.map((each) => write(each, scribe, asSql)).join(by)})`;
  if ('all' in rule) return joined(rule.all, ' AND ', 'TRUE');
  if ('any' in rule) return joined(rule.any, ' OR ', 'FALSE');
  if ('not' in rule) return `(NOT ${write(rule.not, scribe, asSql)})`;
  const positive = complements[rule.operator];
  return positive ? `(NOT ${asSql(leafOf({ ...rule, operator: positive }, scribe))})` : asSql(leafOf(rule, scribe));
}

const asExists =
  ({ id }: Scribe) =>
  (leaf: Leaf): string =>
    typeof leaf === 'string' ? leaf : `EXISTS (SELECT 1 FROM ${leaf.from} WHERE ${leaf.key} = ${id} AND ${leaf.holds})`;

/** Questions that are the complement of another one. */
const complements: Record<string, string> = {
  is_none: 'is_any',
  is_not_set: 'is_set',
  not_within_days: 'within_days',
  never: 'ever',
  no: 'yes',
};
