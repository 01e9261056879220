import { createHash } from 'node:crypto';
import { z } from 'zod';

/**
 * waiting → sending → sent | refused | unknown, or waiting → late. A welcome leaves at most once: one that may have left
 * is `unknown` and stays so.
 */
export type WelcomeState = 'waiting' | 'sending' | 'sent' | 'unknown' | 'late' | 'refused';

/** D92137: a code is good for 20 s from the event, and for one message. */
export const WELCOME_VALID_MS = 20_000;
const TEXT_BYTES_MAX = 4000;

/** The company's choice, under the setting `welcome`. `{member}` and `{contact}` stand for their names. */
export const welcomeSetting = z
  .object({
    enabled: z.boolean().default(true),
    text: z
      .string()
      .trim()
      .min(1)
      .max(1000)
      .default('{contact}您好，我是{member}，很高兴认识您。有什么需要，随时在这里找我。'),
  })
  .prefault({});

export function hashWelcomeCode(code: string): string {
  return createHash('sha256').update(code).digest('base64url');
}

export function welcomeText(template: string, names: { member: string; contact: string }): string {
  const text = template.replace(/\{(member|contact)\}/g, (_, name: 'member' | 'contact') => names[name]).trim();
  return Buffer.from(text)
    .subarray(0, TEXT_BYTES_MAX)
    .toString()
    .replace(/\uFFFD$/, '');
}
