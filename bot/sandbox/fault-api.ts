import { z } from 'zod';
import { sendSettings } from './wecom-send-api.ts';

export const apiFault = z.object({
  /** 'externalcontact/get' is that call, 'externalcontact/*' the family, '*' all. */
  path: z.string().min(1),
  /** no_answer, hang_up: it is done, and no answer comes; the caller waits for it, or is cut off. */
  kind: z.enum(['rate_limited', 'ip_refused', 'token_expired', 'busy', 'slow', 'no_answer', 'hang_up', 'code']),
  /** How many calls it still meets; null: until taken away. */
  calls: z.number().int().positive().nullable().default(null),
  /** When it goes by itself, in the sandbox's time. */
  until: z.number().optional(),
  /** For `slow`. */
  delayMs: z.number().int().min(0).max(60_000).default(3000),
  /** For `code`: any errcode. */
  code: z.number().int().default(-1),
});
export type ApiFault = z.infer<typeof apiFault>;

export const faults = z.object({
  api: z.array(apiFault),
  callbacks: z.object({
    /** Every push leaves twice. */
    duplicate: z.boolean(),
    /** A push waits for the next one and leaves after it. */
    reorder: z.boolean(),
    /** Pushes are lost. */
    lose: z.boolean(),
  }),
  model: z.object({
    mode: z.enum(['up', 'down', 'slow', 'nonsense', 'not_json', 'obeys_injection', 'rate_limited']),
    delayMs: z.number().int().min(0).max(120_000),
  }),
  /** By bridge name, '*' for all of them. The sandbox meets them out itself when asked through /bridge. */
  bridge: z.record(
    z.string(),
    z.object({
      kind: z.enum(['no_permission', 'without_context', 'timeout', 'cancel', 'invalid_signature']),
      calls: z.number().int().positive().nullable(),
    }),
  ),
});
export type Faults = z.infer<typeof faults>;
export const faultEdit = z.object({
  /** `forMs`: sets `until`, that long from now. */
  api: z.array(apiFault.extend({ forMs: z.number().int().positive().max(86_400_000).optional() })).optional(),
  callbacks: faults.shape.callbacks.partial().optional(),
  model: faults.shape.model.partial().optional(),
  bridge: faults.shape.bridge.optional(),
});
export type FaultEdit = z.input<typeof faultEdit>;

export const settings = z.object({
  /** Calls per minute and path before 45009. WeCom: 10,000. */
  callsPerMinuteMax: z.number().int().positive(),
  /** New messages are announced (msgaudit_notify) together this long after the first. WeCom: about 15 s. */
  archiveNotifyMs: z.number().int().min(0).max(60_000),
  /** An app made after 2022-06-20 gets no avatar, gender, mobile, email of members. */
  memberDetails: z.boolean(),
  /** The admin console has a welcome of its own: no welcome code is pushed. */
  consoleWelcome: z.boolean(),
  theme: z.enum(['light', 'dark']),
  /** How long a customer has to decline before they go over. WeCom: 24 hours. */
  transferWaitMs: z.number().int().min(0),
  ...sendSettings,
});
export type Settings = z.infer<typeof settings>;
export const settingsEdit = settings.partial();
export type SettingsEdit = z.infer<typeof settingsEdit>;
