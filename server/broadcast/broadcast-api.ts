import { z } from 'zod';
import type { Role } from '#server/base/caller.ts';
import { endpoint } from '#server/base/endpoint.ts';
import { givenTime } from '#server/base/given-time.ts';
import { messageContent, wordFinding } from '#server/material/material-api.ts';

/**
 * draft → freezing (recipients are worked out for good) → awaiting_approval → scheduled → sending (calls leave) →
 * running (members confirm, results come) → finished. Back to draft: withdrawn, rejected or expired. Cancelled at any time
 * before finished.
 */
export const broadcastStates = [
  'draft',
  'freezing',
  'awaiting_approval',
  'scheduled',
  'sending',
  'running',
  'finished',
  'cancelled',
] as const;
export type BroadcastState = (typeof broadcastStates)[number];

/** Why a contact of the segment is left out; the first that holds, in this order. */
export const exclusionReasons = [
  'opted_out',
  /** The same person opted out as another contact. */
  'person_opted_out',
  /** The contact removed every member who knew them. */
  'removed_us',
  /** No member may send it: nobody follows them, or none of the chosen members does. */
  'no_sender',
  /** Who would send it cannot: left, or no account that has contacts. */
  'sender_unready',
  /** The same person is reached as another contact. */
  'duplicate_person',
  /** Another broadcast may still reach them on these days. */
  'overlapping',
  'cap_day',
  'cap_week',
  'cap_month',
  /** The company's own: too many broadcasts in too few days. */
  'fatigue',
  /** It would leave at a time nobody wants to be written to. */
  'quiet_hours',
] as const;
export type ExclusionReason = (typeof exclusionReasons)[number];

/** Why a frozen recipient was not reached. */
export const failureReasons = [
  /** Between approval and the call: opted out, removed us, or their member left. */
  'opted_out',
  'removed_us',
  'sender_unready',
  /** The platform left them out at once. */
  'unsendable',
  'not_connected',
  'over_quota',
  /** Their member did not confirm in time. */
  'not_confirmed',
  'cancelled',
  /** The platform refused the call, or its answer could not be found again. */
  'refused',
  'unanswered',
] as const;
export type FailureReason = (typeof failureReasons)[number];

/** Who sends to a contact several members know. Each falls back to the next. */
export const senderRules = ['last_chat', 'owner', 'first_added'] as const;

export const audience = z.object({
  segmentId: z.uuid().nullable().default(null),
  /** Only by these members; null: by whoever knows the contact. */
  memberIds: z.array(z.uuid()).min(1).max(1000).nullable().default(null),
  senderRule: z.enum(senderRules).default('last_chat'),
  /** Of those who could be sent it; they are not, so that it can be seen what it earned. */
  holdOutPercent: z.int().min(0).max(50).default(10),
});
export type Audience = z.infer<typeof audience>;

export const VARIANTS_MAX = 4;
export const variantKeys = ['A', 'B', 'C', 'D'] as const;
export type VariantKey = (typeof variantKeys)[number];
export const broadcastContent = z.object({
  variants: z
    .array(
      z.object({
        key: z.enum(variantKeys),
        /** In percent; together 100. */
        share: z.int().min(1).max(100),
        content: messageContent,
      }),
    )
    .min(1)
    .max(VARIANTS_MAX),
});
export type BroadcastContent = z.infer<typeof broadcastContent>;

const person = z.object({ id: z.uuid(), name: z.string() });

/** A rule of the check: `block` stops submitting. */
export const checkItem = z.object({
  code: z.enum([
    'segment_missing',
    'segment_empty',
    'nobody_left',
    'text_empty',
    'text_too_long',
    'variable_unknown',
    'attachments_too_many',
    'material_missing',
    'file_too_large',
    'word_forbidden',
    'word_risky',
    'send_at_past',
    'quiet_hours',
    'not_tested',
    'hold_out_small',
    'shares_sum',
  ]),
  level: z.enum(['block', 'warn']),
  /** Where: `content.variants.0.content.text`. */
  path: z.string(),
  message: z.string(),
  words: z.array(wordFinding).optional(),
});
export type CheckItem = z.infer<typeof checkItem>;

export const planCounts = z.object({
  segment: z.int(),
  target: z.int(),
  holdOut: z.int(),
  excluded: z.partialRecord(z.enum(exclusionReasons), z.int()),
  variants: z.partialRecord(z.enum(variantKeys), z.int()),
  members: z.int(),
});
export type PlanCounts = z.infer<typeof planCounts>;

export const broadcastView = z.object({
  id: z.uuid(),
  name: z.string(),
  platform: z.string(),
  state: z.enum(broadcastStates),
  pausedAt: z.iso.datetime().nullable(),
  segment: z.object({ id: z.uuid(), name: z.string(), version: z.int() }).nullable(),
  audience,
  content: broadcastContent,
  /** Null: as soon as it is approved. */
  sendAt: z.iso.datetime().nullable(),
  owner: person,
  version: z.int(),
  /** Whether the owner was sent it as it is now. */
  tested: z.boolean(),
  /** What is worked out now, and how far that is. */
  planning: z
    .object({
      kind: z.enum(['check', 'freeze']),
      done: z.int(),
      total: z.int().nullable(),
      /** The code of why it stopped: the page has words for it. */
      error: z.string().nullable(),
    })
    .nullable(),
  /** As of `plannedAt`; `fresh` when nothing was changed since. */
  plan: z
    .object({
      counts: planCounts,
      plannedAt: z.iso.datetime(),
      fresh: z.boolean(),
      /** The smallest difference of reply rates the hold-out can show, in percentage points; null without one. */
      detectable: z.number().nullable(),
    })
    .nullable(),
  checks: z.array(checkItem),
  approval: z.object({ id: z.uuid(), state: z.string(), waitsFor: z.array(z.string()) }).nullable(),
  contentHash: z.string().nullable(),
  recipientHash: z.string().nullable(),
  startedAt: z.iso.datetime().nullable(),
  confirmBy: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  cancelledAt: z.iso.datetime().nullable(),
  cancelReason: z.string().nullable(),
  /** Sent so far, of the frozen. */
  progress: z.object({
    deliveries: z.int(),
    asked: z.int(),
    confirmed: z.int(),
    waitingUntil: z.iso.datetime().nullable(),
  }),
  may: z.object({
    edit: z.boolean(),
    submit: z.boolean(),
    withdraw: z.boolean(),
    pause: z.boolean(),
    resume: z.boolean(),
    cancel: z.boolean(),
    remind: z.boolean(),
  }),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type BroadcastView = z.infer<typeof broadcastView>;

export const broadcastLine = z.object({
  id: z.uuid(),
  name: z.string(),
  state: z.enum(broadcastStates),
  pausedAt: z.iso.datetime().nullable(),
  segmentName: z.string().nullable(),
  target: z.int().nullable(),
  delivered: z.int(),
  replied: z.int(),
  sendAt: z.iso.datetime().nullable(),
  startedAt: z.iso.datetime().nullable(),
  owner: person,
  updatedAt: z.iso.datetime(),
});

export const recipientView = z.object({
  contactId: z.uuid(),
  /** Null when the contact is outside the caller's scope. */
  name: z.string().nullable(),
  customerName: z.string().nullable(),
  part: z.enum(['target', 'hold_out', 'excluded']),
  reason: z.enum(exclusionReasons).nullable(),
  member: person.nullable(),
  variant: z.string().nullable(),
  state: z.enum(['planned', 'asked', 'delivered', 'failed', 'dropped']),
  failure: z.enum(failureReasons).nullable(),
  deliveredAt: z.iso.datetime().nullable(),
  repliedAt: z.iso.datetime().nullable(),
});

/** Of a group: how many, how many of them did it, and the share. */
const rate = z.object({ of: z.int(), did: z.int(), rate: z.number() });
/**
 * Who was to be sent it against who was held out, from the same moment on and whether or not it reached them: only so the
 * two groups differ by nothing but the broadcast.
 */
export const effectView = z.object({
  sent: rate,
  held: rate,
  /** sent − held, and its 95 % confidence interval. */
  difference: z.number(),
  low: z.number(),
  high: z.number(),
  /** `unclear`: the interval holds 0. `too_few`: nothing can be said yet. */
  says: z.enum(['more', 'less', 'unclear', 'too_few']),
});
export type EffectView = z.infer<typeof effectView>;
/** Money per contact, in yuan. */
export const moneyEffect = z.object({
  sentMean: z.number(),
  heldMean: z.number(),
  difference: z.number(),
  low: z.number(),
  high: z.number(),
  says: z.enum(['more', 'less', 'unclear', 'too_few']),
});

export const resultView = z.object({
  /** When results were last asked for. */
  resultsAt: z.iso.datetime().nullable(),
  /** Each a part of the one before: replies of those it was delivered to, deals of those who replied. `lift` counts all. */
  waterfall: z.object({
    segment: z.int(),
    excluded: z.int(),
    holdOut: z.int(),
    target: z.int(),
    asked: z.int(),
    confirmed: z.int(),
    delivered: z.int(),
    replied: z.int(),
    deals: z.int(),
  }),
  failures: z.array(z.object({ reason: z.enum(failureReasons), count: z.int() })),
  /** What somebody should know of while it goes on. */
  concerns: z.object({
    /** Opted out after their member was asked, who has not confirmed: nobody can take them out of it. */
    optedOut: z.int(),
    /** Whom a call was to reach whose answer never came: it is looked for, and not sent again until it is known. */
    unsure: z.int(),
  }),
  members: z.array(
    z.object({
      member: person,
      target: z.int(),
      /** waiting: has not confirmed; part: some of several calls; unsure: whether they were asked is not known. */
      state: z.enum(['planned', 'unsure', 'waiting', 'part', 'confirmed', 'cancelled', 'failed']),
      delivered: z.int(),
      failed: z.int(),
      replied: z.int(),
      deals: z.int(),
      remindedAt: z.iso.datetime().nullable(),
    }),
  ),
  /** Of everybody who was to get it, as drawn by lot, like `lift`. */
  variants: z.array(z.object({ key: z.string(), target: z.int(), delivered: z.int(), replied: rate, deals: rate })),
  /** Replies and deals within this many days count. */
  windowDays: z.int(),
  /** Null without a hold-out. */
  lift: z.object({ replies: effectView, deals: effectView, revenue: moneyEffect }).nullable(),
});
export type ResultView = z.infer<typeof resultView>;

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);
/** What the company's messenger allows, and what the company allows itself. */
export const broadcastRules = z.object({
  /** The platform's: at most so many broadcasts reach a contact; null: no such cap. `days`: as many as the month has. */
  perDay: z.int().min(1).max(100).nullable(),
  /** Monday to Sunday. */
  perWeek: z.int().min(1).max(100).nullable(),
  perMonth: z.union([z.int().min(1).max(100), z.literal('days')]).nullable(),
  /** Our own: at most `max` in any `days` days. */
  fatigue: z.object({ max: z.int().min(1).max(100), days: z.int().min(1).max(90) }).nullable(),
  /** Nothing leaves between these times of the company; over midnight when `from` is later than `to`. */
  quiet: z.object({ from: clock, to: clock }).nullable(),
  /** Days a member has to confirm. */
  confirmDays: z.int().min(1).max(14),
  /** Days in which a reply or a deal counts. */
  windowDays: z.int().min(1).max(90),
});
export type BroadcastRules = z.infer<typeof broadcastRules>;

const marketers = ['marketing', 'admin', 'manager', 'director'] as const satisfies Role[];
const byId = z.object({ id: z.uuid() });
const seen = z.object({ version: z.int() });
const why = z.object({ reason: z.string().trim().max(200).default('') });

export const broadcastApi = {
  list: endpoint({
    method: 'GET',
    path: '/api/broadcasts',
    summary: 'Broadcasts, last changed first',
    roles: marketers,
    query: z.object({
      state: z.enum(broadcastStates).optional(),
      search: z.string().trim().max(60).optional(),
      after: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
    answer: z.object({ items: z.array(broadcastLine), nextAfter: z.string().nullable() }),
  }),
  read: endpoint({
    method: 'GET',
    path: '/api/broadcasts/:id',
    summary: 'One broadcast',
    roles: marketers,
    params: byId,
    answer: broadcastView,
  }),
  create: endpoint({
    method: 'POST',
    path: '/api/broadcasts',
    summary: 'A new draft, of a segment when one is given',
    roles: marketers,
    body: z.object({ name: z.string().trim().min(1).max(60), segmentId: z.uuid().optional() }),
    answer: broadcastView,
    status: 201,
  }),
  copy: endpoint({
    method: 'POST',
    path: '/api/broadcasts/:id/copy',
    summary: 'A new draft with the same audience and content',
    roles: marketers,
    params: byId,
    answer: broadcastView,
    status: 201,
  }),
  edit: endpoint({
    method: 'PUT',
    path: '/api/broadcasts/:id',
    summary:
      'Changes a draft; `version` is the one the caller saw. May be incomplete: submitting is where it must be right',
    roles: marketers,
    params: byId,
    body: seen.extend({
      name: z.string().trim().min(1).max(60),
      audience,
      content: broadcastContent,
      sendAt: givenTime.nullable(),
    }),
    answer: broadcastView,
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/api/broadcasts/:id',
    summary: 'Removes a draft nothing was ever sent of',
    roles: marketers,
    params: byId,
    answer: z.object({}),
  }),
  check: endpoint({
    method: 'POST',
    path: '/api/broadcasts/:id/check',
    summary:
      'Works out who would be sent it and who is left out, and why; `planning` of the broadcast says how far it is',
    roles: marketers,
    params: byId,
    answer: broadcastView,
  }),
  recipients: endpoint({
    method: 'GET',
    path: '/api/broadcasts/:id/recipients',
    summary: 'The people behind a number. Those outside the caller’s scope have no name',
    roles: marketers,
    params: byId,
    query: z.object({
      part: z.enum(['target', 'hold_out', 'excluded']).optional(),
      reason: z.enum(exclusionReasons).optional(),
      state: z.enum(['planned', 'asked', 'delivered', 'failed', 'dropped']).optional(),
      failure: z.enum(failureReasons).optional(),
      replied: z.stringbool().optional(),
      memberId: z.uuid().optional(),
      variant: z.string().max(1).optional(),
      after: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
    }),
    answer: z.object({ items: z.array(recipientView), nextAfter: z.string().nullable() }),
  }),
  test: endpoint({
    method: 'POST',
    path: '/api/broadcasts/:id/test',
    summary: 'Shows the caller, in their own messenger, what contacts would get',
    roles: marketers,
    params: byId,
    body: z.object({ variant: z.enum(variantKeys).default('A') }),
    answer: broadcastView,
  }),
  submit: endpoint({
    method: 'POST',
    path: '/api/broadcasts/:id/submit',
    summary: 'Freezes recipients and content and asks for approval',
    roles: marketers,
    params: byId,
    body: seen.extend({ reason: z.string().trim().min(1).max(500) }),
    answer: broadcastView,
  }),
  withdraw: endpoint({
    method: 'POST',
    path: '/api/broadcasts/:id/withdraw',
    summary: 'Back to draft, as long as no call has left',
    roles: marketers,
    params: byId,
    body: why,
    answer: broadcastView,
  }),
  pause: endpoint({
    method: 'POST',
    path: '/api/broadcasts/:id/pause',
    summary: 'No further call leaves until it is resumed',
    roles: marketers,
    params: byId,
    answer: broadcastView,
  }),
  resume: endpoint({
    method: 'POST',
    path: '/api/broadcasts/:id/resume',
    summary: 'Calls leave again',
    roles: marketers,
    params: byId,
    answer: broadcastView,
  }),
  cancel: endpoint({
    method: 'POST',
    path: '/api/broadcasts/:id/cancel',
    summary:
      'Ends it: nothing more leaves, and members who have not confirmed are no longer asked. What was sent stays sent',
    roles: marketers,
    params: byId,
    body: why,
    answer: broadcastView,
  }),
  remind: endpoint({
    method: 'POST',
    path: '/api/broadcasts/:id/remind',
    summary: 'Reminds members who have not confirmed; the platform allows it a few times a day',
    roles: marketers,
    params: byId,
    answer: z.object({ reminded: z.int(), tooOften: z.int() }),
  }),
  results: endpoint({
    method: 'GET',
    path: '/api/broadcasts/:id/results',
    summary: 'What became of it, and what it earned against the hold-out',
    roles: marketers,
    params: byId,
    answer: resultView,
  }),
  export: endpoint({
    method: 'GET',
    path: '/api/broadcasts/:id/export',
    summary: 'CSV (UTF-8 with a byte order mark): by member, or every recipient inside the caller’s scope',
    roles: marketers,
    params: byId,
    query: z.object({ what: z.enum(['members', 'recipients']).default('members') }),
    answer: z.unknown(),
  }),
  rules: endpoint({
    method: 'GET',
    path: '/api/settings/broadcast-rules',
    summary: 'Caps, fatigue and quiet hours',
    roles: marketers,
    answer: broadcastRules,
  }),
  saveRules: endpoint({
    method: 'PUT',
    path: '/api/settings/broadcast-rules',
    summary: 'Caps, fatigue and quiet hours',
    roles: ['admin'],
    body: broadcastRules,
    answer: broadcastRules,
  }),
};
