import { z } from 'zod';
import type { Role } from '#server/base/caller.ts';
import { byId, endpoint } from '#server/base/endpoint.ts';
import { person } from '#server/base/person.ts';
import { requestKey } from '#server/base/request-key.ts';

/** What a condition can ask of a field, by the type of the field. */
export const operatorsOf = {
  /** One of a known list of values. */
  choice: ['is_any', 'is_none', 'is_set', 'is_not_set'],
  text: ['equals', 'contains', 'starts_with', 'is_set', 'is_not_set'],
  number: ['equals', 'at_least', 'at_most', 'between', 'is_set', 'is_not_set'],
  /** A day: `before` and `after` with YYYY-MM-DD in the company's time zone, the others with a number of days. */
  date: ['before', 'after', 'within_days', 'not_within_days', 'is_set', 'is_not_set'],
  /** Something that happens: within the last n days of the company, today the first of them, or not (never included). */
  event: ['within_days', 'not_within_days', 'ever', 'never'],
  yes_no: ['yes', 'no'],
} as const satisfies Record<string, readonly string[]>;
export type FieldType = keyof typeof operatorsOf;
export type Operator = (typeof operatorsOf)[FieldType][number];

/**
 * What a rule may ask about. A contact has a field when one of the customers it is bound to has it, one of its active
 * follows, or the contact itself. Fields the company added to its customers are `custom.<key>`.
 */
export const segmentFields = {
  'contact.type': 'choice',
  'contact.gender': 'choice',
  'contact.corp_name': 'text',
  /** Member who follows the contact now. */
  'follow.member': 'choice',
  'follow.added': 'date',
  'follow.add_way': 'choice',
  'follow.channel': 'choice',
  'follow.tag': 'choice',
  /** Every connection ended because the contact removed the members. */
  'follow.removed_by_contact': 'yes_no',
  'contact.opted_out': 'yes_no',
  'binding.bound': 'yes_no',
  'binding.role': 'choice',
  'customer.kind': 'choice',
  'customer.stage': 'choice',
  'customer.grade': 'choice',
  'customer.source': 'choice',
  /** A GB/T 2260 code: a province or a city takes in what lies below it. */
  'customer.region': 'choice',
  /** A GB/T 4754 code: a letter or the first digits take in what lies below. */
  'customer.industry': 'choice',
  'customer.owner': 'choice',
  'customer.created': 'date',
  /** Days since the last won opportunity. */
  'rfm.recency': 'number',
  /** Won opportunities in the last 365 days. */
  'rfm.frequency': 'number',
  /** Of these, what they brought after discount, in yuan. */
  'rfm.monetary': 'number',
  /** As shown: what a rep put in its place counts. */
  'score.value': 'number',
  'chat.last_message': 'event',
  'chat.replied': 'event',
  /** An open task born from a promise. */
  'task.promise_open': 'yes_no',
  'opportunity.open': 'yes_no',
  /** Was sent (or is to be) one of these broadcasts; value: their ids. */
  'broadcast.received': 'choice',
  'broadcast.replied': 'choice',
  'broadcast.any_received': 'event',
  /** Is on one of these lists; value: their ids. */
  'list.member': 'choice',
} as const satisfies Record<string, FieldType>;
export type SegmentField = keyof typeof segmentFields;

export const RULE_DEPTH_MAX = 6;
export const RULE_CONDITIONS_MAX = 60;

const scalar = z.union([z.string().max(200), z.number()]);

/** `value`: a list for is_any and is_none, a pair for between, nothing for is_set, ever, yes …, else one text or number. */
export const segmentCondition = z.object({
  field: z.string().max(80),
  operator: z.string().max(20),
  value: z.union([scalar, z.array(scalar).max(500)]).optional(),
});
export type SegmentCondition = z.infer<typeof segmentCondition>;

export type SegmentRule =
  | { all: SegmentRule[] }
  | { any: SegmentRule[] }
  | { not: SegmentRule }
  | z.infer<typeof segmentCondition>;

/**
 * all, any, not and conditions, as deep as RULE_DEPTH_MAX. `{ all: [] }` is everyone, `{ any: [] }` nobody. Whether the
 * fields exist and the values fit is checked against the company's own fields; a problem names the path:
 * `rule.all.1.value`.
 */
export const segmentRule: z.ZodType<SegmentRule> = z.lazy(() =>
  z.union([
    z.strictObject({ all: z.array(segmentRule).max(RULE_CONDITIONS_MAX) }),
    z.strictObject({ any: z.array(segmentRule).max(RULE_CONDITIONS_MAX) }),
    z.strictObject({ not: segmentRule }),
    segmentCondition,
  ]),
);

const option = z.object({ value: z.union([z.string(), z.number()]), label: z.string() });
export const fieldView = z.object({
  field: z.string(),
  type: z.enum(Object.keys(operatorsOf) as [FieldType, ...FieldType[]]),
  /** The label of a field the company added; null: the page has a word for it. */
  label: z.string().nullable(),
  /** Known values, with the company's names for them; null where there are too many to list or none. */
  options: z.array(option).nullable(),
});

export const usedByView = z.object({
  kind: z.enum(['broadcast', 'series', 'segment']),
  id: z.uuid(),
  name: z.string(),
});

export const segmentView = z.object({
  id: z.uuid(),
  name: z.string(),
  description: z.string(),
  rule: segmentRule,
  version: z.int(),
  owner: person,
  count: z.int().nullable(),
  countBefore: z.int().nullable(),
  countedAt: z.iso.datetime().nullable(),
  usedBy: z.array(usedByView),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type SegmentView = z.infer<typeof segmentView>;

/** One line of the waterfall: how many are left when this part of the rule applies too. */
export const waterfallLine = z.object({
  /** Of the part in the rule: `all.1`; '' for the whole of a rule that is no `all`. */
  path: z.string(),
  /** How many this part alone takes in. */
  alone: z.int(),
  /** How many are left of those before. */
  left: z.int(),
});
export const sampleView = z.object({
  contactId: z.uuid(),
  /** Masked: 王*明. Only of contacts inside the caller's scope. */
  name: z.string(),
  customerName: z.string().nullable(),
  /** Which conditions hold for them, by path, and what was found. */
  why: z.array(z.object({ path: z.string(), found: z.string() })),
});
export const countView = z.object({
  count: z.int(),
  /** Everyone there is. */
  total: z.int(),
  tookMs: z.int(),
  waterfall: z.array(waterfallLine),
  samples: z.array(sampleView).max(5),
});
export type CountView = z.infer<typeof countView>;

export const listView = z.object({
  id: z.uuid(),
  name: z.string(),
  count: z.int(),
  usedBy: z.array(usedByView),
  createdBy: person,
  createdAt: z.iso.datetime(),
});
export type ListView = z.infer<typeof listView>;

/** A line of a pasted text or a file that means nobody, or not one person alone. */
export const unmatchedLine = z.object({
  /** As an editor counts: from 1, the heading included. */
  line: z.int(),
  said: z.string(),
  /** `unknown`: nobody the caller may see; `several`: as many as `count` go by this; `twice`: a line before says the same. */
  why: z.enum(['unknown', 'several', 'twice', 'empty']),
  count: z.int(),
});
export type UnmatchedLine = z.infer<typeof unmatchedLine>;

/** Who plans what many are to get. */
export const marketers = ['marketing', 'admin', 'manager', 'director'] as const satisfies Role[];
const segmentDraft = z.object({
  name: z.string().trim().min(1).max(60),
  description: z.string().trim().max(500).default(''),
  rule: segmentRule,
});

export const segmentApi = {
  fields: endpoint({
    method: 'GET',
    path: '/api/segments/fields',
    summary: 'What rules can ask about, with the company’s own fields and the known values',
    roles: marketers,
    answer: z.object({ fields: z.array(fieldView) }),
  }),
  list: endpoint({
    method: 'GET',
    path: '/api/segments',
    summary: 'Segments, last changed first',
    roles: marketers,
    query: z.object({ search: z.string().trim().max(60).optional() }),
    answer: z.object({ items: z.array(segmentView) }),
  }),
  read: endpoint({
    method: 'GET',
    path: '/api/segments/:id',
    summary: 'One segment',
    roles: marketers,
    params: byId,
    answer: segmentView,
  }),
  versions: endpoint({
    method: 'GET',
    path: '/api/segments/:id/versions',
    summary: 'The rule as it was, newest first',
    roles: marketers,
    params: byId,
    answer: z.object({
      items: z.array(
        z.object({ version: z.int(), name: z.string(), rule: segmentRule, by: person, at: z.iso.datetime() }),
      ),
    }),
  }),
  create: endpoint({
    method: 'POST',
    path: '/api/segments',
    summary: 'A new segment',
    roles: marketers,
    body: segmentDraft,
    answer: segmentView,
    status: 201,
  }),
  edit: endpoint({
    method: 'PUT',
    path: '/api/segments/:id',
    summary: 'Another name or rule; `version` is the one the caller saw. What was frozen with the old rule stays',
    roles: marketers,
    params: byId,
    body: segmentDraft.extend({ version: z.int() }),
    answer: segmentView,
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/api/segments/:id',
    summary: 'Removes a segment nothing uses; 409 names what does',
    roles: marketers,
    params: byId,
    answer: z.object({}),
  }),
  count: endpoint({
    method: 'POST',
    path: '/api/segments/count',
    summary: 'How many a rule takes in, line by line, and five of them, masked. Given a segment, its count is kept',
    roles: marketers,
    body: z.object({ rule: segmentRule, segmentId: z.uuid().optional() }),
    answer: countView,
  }),
  draft: endpoint({
    method: 'POST',
    path: '/api/segments/draft',
    summary: 'A rule drafted by the model from a sentence, to be looked at and edited; nothing is saved',
    roles: marketers,
    body: z.object({ sentence: z.string().trim().min(2).max(300) }),
    answer: z.object({
      rule: segmentRule,
      /** What of the sentence was not understood, or has no field. */
      notUnderstood: z.array(z.string()),
    }),
  }),
  lists: endpoint({
    method: 'GET',
    path: '/api/contact-lists',
    summary: 'Lists put together by hand or from a file',
    roles: marketers,
    answer: z.object({ items: z.array(listView) }),
  }),
  matchList: endpoint({
    method: 'POST',
    path: '/api/contact-lists/match',
    summary:
      'Whom a pasted text or a CSV file means, line by line: ids, keys of the platform, phone numbers or names. Nothing is saved, and only contacts inside the caller’s scope are found',
    roles: marketers,
    body: z.object({ text: z.string().trim().min(1).max(900_000) }),
    answer: z.object({
      lines: z.int(),
      contactIds: z.array(z.uuid()),
      unmatched: z.array(unmatchedLine),
    }),
  }),
  createList: endpoint({
    method: 'POST',
    path: '/api/contact-lists',
    summary:
      'A list of contacts: by their ids, by the platform’s keys of them, or a copy of who is in a segment now. Only contacts inside the caller’s scope are taken',
    roles: marketers,
    body: z.object({
      name: z.string().trim().min(1).max(60),
      contactIds: z.array(z.uuid()).max(10_000).default([]),
      keys: z.object({ platform: z.string(), keys: z.array(z.string().max(128)).max(10_000) }).optional(),
      segmentId: z.uuid().optional(),
      requestKey,
    }),
    answer: listView.extend({ notTaken: z.int() }),
    status: 201,
  }),
  removeList: endpoint({
    method: 'DELETE',
    path: '/api/contact-lists/:id',
    summary: 'Removes a list no segment uses',
    roles: marketers,
    params: byId,
    answer: z.object({}),
  }),
};
