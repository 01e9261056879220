import { z } from 'zod';
import { byId, endpoint } from '#server/base/endpoint.ts';
import { person } from '#server/base/person.ts';
import { marketers } from '#server/segment/segment-api.ts';
import { exclusionReasons } from './broadcast-api.ts';

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

export const resultsApi = {
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
};
