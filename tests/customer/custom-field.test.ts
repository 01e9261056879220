import { expect, test } from 'vitest';
import { applyCustomEdit, type CustomField, type CustomValue } from '#server/customer/custom-field.ts';

const field = (key: string, type: CustomField['type'], more: Partial<CustomField> = {}): CustomField => ({
  key,
  label: key,
  type,
  options: [],
  required: false,
  ...more,
});
const fields = [
  field('text', 'text'),
  field('seats', 'number'),
  field('renewal', 'date'),
  field('size', 'choice', { options: ['小', '大'] }),
];

test.each<[string, CustomValue]>([
  ['text', '任何'],
  ['seats', 20],
  ['renewal', '2026-02-28'],
  ['size', '大'],
])('%s may be %j', (key, value) => {
  expect(applyCustomEdit(fields, null, { [key]: value })).toEqual({ [key]: value });
});

test.each<[string, CustomValue]>([
  ['text', 5],
  ['seats', '20'],
  ['renewal', '2026-02-30'],
  ['renewal', '下周'],
  ['size', '中'],
  ['unknown', 'x'],
])('%s may not be %j', (key, value) => {
  expect(() => applyCustomEdit(fields, null, { [key]: value })).toThrow(
    expect.objectContaining({ code: 'customer.custom', status: 422 }),
  );
});

test('a required field must be filled at first and cannot be emptied later', () => {
  const required = [field('seats', 'number', { required: true })];
  expect(() => applyCustomEdit(required, null, {})).toThrow('seats is required');
  expect(() => applyCustomEdit(required, { seats: 3 }, { seats: null })).toThrow('seats is required');
});

test('a field that became required later does not stop other edits', () => {
  const later = [...fields, field('vat', 'text', { required: true })];
  expect(applyCustomEdit(later, { seats: 3 }, { text: 'x' })).toEqual({ seats: 3, text: 'x' });
});

test('an edit leaves the other values alone and null empties one', () => {
  expect(applyCustomEdit(fields, { seats: 3, text: 'a' }, { text: null, size: '小' })).toEqual({
    seats: 3,
    size: '小',
  });
});
