import { openStages } from '#server/opportunity/opportunity.ts';
import { customKeyOf, isOwnField } from './segment.ts';
import type { SegmentCondition, SegmentField } from './segment-api.ts';
import {
  boundsOf,
  customHolds,
  instantHolds,
  iso,
  listOf,
  literal,
  numberHolds,
  sinceOf,
  textHolds,
  type Scribe,
} from './value-sql.ts';

/** What a condition asks: of the contact's own row, or whether rows hold that name the contact by their key. */
export type Leaf = string | Rows;

export interface Rows {
  from: string;
  /** Of more than one table. */
  isJoin: boolean;
  /** Of the contact. */
  key: string;
  holds: string;
}

export function leafOf(condition: SegmentCondition, scribe: Scribe): Leaf {
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
  (holds) => ({ from, isJoin: false, key, holds: always + holds });
const ofBindingWith =
  (table: string, on: string): Of =>
  (holds) => ({ from: `"Binding" b JOIN ${table} ON ${on}`, isJoin: true, key: 'b."contactId"', holds });

const ofCustomer = ofBindingWith('"Customer" u', 'u.id = b."customerId"');
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
  'follow.tag': choice(of('"FollowTag" t', 't."contactId"', "t.state = 'active' AND "), 't."tagId"', 'uuid', 'TRUE'),
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
    ofBindingWith(
      '"Opportunity" s',
      's."customerId" = b."customerId"',
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

/** Of RFM: what counts as lately, today included. */
const YEAR_DAYS = 365;

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
