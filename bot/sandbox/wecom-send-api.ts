import { z } from 'zod';

/**
 * What the members' group-send assistant (群发助手) shows, and the ways customers come in by: codes to scan, links to open.
 *
 * GET  /sandbox/api/group-sends?member=      → { sends: SandboxGroupSend[] }      newest first; without member: everybody's
 * GET  /sandbox/api/channels                 → { channels: SandboxChannel[] }     newest first
 * GET  /sandbox/code/<key>.svg                 a code's picture
 * GET  /sandbox/media/<key>                    a picture the product uploaded
 * GET  /ca/<key>?customer_channel=             a link as a person opens it: goes on to /?channel=<key>&state=
 *
 * What people do with them are deeds of POST /sandbox/api/act. The live events `group_send` and `channels` say when to read
 * anew; what arrives in a customer's chat is a `message` event like any other, `via` 'broadcast'.
 */

/** What stands in a chat beside words. Addresses of pictures are the sandbox's own or the product's. */
export const messageCard = z.object({
  kind: z.enum(['image', 'video', 'file', 'link', 'app']),
  /** The file's name, the link's or the mini program's title. */
  title: z.string(),
  description: z.string(),
  url: z.string().nullable(),
  pictureUrl: z.string().nullable(),
});
export type MessageCard = z.infer<typeof messageCard>;

export const sendOutcome = z.enum(['waiting', 'delivered', 'not_connected', 'over_quota']);
export type SendOutcome = z.infer<typeof sendOutcome>;

/** One member's part of a group message. */
export const sandboxGroupSend = z.object({
  /** The platform's id of the message; the same for each of its members. */
  id: z.string(),
  member: z.string(),
  at: z.number(),
  text: z.string(),
  cards: z.array(messageCard),
  contactCount: z.number(),
  /** declined: the member put it aside; the platform calls that "not sent", as it does waiting. */
  state: z.enum(['waiting', 'sending', 'sent', 'declined', 'cancelled']),
  outcomes: z.record(sendOutcome, z.number()),
  confirmedAt: z.number().nullable(),
  /** When an administrator reminded the members last. */
  remindedAt: z.number().nullable(),
});
export type SandboxGroupSend = z.infer<typeof sandboxGroupSend>;

export const sandboxChannel = z.object({
  kind: z.enum(['code', 'link']),
  key: z.string(),
  /** A code's note, a link's name. */
  name: z.string(),
  /** What comes back with who adds; a link's is in the address it is opened by. */
  state: z.string(),
  members: z.array(z.string()),
  skipVerify: z.boolean(),
  at: z.number(),
  /** The picture of a code, the address of a link. */
  url: z.string(),
  /** How many came in this way. */
  addedCount: z.number(),
});
export type SandboxChannel = z.infer<typeof sandboxChannel>;

/** Deeds, for the union of all. */
export const sendActs = [
  /** The member presses 发送: customers get it one after another. → settled: how many customers are sent to */
  z.object({ kind: z.literal('send_confirmed'), member: z.string(), send: z.string() }),
  /** The member puts it aside; may still be confirmed later. */
  z.object({ kind: z.literal('send_declined'), member: z.string(), send: z.string() }),
  /** Everybody who has not, of one message or (null) of all. → settled: how many members */
  z.object({ kind: z.literal('sends_confirmed'), send: z.string().nullable() }),
  /**
   * A customer scans a code or opens a link. `contact` null: a new person called `name`; whoever knows one of its members
   * already comes out in that chat, which nobody is told of. `state` is the link's customer_channel; a code has its own.
   * → contact, member, relation
   */
  z.object({
    kind: z.literal('channel_opened'),
    channel: z.string(),
    contact: z.string().nullable(),
    name: z.string().max(32).optional(),
    corpName: z.string().max(64).optional(),
    state: z.string().max(64).optional(),
    half: z.boolean().default(false),
    agree: z.boolean().default(true),
  }),
] as const;

export const sendSettings = {
  /** For how long after its start a group message is handed out: members do not see it and calls about it get 41063. */
  sendDispatchMs: z.number().int().min(0).max(60_000),
  /** Between two customers of a confirmed message; with many of them less, so that it takes half a minute at most. */
  sendStepMs: z.number().int().min(0).max(60_000),
  /** How long get_groupmsg_list_v2 does not know a new message yet. */
  sendListDelayMs: z.number().int().min(0).max(600_000),
  /** Group messages a customer gets per day, week and month; null: any number. WeCom: per month, as many as it has days. */
  sendsPerDayMax: z.number().int().min(0).nullable(),
  sendsPerWeekMax: z.number().int().min(0).nullable(),
  sendsPerMonthMax: z.number().int().min(0).nullable(),
} as const;

export const sendLiveEvents = [
  /** New, or its state or outcomes are other than before; member and id as in the list. */
  z.object({ type: z.literal('group_send'), member: z.string(), send: z.string() }),
  /** A code or a link is new, other, gone, or was used. */
  z.object({ type: z.literal('channels') }),
] as const;
