import { expect, test } from 'vitest';
import { maskPhone, normalisePhone } from '#server/base/phone.ts';

test.each([
  ['138 0013 8000', '13800138000'],
  ['+86 138-0013-8000', '13800138000'],
  ['８６13800138000', '13800138000'],
  ['0086 13800138000', '13800138000'],
  ['(021) 6888-8888', '02168888888'],
  ['+86 021 68888888', '02168888888'],
  ['+852 9123 4567', '+85291234567'],
  ['86123456', '86123456'],
])('%s is the number %s however it is written', (written, plain) => {
  expect(normalisePhone(written)).toBe(plain);
});

test('a masked number shows its ends only', () => {
  expect(maskPhone('+86 138-0013-8000')).toBe('138****8000');
  expect(maskPhone('02168888888')).toBe('021****8888');
  expect(maskPhone('68888888')).toBe('688***88');
  expect(maskPhone('12345')).toBe('*****');
});
