import { z } from 'zod';
import { byId, endpoint } from '#server/base/endpoint.ts';
import { person } from '#server/base/person.ts';
import { requestKey } from '#server/base/request-key.ts';
import { messageContent, variables } from '#server/material/material-api.ts';

export const channelKinds = ['code', 'link'] as const;

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);
/** Days of the week (1 is Monday) and times of the company; `to` '00:00' is midnight. */
const hours = z.object({
  days: z.array(z.int().min(1).max(7)).min(1).max(7),
  from: clock,
  to: clock,
});

/** Who receives contacts when: everyone whose shift it is and who has room, else the spare members. */
export const duty = z.object({
  /** [{ … always }] when there is no plan: days 1–7, 00:00 to 00:00. */
  shifts: z
    .array(hours.extend({ memberIds: z.array(z.uuid()).min(1).max(100) }))
    .min(1)
    .max(20),
  spareIds: z.array(z.uuid()).max(20).default([]),
});
export type Duty = z.infer<typeof duty>;

/** A welcome for some hours; the first whose hours it is. Knows `{member}` and `{contact}`. */
export const channelWelcome = z.object({ hours: hours.nullable(), content: messageContent });
export type ChannelWelcome = z.infer<typeof channelWelcome>;

export const channelDraft = z.object({
  name: z.string().trim().min(1).max(30),
  kind: z.enum(channelKinds),
  /** Becomes the source of customers it brings; null: the name. */
  source: z.string().trim().max(60).nullable().default(null),
  skipVerify: z.boolean().default(true),
  duty,
  /** Contacts one member takes in a day. */
  dailyMax: z.int().min(1).max(1000).nullable().default(null),
  tagIds: z.array(z.uuid()).max(20).default([]),
  welcomes: z.array(channelWelcome).max(10).default([]),
  expiresAt: z.iso.datetime().nullable().default(null),
});
export type ChannelDraft = z.infer<typeof channelDraft>;

export const channelView = channelDraft.extend({
  id: z.uuid(),
  platform: z.string(),
  /** What comes back with each contact. */
  state: z.string(),
  /** Of the code's picture, or what the link opens; null until the platform has made it. */
  url: z.string().nullable(),
  onDuty: z.array(person),
  /** Why the platform does not have it as it should be. */
  shown: z.object({ state: z.enum(['owed', 'sending', 'shown', 'failed']), error: z.string().nullable() }),
  members: z.array(person),
  /** Contacts it brought today, all in all, and how many of these are still connected. */
  today: z.int(),
  added: z.int(),
  stayed: z.int(),
  archivedAt: z.iso.datetime().nullable(),
  version: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type ChannelView = z.infer<typeof channelView>;

export const boardLine = z.object({
  channel: z.object({ id: z.uuid(), name: z.string(), kind: z.enum(channelKinds) }),
  added: z.int(),
  /** Of these, still connected. */
  stayed: z.int(),
  /** Wrote at least once. */
  replied: z.int(),
  /** Whose customer won. */
  won: z.int(),
  wonAmountFen: z.number(),
  days: z.array(z.object({ day: z.iso.date(), added: z.int() })),
});

const variable = /\{([^{}]*)\}/g;

const welcomeText = z
  .string()
  .trim()
  .min(1)
  .max(4000)
  .superRefine((text, ctx) => {
    const known: readonly string[] = variables;
    // No matchAll: the pages' oldest kernels lack it, and they read this file too.
    for (const whole of text.match(variable) ?? [])
      if (!known.includes(whole.slice(1, -1)))
        ctx.addIssue(`${whole} stands for nothing; there is ${known.map((one) => `{${one}}`).join(' and ')}`);
    if (text.replace(variable, '').trim() === '') ctx.addIssue('says nothing where a name is not known');
  });

export const welcomeView = z.object({
  enabled: z.boolean(),
  text: z.string(),
  /** What the platform takes, in UTF-8; null when none sends welcomes. */
  bytesMax: z.int().nullable(),
});

const keepers = ['marketing', 'admin', 'manager', 'director'] as const;

export const channelApi = {
  list: endpoint({
    method: 'GET',
    path: '/api/channels',
    summary: 'Channels, newest first',
    roles: keepers,
    query: z.object({ archived: z.stringbool().default(false) }),
    answer: z.object({ items: z.array(channelView) }),
  }),
  read: endpoint({
    method: 'GET',
    path: '/api/channels/:id',
    summary: 'One channel',
    roles: keepers,
    params: byId,
    answer: channelView,
  }),
  create: endpoint({
    method: 'POST',
    path: '/api/channels',
    summary: 'A new channel; the platform makes its code or link a moment later',
    roles: keepers,
    body: channelDraft.extend({ requestKey }),
    answer: channelView,
    status: 201,
  }),
  edit: endpoint({
    method: 'PUT',
    path: '/api/channels/:id',
    summary: 'Changes a channel; its code stays good',
    roles: keepers,
    params: byId,
    body: channelDraft.omit({ kind: true }).extend({ version: z.int() }),
    answer: channelView,
  }),
  archive: endpoint({
    method: 'POST',
    path: '/api/channels/:id/archive',
    summary: 'Ends a channel: its code or link brings nobody any more. What it brought stays',
    roles: keepers,
    params: byId,
    answer: channelView,
  }),
  picture: endpoint({
    method: 'GET',
    path: '/api/channels/:id/picture',
    summary: 'The picture of the code, to be saved',
    roles: keepers,
    params: byId,
    answer: z.unknown(),
  }),
  board: endpoint({
    method: 'GET',
    path: '/api/channels/board',
    summary: 'What each channel brought between two days: added, stayed, replied, won',
    roles: keepers,
    query: z.object({ from: z.iso.date(), to: z.iso.date() }),
    answer: z.object({ items: z.array(boardLine) }),
  }),
  welcome: endpoint({
    method: 'GET',
    path: '/api/settings/welcome',
    summary: 'What a new contact is greeted with',
    roles: ['admin', 'marketing'],
    answer: welcomeView,
  }),
  saveWelcome: endpoint({
    method: 'PUT',
    path: '/api/settings/welcome',
    summary: 'Change what a new contact is greeted with; {member} and {contact} stand for the names',
    roles: ['admin', 'marketing'],
    body: z.object({ enabled: z.boolean(), text: welcomeText }),
    answer: welcomeView,
  }),
};
