import { customerGrades, customerKinds, customerStages } from '#server/customer/customer-api.ts';
import { bindingRoles } from '#server/binding/binding-api.ts';
import { givenDay } from '#server/base/given-time.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { CustomField } from '#server/customer/custom-field.ts';
import { isIndustry } from '#server/customer/industry.ts';
import { isRegion } from '#server/customer/region.ts';
import {
  operatorsOf,
  RULE_CONDITIONS_MAX,
  RULE_DEPTH_MAX,
  segmentFields,
  type FieldType,
  type Operator,
  type SegmentCondition,
  type SegmentField,
  type SegmentRule,
} from './segment-api.ts';

export interface RuleProblem {
  /** Where: `rule.all.1.value`. */
  path: string;
  message: string;
}
/** A field the company added, as far as a rule asks about it. */
export type RuleField = Pick<CustomField, 'key' | 'type'>;

const CUSTOM = 'custom.';
const DAYS_MAX = 3660;
const TEXT_MAX = 200;
const NUMBER_MAX = 1e12;

/** The key of a field the company added; null for our own. */
export const customKeyOf = (field: string): string | null =>
  field.startsWith(CUSTOM) ? field.slice(CUSTOM.length) : null;

export const isOwnField = (field: string): field is SegmentField => Object.hasOwn(segmentFields, field);

/** Null when there is no such field. */
export function fieldTypeOf(field: string, custom: readonly RuleField[]): FieldType | null {
  if (isOwnField(field)) return segmentFields[field];
  const key = customKeyOf(field);
  return custom.find((each) => each.key === key)?.type ?? null;
}

/** Throws `segment.rule` with every problem there is. */
export function checkRule(rule: SegmentRule, custom: readonly RuleField[]): void {
  const problems = problemsOf(rule, custom);
  if (problems.length === 0) return;
  const said = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new Refusal('segment.rule', `Correct the rule: ${said}`, 400, { problems });
}

export function problemsOf(rule: SegmentRule, custom: readonly RuleField[]): RuleProblem[] {
  const leaves = conditionsOf(rule);
  const tooDeep = depthOf(rule) > RULE_DEPTH_MAX;
  const tooMany = leaves.length > RULE_CONDITIONS_MAX;
  return [
    ...(tooDeep
      ? [{ path: 'rule', message: `Groups may lie ${RULE_DEPTH_MAX} deep, not deeper. Make it flatter.` }]
      : []),
    ...(tooMany
      ? [{ path: 'rule', message: `A rule has at most ${RULE_CONDITIONS_MAX} conditions, not ${leaves.length}.` }]
      : []),
    ...leaves.flatMap(({ path, condition }) =>
      conditionProblems(condition, custom).map((problem) => ({
        ...problem,
        path: ['rule', path, problem.path].filter(Boolean).join('.'),
      })),
    ),
  ];
}

/** Groups and conditions on the way down, the root included. */
function depthOf(rule: SegmentRule): number {
  return 1 + Math.max(0, ...childrenOf(rule).map(({ rule: child }) => depthOf(child)));
}

/** What a group holds, with the path of each in it; [] for a condition. */
export function childrenOf(rule: SegmentRule): { path: string; rule: SegmentRule }[] {
  if ('all' in rule) return rule.all.map((child, at) => ({ path: `all.${at}`, rule: child }));
  if ('any' in rule) return rule.any.map((child, at) => ({ path: `any.${at}`, rule: child }));
  if ('not' in rule) return [{ path: 'not', rule: rule.not }];
  return [];
}

/** The conditions of a rule with their paths: `all.1.any.0`; '' when the rule is one. */
export function conditionsOf(rule: SegmentRule, at = ''): { path: string; condition: SegmentCondition }[] {
  if ('field' in rule) return [{ path: at, condition: rule }];
  return childrenOf(rule).flatMap((child) => conditionsOf(child.rule, at ? `${at}.${child.path}` : child.path));
}

/** The lists a rule names. */
export function listsIn(rule: SegmentRule): string[] {
  return conditionsOf(rule)
    .filter(({ condition }) => condition.field === 'list.member')
    .flatMap(({ condition }) => [condition.value ?? []].flat().map(String));
}

function conditionProblems(condition: SegmentCondition, custom: readonly RuleField[]): RuleProblem[] {
  const { field, operator, value } = condition;
  const type = fieldTypeOf(field, custom);
  if (!type) return [{ path: 'field', message: 'There is no such field. GET /api/segments/fields lists them.' }];
  const operators: readonly string[] = operatorsOf[type];
  if (!operators.includes(operator))
    return [{ path: 'operator', message: `${field} can be asked with ${operators.join(', ')}.` }];
  const message = valueProblem(field, type, operator as Operator, value);
  return message ? [{ path: 'value', message }] : [];
}

type Value = SegmentCondition['value'];

function valueProblem(field: string, type: FieldType, operator: Operator, value: Value): string | null {
  switch (operator) {
    case 'is_set':
    case 'is_not_set':
    case 'ever':
    case 'never':
    case 'yes':
    case 'no':
      return value === undefined ? null : 'This question takes no value.';
    case 'is_any':
    case 'is_none':
      return choicesProblem(field, value);
    case 'contains':
    case 'starts_with':
      return isText(value) ? null : 'Say a text of 1 to 200 characters.';
    case 'equals':
      if (type === 'number') return isNumber(value) ? null : 'Say a number.';
      return isText(value) ? null : 'Say a text of 1 to 200 characters.';
    case 'at_least':
    case 'at_most':
      return isNumber(value) ? null : 'Say a number.';
    case 'between': {
      const [from, to, ...rest] = Array.isArray(value) ? value : [];
      if (!isNumber(from) || !isNumber(to) || rest.length > 0) return 'Say two numbers: [from, to].';
      return from <= to ? null : 'The first number must not be larger than the second.';
    }
    case 'before':
    case 'after':
      return givenDay.safeParse(value).success ? null : 'Say a day like 2026-03-31.';
    case 'within_days':
    case 'not_within_days':
      return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= DAYS_MAX
        ? null
        : `Say a whole number of days from 1 to ${DAYS_MAX}.`;
    default:
      return operator satisfies never;
  }
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= TEXT_MAX;
const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= NUMBER_MAX;

function choicesProblem(field: string, value: Value): string | null {
  if (!Array.isArray(value) || value.length === 0) return 'Say a list of at least one value.';
  const { fits, says } = (isOwnField(field) && choices[field]) || text;
  return value.every(fits) ? null : `Each value must be ${says}.`;
}

interface Choice {
  fits(value: string | number): boolean;
  says: string;
}

const oneOf = (values: readonly (string | number)[]): Choice => ({
  fits: (value) => values.includes(value),
  says: `one of ${values.join(', ')}`,
});
const text: Choice = { fits: isText, says: 'a text of 1 to 200 characters' };
const id: Choice = {
  fits: (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(String(value)),
  says: 'an id',
};

export const contactTypes = ['messenger', 'colleague'] as const;
export const genders = [0, 1, 2] as const;
/** What can be chosen of a field; any text where nothing is said. */
const choices: Partial<Record<SegmentField, Choice>> = {
  'contact.type': oneOf(contactTypes),
  'contact.gender': oneOf(genders),
  'follow.member': id,
  'follow.add_way': {
    fits: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 10_000,
    says: 'a number of the platform’s ways to add a contact',
  },
  'follow.tag': id,
  'binding.role': oneOf(bindingRoles),
  'customer.kind': oneOf(customerKinds),
  'customer.stage': oneOf(customerStages),
  'customer.grade': oneOf(customerGrades),
  'customer.region': {
    fits: (value) => isRegion(String(value)),
    says: 'a GB/T 2260 code; GET /api/regions lists them',
  },
  'customer.industry': {
    fits: (value) => isIndustry(String(value)),
    says: 'a GB/T 4754 code; GET /api/industries lists them',
  },
  'customer.owner': id,
  'broadcast.received': id,
  'broadcast.replied': id,
  'list.member': id,
};

/** 王小明 → 王*明, 王明 → 王*. */
export function maskName(name: string): string {
  const letters = [...name.trim()];
  const [first = '', last = ''] = [letters[0], letters.at(-1)];
  if (letters.length <= 1) return letters.length === 0 ? '' : '*';
  return letters.length === 2 ? `${first}*` : `${first}*${last}`;
}

export const unknownSegment = () => new Refusal('segment.unknown', 'There is no such segment.', 404);
export const staleSegment = (version: number) =>
  new Refusal('segment.stale', 'Somebody changed this segment meanwhile. Load it again.', 409, { version });
export const takenName = () =>
  new Refusal('segment.name_taken', 'There is a segment of this name. Choose another name.', 409);

export interface UsedBy {
  kind: 'broadcast' | 'series' | 'segment';
  id: string;
  name: string;
}
export const segmentInUse = (usedBy: UsedBy[]) =>
  new Refusal('segment.in_use', `It is used by ${namesOf(usedBy)}. Take it out there first.`, 409, { usedBy });
export const listInUse = (usedBy: UsedBy[]) =>
  new Refusal('contact_list.in_use', `It is used by ${namesOf(usedBy)}. Take it out there first.`, 409, { usedBy });
export const unknownList = () => new Refusal('contact_list.unknown', 'There is no such list.', 404);
export const tooSlow = () =>
  new Refusal(
    'segment.too_slow',
    'This rule takes too long to count. Make it narrower: fewer conditions in one group, or shorter periods.',
    422,
  );

const namesOf = (usedBy: UsedBy[]) => usedBy.map(({ kind, name }) => `${kind} “${name}”`).join(', ');
