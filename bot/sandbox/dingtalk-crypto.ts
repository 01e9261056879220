import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';

/** K04@0003: AES-256-CBC, PKCS7 to 32 bytes, random(16) + length + message + owner key. */
export function seal(aesKey: string, ownerKey: string, message: string, random: Buffer = randomBytes(16)): string {
  const key = keyOf(aesKey);
  const bytes = Buffer.from(message);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  const plain = Buffer.concat([random, length, bytes, Buffer.from(ownerKey)]);
  const padding = 32 - (plain.length % 32);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.update(Buffer.alloc(padding, padding)), cipher.final()]).toString(
    'base64',
  );
}

/** Null when it was not sealed with this key for this owner. */
export function open(aesKey: string, ownerKey: string, sealed: string): string | null {
  const key = keyOf(aesKey);
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length === 0 || bytes.length % 32 !== 0) return null;
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(bytes), decipher.final()]);
  const padding = padded.at(-1) ?? 0;
  if (padding < 1 || padding > 32) return null;
  const plain = padded.subarray(0, padded.length - padding);
  if (plain.length < 20) return null;
  const end = 20 + plain.readUInt32BE(16);
  if (end > plain.length || plain.subarray(end).toString('utf8') !== ownerKey) return null;
  return plain.subarray(20, end).toString('utf8');
}

export function signatureOf(token: string, timestamp: string, nonce: string, sealed: string): string {
  return createHash('sha1').update([token, timestamp, nonce, sealed].sort().join('')).digest('hex');
}

/** K05@0007: what proves an HTTP card callback. */
export const cardSignature = (secret: string, timestamp: string): string =>
  createHmac('sha256', secret).update(timestamp).digest('base64');

const keyOf = (aesKey: string): Buffer => Buffer.from(`${aesKey}=`, 'base64');
