import type { ApprovalKind } from '#server/approval/approval-api.ts';
import type { ApprovalPolicy } from '#server/approval/policy-api.ts';
import type { MemberView } from '#server/member/member-api.ts';
import { ApiError } from '#miniapp/api/api-error.ts';
import { language, t, type MessageKey } from '#miniapp/i18n/i18n.ts';

export type Draft = ApprovalPolicy;
export type Rule = Draft['bands'][number]['levels'][number]['who'];
export type Role = MemberView['role'];

export const roleWords = {
  rep: 'member.role.rep',
  manager: 'member.role.manager',
  director: 'member.role.director',
  marketing: 'member.role.marketing',
  admin: 'member.role.admin',
} as const satisfies Record<Role, MessageKey>;
export const roles = Object.keys(roleWords) as Role[];

/** What the bands of a kind are counted in. */
export const unitWords = {
  discount: 'policy.unit.percent',
  contract_terms: 'policy.unit.yuan',
  customer_transfer: 'policy.unit.items',
  stage_exception: 'policy.unit.yuan',
  sensitive_reveal: 'policy.unit.hours',
  broadcast: 'policy.unit.people',
} as const satisfies Record<ApprovalKind, MessageKey>;

export const formLabels = ['number', 'title', 'customer', 'amount', 'measure', 'reason'] as const;
export const labelWords = {
  number: 'policy.label.number',
  title: 'policy.label.title',
  customer: 'policy.label.customer',
  amount: 'policy.label.amount',
  measure: 'policy.label.measure',
  reason: 'policy.label.reason',
} as const satisfies Record<(typeof formLabels)[number], MessageKey>;

/** What a refused save says, by the field it is about: `bands.1.upTo`. */
export function problemsIn(error: unknown): Record<string, string> {
  const said = error instanceof ApiError ? error.detail['problems'] : null;
  if (!Array.isArray(said)) return {};
  const problems = said as { path: string; message: string }[];
  return Object.fromEntries(
    problems.map(({ path, message }) => {
      const field = path.replace(/^body\.policy\./, '');
      return [field, language.locale === 'en' ? message : sentenceFor(field)];
    }),
  );
}

/** The server says it in English; what can be wrong with a field is one thing each. */
function sentenceFor(field: string): string {
  if (/^bands\.\d+\.upTo$/.test(field)) return t('policy.wrong.upTo');
  if (field.endsWith('.who')) return t('policy.wrong.who');
  if (/\.ids|^fallback|^copies/.test(field)) return t('policy.wrong.members');
  if (field.endsWith('.escalateAfterMinutes')) return t('policy.wrong.escalate');
  if (field === 'form.platform') return t('policy.wrong.platform');
  if (field.startsWith('form')) return t('policy.wrong.form');
  if (field === 'expireAfterHours') return t('policy.wrong.expire');
  return t('error.invalid');
}

/** The sentence at a field or anywhere below it. */
export const problemAt = (problems: Record<string, string>, field: string): string | null =>
  Object.entries(problems).find(([path]) => path === field || path.startsWith(`${field}.`))?.[1] ?? null;
