import { expect, test } from 'vitest';
import { makeFieldCipher } from '#server/base/field-cipher.ts';

const cipher = makeFieldCipher('one secret of at least thirty-two characters');

test('an encrypted field comes back as it was and never looks the same twice', () => {
  const sealed = cipher.encrypt('13800138000');
  expect(sealed).not.toContain('13800138000');
  expect(cipher.encrypt('13800138000')).not.toBe(sealed);
  expect(cipher.decrypt(sealed)).toBe('13800138000');
});

test('a field that was tampered with, or written with another key, is refused', () => {
  const sealed = cipher.encrypt('13800138000');
  const tampered = sealed.slice(0, -1) + (sealed.endsWith('A') ? 'B' : 'A');
  expect(() => cipher.decrypt(tampered)).toThrow();
  expect(() => makeFieldCipher('another secret of at least thirty-two chars').decrypt(sealed)).toThrow();
});

test('equal values can be found by their hash without being readable', () => {
  expect(cipher.hash('13800138000')).toBe(cipher.hash('13800138000'));
  expect(cipher.hash('13800138000')).not.toBe(cipher.hash('13800138001'));
});
