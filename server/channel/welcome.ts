import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Variable } from '#server/material/material-api.ts';
import { renderText } from '#server/material/message-content.ts';

/**
 * waiting → sending → sent | refused | unknown, or waiting → late. A welcome leaves at most once: one that may have left
 * is `unknown` and stays so.
 */
export type WelcomeState = 'waiting' | 'sending' | 'sent' | 'unknown' | 'late' | 'refused';

/** D92137: a code is good for 20 s from the event, and for one message. */
export const WELCOME_VALID_MS = 20_000;

/** The company's choice, under the setting `welcome`; off until somebody answers for its words. `{member}` and `{contact}` stand for their names. */
export const welcomeSetting = z
  .object({
    enabled: z.boolean().default(false),
    text: z.string().trim().min(1).default('{contact}您好，我是{member}，很高兴认识您。有什么需要，随时在这里找我。'),
  })
  .prefault({});

export function hashWelcomeCode(code: string): string {
  return createHash('sha256').update(code).digest('base64url');
}

/** Names can make a text too long that was not: it is cut to what the platform takes. */
export function welcomeText(template: string, names: Record<Variable, string>, bytesMax: number): string {
  return Buffer.from(renderText(template, names).trim())
    .subarray(0, bytesMax)
    .toString()
    .replace(/\uFFFD$/, '');
}
