import { z } from 'zod';
import { byId, endpoint } from '#server/base/endpoint.ts';
import { person } from '#server/base/person.ts';
import { givenTime } from '#server/base/given-time.ts';
import { requestKey } from '#server/base/request-key.ts';
import { messageContent, wordFinding } from '#server/material/material-api.ts';
import { marketers } from '#server/segment/segment-api.ts';

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
    body: z.object({ name: z.string().trim().min(1).max(60), segmentId: z.uuid().optional(), requestKey }),
    answer: broadcastView,
    status: 201,
  }),
  copy: endpoint({
    method: 'POST',
    path: '/api/broadcasts/:id/copy',
    summary: 'A new draft with the same audience and content',
    roles: marketers,
    params: byId,
    body: z.object({ requestKey }),
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
    summary:
      'Reminds members who have not confirmed: once in 30 minutes, and as often in a day as the platform allows. Sent again it reminds nobody twice; `tooOften` counts those left alone',
    roles: marketers,
    params: byId,
    answer: z.object({ reminded: z.int(), tooOften: z.int() }),
  }),
};
