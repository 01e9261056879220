import { z } from 'zod';
import { endpoint } from '#server/base/endpoint.ts';
import { person } from '#server/base/person.ts';
import { givenDay } from '#server/base/given-time.ts';

/** What the model is asked for; each has a switch of its own. Named after its file in prompts/. */
export const useCases = ['summarise-conversation', 'draft-reply', 'draft-segment'] as const;
export const useCase = z.enum(useCases);

/** Yuan with up to six decimals. */
const figures = z.object({
  runs: z.int(),
  /** By how the run ended: answered, repaired, cached, refused_by_budget … */
  outcomes: z.record(z.string(), z.int()),
  costYuan: z.number(),
  /** Of it, for tries without an answer, which may be charged for: all that was asked and all that may have been written. */
  estimatedYuan: z.number(),
  inputTokens: z.int(),
  /** Of those, read out of the endpoint's own prefix cache. */
  cachedTokens: z.int(),
  outputTokens: z.int(),
  /** Statements and signals dropped because nothing proves them. */
  dropped: z.int(),
  p50Ms: z.int().nullable(),
  p95Ms: z.int().nullable(),
});

/** What reps did with drafts; `distance` is the mean share of letters changed before they were sent, 0 to 1. */
const drafts = z.object({
  shown: z.int(),
  sent: z.int(),
  edited: z.int(),
  rejected: z.int(),
  distance: z.number().nullable(),
});

export const usageView = z.object({
  from: z.iso.date(),
  until: z.iso.date(),
  today: z.object({
    spentYuan: z.number(),
    softYuan: z.number().nullable(),
    hardYuan: z.number(),
    /** soft: only what somebody waits for is still asked; hard: nothing is. */
    line: z.enum(['below', 'soft', 'hard']),
  }),
  total: figures,
  days: z.array(z.object({ day: z.iso.date(), runs: z.int(), costYuan: z.number() })),
  useCases: z.array(figures.extend({ useCase: z.string() })),
  /** Who cost most. `customer` null: conversations of contacts nobody has bound. */
  customers: z.array(z.object({ customer: person.nullable(), runs: z.int(), costYuan: z.number() })),
  drafts,
});
export type UsageView = z.infer<typeof usageView>;

export const runView = z.object({
  id: z.uuid(),
  at: z.iso.datetime(),
  useCase: z.string(),
  promptVersion: z.string(),
  model: z.string(),
  outcome: z.string(),
  costYuan: z.number(),
  /** Of it, what the endpoint never counted. */
  estimatedYuan: z.number(),
  inputTokens: z.int(),
  cachedTokens: z.int(),
  outputTokens: z.int(),
  latencyMs: z.int(),
  dropped: z.int(),
  error: z.string().nullable(),
  contact: person.nullable(),
});
export type RunView = z.infer<typeof runView>;

/** How a prompt did with the stored cases (`npm run eval`). */
export const caseFigures = z.object({
  at: z.iso.datetime(),
  cases: z.int(),
  passed: z.int(),
  scores: z.array(z.object({ name: z.string(), value: z.number(), gate: z.number().nullable() })),
});

const promptVersion = figures.extend({
  version: z.string(),
  current: z.boolean(),
  firstAt: z.iso.datetime().nullable(),
  lastAt: z.iso.datetime().nullable(),
  drafts,
  cases: caseFigures.nullable(),
});

export const promptView = z.object({
  name: z.string(),
  version: z.string(),
  temperature: z.number().nullable(),
  /** As it is sent, with the names of its variables. */
  text: z.string(),
  /** Newest first. */
  versions: z.array(promptVersion),
});
export type PromptView = z.infer<typeof promptView>;

export const modelSettings = z.object({
  /** The whole company's: off, nothing is asked of a model any more. */
  on: z.boolean(),
  useCases: z.record(useCase, z.boolean()),
  softYuan: z.number().min(0).max(1_000_000).nullable(),
  hardYuan: z.number().min(0).max(1_000_000),
});
export type ModelSettings = z.infer<typeof modelSettings>;

export const modelSettingsView = modelSettings.extend({
  configured: z.boolean(),
  model: z.string().nullable(),
  /** The endpoint's host: where what is asked goes to. */
  host: z.string().nullable(),
  sources: z.array(
    z.object({
      id: z.string(),
      platform: z.string(),
      kind: z.string(),
      enabled: z.boolean(),
      modelAllowed: z.boolean(),
    }),
  ),
  /**
   * Who switched what, newest first. `what`: `on`, `useCase.<name>`, `source.<id>`, to `on` or `off`; `softYuan`,
   * `hardYuan`, to an amount or `none`.
   */
  changes: z.array(
    z.object({ at: z.iso.datetime(), by: person.nullable(), what: z.string(), to: z.string(), reason: z.string() }),
  ),
});
export type ModelSettingsView = z.infer<typeof modelSettingsView>;

export const usageApi = {
  usage: endpoint({
    method: 'GET',
    path: '/api/usage',
    summary: 'What the model was asked and what it cost',
    roles: ['admin'],
    query: z.object({ from: givenDay.optional(), until: givenDay.optional() }),
    answer: usageView,
  }),
  runs: endpoint({
    method: 'GET',
    path: '/api/usage/runs',
    summary: 'Each call to the model, newest first',
    roles: ['admin'],
    query: z.object({
      useCase: z.string().max(60).optional(),
      outcome: z.string().max(40).optional(),
      cursor: z.uuid().optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    answer: z.object({ items: z.array(runView), next: z.string().nullable() }),
  }),
  prompts: endpoint({
    method: 'GET',
    path: '/api/prompts',
    summary: 'The prompts, and how each version of them did',
    roles: ['admin'],
    answer: z.object({ items: z.array(promptView) }),
  }),
  settings: endpoint({
    method: 'GET',
    path: '/api/settings/model',
    summary: 'What the model may be asked, and for how much',
    roles: ['admin'],
    answer: modelSettingsView,
  }),
  saveSettings: endpoint({
    method: 'PUT',
    path: '/api/settings/model',
    summary: 'Change it; the reason is kept',
    roles: ['admin'],
    body: modelSettings.extend({ reason: z.string().trim().min(2).max(200) }),
    answer: modelSettingsView,
  }),
};
