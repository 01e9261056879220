import { dateOf, dayOf, dayOn, instantOf, type Day } from '#server/base/shanghai.ts';
import { openStages } from '#server/opportunity/opportunity.ts';
import type { SegmentCondition, SegmentField, SegmentRule } from './segment-api.ts';
import { customKeyOf, isOwnField } from './segment.ts';

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

/** Of RFM: what counts as lately, today included. */
const YEAR_DAYS = 365;

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

/** What a condition asks: of the contact's own row, or whether rows hold that name the contact by their key. */
type Leaf = string | { from: string; key: string; holds: string };

interface Scribe {
  values: unknown[];
  /** The contact's id, in SQL. */
  id: string;
  /** A column of the contact. */
  own(column: string): string;
  /** Takes the value as a parameter and answers its place. */
  value(value: unknown, type: string): string;
  today: Day;
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

function leafOf(condition: SegmentCondition, scribe: Scribe): Leaf {
  const { field } = condition;
  const key = customKeyOf(field);
  if (key !== null) return ofCustomer(customHolds(key, condition, scribe));
  if (!isOwnField(field)) throw new Error('A rule is checked before it is compiled.');
  return writers[field](condition, scribe);
}

type Writer = (condition: SegmentCondition, scribe: Scribe) => Leaf;
type Of = (holds: string) => Leaf;

const of =
  (from: string, key: string, always = ''): Of =>
  (holds) => ({ from, key, holds: always + holds });

const ofCustomer = of('"Binding" b JOIN "Customer" u ON u.id = b."customerId"', 'b."contactId"');
const ofBinding = of('"Binding" b', 'b."contactId"');
const ofFollow = of('"Follow" f', 'f."contactId"', "f.state = 'active' AND ");
const ofRecipient = of('"BroadcastRecipient" r', 'r."contactId"', "r.part = 'target' AND ");
const ofConversation = of('"Conversation" v', 'v."contactId"');

const choice =
  (of: Of, column: string, type: 'text' | 'uuid' | 'int', isSet = `${column} IS NOT NULL`): Writer =>
  (condition, scribe) =>
    of(condition.operator === 'is_set' ? isSet : `${column} = ANY(${scribe.value(listOf(condition), `${type}[]`)})`);

/** Codes that begin with one of the codes; `headOf` leaves of a code what all below it share. */
const prefix =
  (column: string, headOf: (code: string) => string): Writer =>
  (condition, scribe) =>
    ofCustomer(
      condition.operator === 'is_set'
        ? `${column} IS NOT NULL`
        : `${column} LIKE ANY(${scribe.value(
            listOf(condition).map((code) => `${literal(headOf(String(code)))}%`),
            'text[]',
          )})`,
    );

const instant =
  (of: Of, column: string): Writer =>
  (condition, scribe) =>
    of(instantHolds(column, condition, scribe));

const yes =
  (holds: (scribe: Scribe) => Leaf): Writer =>
  (_, scribe) =>
    holds(scribe);

/** Something that happened: within the last days, or ever. */
const event =
  (happened: (since: string | null) => Leaf): Writer =>
  (condition, scribe) =>
    happened(condition.operator === 'ever' ? null : sinceOf(condition, scribe));

const ofContact =
  (column: string, type: 'text' | 'int', unknown = ''): Writer =>
  (condition, scribe) =>
    condition.operator === 'is_set'
      ? `(${scribe.own(column)} <> '${unknown}')`
      : `(${scribe.own(column)} = ANY(${scribe.value(listOf(condition), `${type}[]`)}))`;

const writers: Record<SegmentField, Writer> = {
  'contact.type': ofContact('type', 'text'),
  'contact.gender': ofContact('gender', 'int', '0'),
  'contact.corp_name': (condition, scribe) => {
    const holds = ['corpName', 'corpFullName'].map((column) => textHolds(scribe.own(column), condition, scribe));
    return `coalesce(${holds.map((each) => `coalesce(${each}, FALSE)`).join(' OR ')}, FALSE)`;
  },
  'follow.member': choice(ofFollow, 'f."memberId"', 'uuid'),
  'follow.added': instant(ofFollow, 'f."addedAt"'),
  'follow.add_way': choice(ofFollow, 'f."addWay"', 'int'),
  'follow.channel': choice(ofFollow, 'f.channel', 'text'),
  'follow.tag': choice(
    of('"Follow" f JOIN "FollowTag" t ON t."followId" = f.id', 'f."contactId"', "f.state = 'active' AND "),
    't."tagId"',
    'uuid',
    'TRUE',
  ),
  // A connection that was transferred went on, with a colleague.
  'follow.removed_by_contact': yes(() =>
    of(
      '"Follow" f',
      'f."contactId"',
    )(`f.state = 'removed_by_contact' AND NOT EXISTS (
      SELECT 1 FROM "Follow" g WHERE g."contactId" = f."contactId" AND g.state IN ('pending', 'active', 'removed_by_member'))`),
  ),
  'contact.opted_out': yes((scribe) => `(${scribe.own('optedOutAt')} IS NOT NULL)`),
  'binding.bound': yes(() => ofBinding('TRUE')),
  'binding.role': choice(ofBinding, 'b.role', 'text'),
  'customer.kind': choice(ofCustomer, 'u.kind', 'text'),
  'customer.stage': choice(ofCustomer, 'u.stage', 'text'),
  'customer.grade': choice(ofCustomer, 'u.grade', 'text'),
  'customer.source': choice(ofCustomer, 'u.source', 'text', "u.source <> ''"),
  'customer.region': prefix('u."regionCode"', (code) => code.replace(/(00){1,2}$/, '')),
  'customer.industry': prefix('u."industryCode"', (code) => code),
  'customer.owner': choice(ofCustomer, 'u."ownerId"', 'uuid'),
  'customer.created': instant(ofCustomer, 'u."createdAt"'),
  'rfm.recency': (condition, scribe) => {
    // Days of the company: its midnight is 28,800 s before that of the epoch's clock.
    const days = () =>
      `(${scribe.value(scribe.today, 'int')} - floor((extract(epoch FROM max(s."stageAt")) + 28800) / 86400))`;
    const holds = condition.operator === 'is_set' ? 'TRUE' : numberHolds(days(), condition, scribe);
    return ofBinding(
      `b."customerId" IN (SELECT s."customerId" FROM "Opportunity" s WHERE s.stage = 'won' GROUP BY s."customerId" HAVING ${holds})`,
    );
  },
  'rfm.frequency': ofLastYear('count(*)', (value) => value),
  // As netOf rounds: half a fen of the discount is given. In fen.
  'rfm.monetary': ofLastYear(
    'coalesce(sum(s."amountFen" - floor(s."amountFen" * s."discountBp" / 10000.0 + 0.5)), 0)',
    (value) => `${value} * 100`,
  ),
  'score.value': (condition, scribe) => {
    const holds =
      condition.operator === 'is_set' ? 'TRUE' : numberHolds('coalesce(s.override, s.value)', condition, scribe);
    return of(
      '"Score" s',
      's."contactId"',
    )(`${holds} AND NOT EXISTS (
      SELECT 1 FROM "Score" n WHERE n."contactId" = s."contactId" AND (n.at, n.id) > (s.at, s.id))`);
  },
  'chat.last_message': event((since) => ofConversation(`v."lastMessageAt" ${since ? `>= ${since}` : 'IS NOT NULL'}`)),
  // Of a conversation without a message so late no message is looked at.
  'chat.replied': event((since) =>
    ofConversation(`v."lastMessageAt" ${since ? `>= ${since}` : 'IS NOT NULL'} AND EXISTS (
      SELECT 1 FROM "Message" m WHERE m."conversationId" = v.id AND m.sender = 'contact'${since ? ` AND m.at >= ${since}` : ''})`),
  ),
  'task.promise_open': yes(() => of('"Task" k', 'k."contactId"')("k.state = 'open' AND k.quote IS NOT NULL")),
  'opportunity.open': yes((scribe) =>
    of(
      '"Binding" b JOIN "Opportunity" s ON s."customerId" = b."customerId"',
      'b."contactId"',
    )(`s.stage = ANY(${scribe.value([...openStages], 'text[]')})`),
  ),
  'broadcast.received': choice(
    ofRecipient,
    `r.state NOT IN ('failed', 'dropped') AND r."broadcastId"`,
    'uuid',
    `r.state NOT IN ('failed', 'dropped')`,
  ),
  'broadcast.replied': choice(
    ofRecipient,
    `r."repliedAt" IS NOT NULL AND r."broadcastId"`,
    'uuid',
    `r."repliedAt" IS NOT NULL`,
  ),
  'broadcast.any_received': event((since) => ofRecipient(`r."deliveredAt" ${since ? `>= ${since}` : 'IS NOT NULL'}`)),
  'list.member': choice(of('"ContactListEntry" e', 'e."contactId"'), 'e."listId"', 'uuid', 'TRUE'),
};

/** What won opportunities of the last year come to, of one customer; who won none has 0. */
function ofLastYear(sum: string, inItsUnit: (value: string) => string): Writer {
  return (condition, scribe) => {
    if (condition.operator === 'is_set') return ofBinding('TRUE');
    const since = scribe.value(iso(scribe.today - YEAR_DAYS + 1), 'timestamptz');
    const sumHolds = numberHolds(sum, condition, scribe, inItsUnit);
    const zeroFits = fitsZero(condition);
    return ofBinding(
      `b."customerId" ${zeroFits ? 'NOT IN' : 'IN'} (SELECT s."customerId" FROM "Opportunity" s WHERE s.stage = 'won' AND s."stageAt" >= ${since}
        GROUP BY s."customerId" HAVING ${zeroFits ? `NOT (${sumHolds})` : sumHolds})`,
    );
  };
}

function fitsZero({ operator, value }: SegmentCondition): boolean {
  const [from, to] = boundsOf(operator, value);
  return (from === null || from <= 0) && (to === null || to >= 0);
}

/** From and to, both included; null is without end. */
function boundsOf(operator: string, value: SegmentCondition['value']): [from: number | null, to: number | null] {
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

function numberHolds(
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

function textHolds(column: string, { operator, value }: SegmentCondition, scribe: Scribe): string {
  if (operator === 'is_set') return `${column} <> ''`;
  const sought = literal(String(value));
  const pattern = { equals: sought, contains: `%${sought}%`, starts_with: `${sought}%` }[operator];
  if (pattern === undefined) throw new Error(`A text cannot be asked with ${operator}.`);
  return `${column} ILIKE ${scribe.value(pattern, 'text')}`;
}

function instantHolds(column: string, { operator, value }: SegmentCondition, scribe: Scribe): string {
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
function customHolds(key: string, condition: SegmentCondition, scribe: Scribe): string {
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
const sinceOf = ({ value }: SegmentCondition, scribe: Scribe): string =>
  scribe.value(iso(scribe.today - Number(value) + 1), 'timestamptz');

const iso = (day: Day): string => instantOf(day, 0).toISOString();
const listOf = ({ value }: SegmentCondition): (string | number)[] => [value ?? []].flat();
/** % and _ as themselves. */
const literal = (text: string): string => text.replace(/[\\%_]/g, String.raw`\$&`);

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
