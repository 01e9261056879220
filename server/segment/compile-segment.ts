import { dayOf } from '#server/base/shanghai.ts';
import { leafOf, type Rows } from './field-sql.ts';
import type { SegmentCondition, SegmentRule } from './segment-api.ts';
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
 * it never does), of those inside `any` hashed subplans, and of either index lookups where a page is asked for. Those
 * that must all hold stand inside one of them: few are left when "Contact" itself is read.
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
  const one = (part: Part): string => {
    if (typeof part === 'string') return part;
    const set = `set${joins.length}`;
    const ids = `SELECT DISTINCT ${part.key} AS id FROM ${part.from} WHERE ${part.holds}`;
    joins.push(` LEFT JOIN (${ids}) ${set} ON ${set}.id = ${scribe.id}`);
    return `(${set}.id IS ${part.isAsked ? 'NOT NULL' : 'NULL'})`;
  };
  const flags = rules.map((rule) => write(rule, scribe, { one, all: (parts) => parts.map(one).join(' AND ') }));
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

/** A condition: of the contact's own row, written out; or rows that must be there, or must not. */
type Part = string | RowsPart;
type RowsPart = Rows & { isAsked: boolean };

interface Style {
  one(part: Part): string;
  /** Of several that must all hold. */
  all(parts: readonly Part[]): string;
}

function write(rule: SegmentRule, scribe: Scribe, style: Style = inExists(scribe)): string {
  if ('all' in rule) {
    const parts = rule.all.map((each) => ('field' in each ? partOf(each, scribe) : write(each, scribe, style)));
    return parts.length === 0 ? 'TRUE' : `(${style.all(parts)})`;
  }
  if ('any' in rule) {
    const parts = rule.any.map((each) => write(each, scribe, style));
    return parts.length === 0 ? 'FALSE' : `(${parts.join(' OR ')})`;
  }
  if ('not' in rule) return `(NOT ${write(rule.not, scribe, style)})`;
  return style.one(partOf(rule, scribe));
}

function partOf(condition: SegmentCondition, scribe: Scribe): Part {
  const complement = complements[condition.operator];
  const leaf = leafOf(complement ? { ...condition, operator: complement } : condition, scribe);
  if (typeof leaf === 'string') return complement ? `(NOT ${leaf})` : leaf;
  return { ...leaf, isAsked: !complement };
}

/** Questions that are the complement of another one. */
const complements: Record<string, string> = {
  is_none: 'is_any',
  is_not_set: 'is_set',
  not_within_days: 'within_days',
  never: 'ever',
  no: 'yes',
};

function inExists(scribe: Scribe): Style {
  const one = (part: Part): string => (typeof part === 'string' ? part : existsFor(scribe.id, part));
  const all = (parts: readonly Part[]): string => {
    const asked = parts.flatMap((part) => (typeof part !== 'string' && part.isAsked ? [part] : []));
    // What is asked of several tables: between two of them PostgreSQL may put what else must hold, and join fewer rows.
    const first = asked.find(({ isJoin }) => isJoin) ?? asked[0];
    if (!first) return parts.map(one).join(' AND ');
    const [inside, beside]: [string[], string[]] = [[], []];
    for (const part of parts)
      if (typeof part === 'string') beside.push(part);
      else if (part !== first) inside.push(existsFor('held.id', part));
    const held = `SELECT ${first.key} AS id FROM ${first.from} WHERE ${first.holds}`;
    const conditions = [`held.id = ${scribe.id}`, ...inside].join(' AND ');
    return [`EXISTS (SELECT 1 FROM (${held}) held WHERE ${conditions})`, ...beside].join(' AND ');
  };
  return { one, all };
}

const existsFor = (id: string, { from, key, holds, isAsked }: RowsPart): string =>
  `${isAsked ? '' : 'NOT '}EXISTS (SELECT 1 FROM ${from} WHERE ${key} = ${id} AND ${holds})`;
