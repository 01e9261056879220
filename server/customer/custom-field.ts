import { Refusal } from '#server/base/refusal.ts';

export type CustomValue = string | number | null;
export type CustomValues = Record<string, CustomValue>;

/** A field an admin added to the customer record. */
export interface CustomField {
  key: string;
  label: string;
  type: 'text' | 'number' | 'date' | 'choice';
  options: readonly string[];
  required: boolean;
}

/**
 * The values after the edit. A required field must be filled in a new record and may not be emptied in an old one; one
 * that became required later does not stop other edits.
 */
export function applyCustomEdit(
  fields: readonly CustomField[],
  before: CustomValues | null,
  edit: CustomValues,
): CustomValues {
  const byKey = new Map(fields.map((field) => [field.key, field]));
  const problems = Object.entries(edit).flatMap(([key, value]) => {
    const field = byKey.get(key);
    const problem = field ? problemOf(field, value) : 'there is no such field';
    return problem ? [{ key, message: problem }] : [];
  });
  if (before === null) {
    const missing = fields.filter((field) => field.required && !Object.hasOwn(edit, field.key));
    problems.push(...missing.map((field) => ({ key: field.key, message: `${field.label} is required` })));
  }
  if (problems.length > 0) {
    const said = problems.map(({ key, message }) => `${key}: ${message}`).join('; ');
    throw new Refusal('customer.custom', `Correct these fields: ${said}`, 422, { problems });
  }
  const values = { ...before, ...edit };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== ''));
}

function problemOf(field: CustomField, value: CustomValue): string | null {
  if (value === null || value === '') return field.required ? `${field.label} is required` : null;
  switch (field.type) {
    case 'text':
      return typeof value === 'string' ? null : 'must be text';
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? null : 'must be a number';
    case 'date':
      return typeof value === 'string' && isDate(value) ? null : 'must be a date like 2026-03-31';
    case 'choice':
      return field.options.includes(String(value)) && typeof value === 'string'
        ? null
        : `must be one of ${field.options.join(', ')}`;
    default:
      return field.type satisfies never;
  }
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}
