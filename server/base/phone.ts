/**
 * The number without what people write around it: spaces, hyphens, brackets, 全角 digits, the prefix of mainland China.
 * Two ways to write one number become the same text, which is what is hashed and compared.
 */
export function normalisePhone(written: string): string {
  const plain = written.normalize('NFKC').replace(/[^\d+]/g, '');
  const digits = plain.replace(/^(\+|00)86(?=1\d{10}$|0?[1-9]\d{8,10}$)/, '');
  return /^86(?=1[3-9]\d{9}$)/.test(digits) ? digits.slice(2) : digits;
}

/** 138****8000: enough to recognise a number one knows. */
export function maskPhone(phone: string): string {
  const plain = normalisePhone(phone);
  if (plain.length < 7) return '*'.repeat(plain.length);
  const tail = plain.length >= 11 ? 4 : 2;
  const head = 3;
  return `${plain.slice(0, head)}${'*'.repeat(plain.length - head - tail)}${plain.slice(-tail)}`;
}
