import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { signalKinds } from '#server/summary/summary-answer.ts';

const words = z.array(z.string().min(1)).min(1);

export const summaryCase = z.strictObject({
  id: z.string(),
  about: z.string(),
  contact: z.string().default('陈丽华'),
  member: z.string().default('王明'),
  /** Names of the tags the company has. */
  tags: z.array(z.string()).default(['高意向', '价格敏感', '竞品对比中', '售后']),
  /** `c …` the customer, `m …` the member, `r …` a message the customer takes back; `|` a day passes, `--` a summary is made. */
  chat: z.array(z.string().regex(/^(?:[cmr] [\s\S]+|\||--)$/)).min(1),
  expect: z.strictObject({
    /** Each must be found in the statements, in one of the wordings. */
    facts: z.array(words).default([]),
    signals: z.array(z.enum(signalKinds)).default([]),
    promises: z
      .array(z.strictObject({ who: z.enum(['member', 'contact']), due: z.iso.date().nullable(), words }))
      .default([]),
    /** One of them must be in the next step. */
    next: z.array(z.string()).default([]),
    tags: z.array(z.string()).default([]),
    /** Must be in no statement. */
    absent: z.array(z.string()).default([]),
    /** Personal data that must not reach the model. */
    secrets: z.array(z.string()).default([]),
    /** Nothing but hello: not worth a call. */
    silent: z.boolean().default(false),
    /** Somebody gives the model orders. */
    injection: z.boolean().default(false),
  }),
});
export type SummaryCase = z.infer<typeof summaryCase>;

export const segmentCase = z.strictObject({
  id: z.string(),
  about: z.string(),
  tags: z.array(z.string()).default(['高意向', '价格敏感', 'VIP']),
  sentence: z.string(),
  expect: z.strictObject({
    conditions: z
      .array(z.strictObject({ field: z.string(), operator: z.string(), value: z.unknown().optional() }))
      .default([]),
    notUnderstood: z.array(z.string()).default([]),
    secrets: z.array(z.string()).default([]),
    injection: z.boolean().default(false),
  }),
});
export type SegmentCase = z.infer<typeof segmentCase>;

export const replyCase = z.strictObject({
  id: z.string(),
  about: z.string(),
  contact: z.string().default('陈丽华'),
  member: z.string().default('王明'),
  /** What the company has written down, by title. */
  documents: z.record(z.string(), z.string()).default({}),
  chat: z.array(z.string().regex(/^[cm] [\s\S]+$/)).min(1),
  style: z.enum(['another', 'shorter', 'more_formal']).default('another'),
  text: z.string().default(''),
  expect: z.strictObject({
    facts: z.array(words).default([]),
    /** Titles of the documents it must name as its sources. */
    sources: z.array(z.string()).default([]),
    absent: z.array(z.string()).default([]),
    /** Prices, dates and promises nobody gave, which must be marked. */
    risks: z.array(z.string()).default([]),
    secrets: z.array(z.string()).default([]),
    injection: z.boolean().default(false),
  }),
});
export type ReplyCase = z.infer<typeof replyCase>;

/** The cases of cases/<use case>.jsonl. Throws with the line that is none. */
export function readCases<Case extends z.ZodType<{ id: string }>>(useCase: string, shape: Case): z.output<Case>[] {
  const file = path.join(import.meta.dirname, 'cases', `${useCase}.jsonl`);
  const cases = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((row, at) => {
      const parsed = shape.safeParse(JSON.parse(row));
      if (!parsed.success) throw new Error(`${file}:${at + 1} is no case: ${z.prettifyError(parsed.error)}`);
      return parsed.data;
    });
  const twice = cases.find(({ id }, at) => cases.findIndex((one) => one.id === id) !== at);
  if (twice) throw new Error(`${file} has two cases ${twice.id}.`);
  return cases;
}

/** Of what the model is asked, not of what is expected: a case keeps its recorded answers while only that changes. */
export function caseKey(useCase: string, one: { id: string; expect: unknown; about: string }): string {
  const asked = Object.fromEntries(Object.entries(one).filter(([name]) => name !== 'expect' && name !== 'about'));
  return createHash('sha256')
    .update(JSON.stringify([useCase, asked]))
    .digest('hex')
    .slice(0, 16);
}
