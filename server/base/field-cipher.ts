import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { z } from 'zod';

/** Encrypts single fields at rest (AES-256-GCM) and makes keyed hashes by which an encrypted field can still be found. */
export interface FieldCipher {
  encrypt(plain: string): string;
  /** Throws when the value was not written with this key, or was changed. */
  decrypt(sealed: string): string;
  /** Equal inputs give equal hashes; without the key they say nothing. */
  hash(plain: string): string;
}

const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function makeFieldCipher(secret: string): FieldCipher {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'zhike field encryption', 32));
  const hashKey = Buffer.from(hkdfSync('sha256', secret, '', 'zhike field hash', 32));
  return {
    encrypt(plain) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return `${VERSION}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')}`;
    },
    decrypt(sealed) {
      const [version, payload] = sealed.split('.');
      if (version !== VERSION || !payload) throw new Error('This field was not encrypted by this version of Zhike.');
      const bytes = Buffer.from(payload, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString(
        'utf8',
      );
    },
    hash: (plain) => createHmac('sha256', hashKey).update(plain).digest('base64url'),
  };
}

/** What an encrypted field keeps of a value that is no text. */
export function sealJson(cipher: FieldCipher, value: unknown): string {
  return cipher.encrypt(JSON.stringify(value));
}

export function openJson<Schema extends z.ZodType>(
  cipher: FieldCipher,
  schema: Schema,
  sealed: string,
): z.output<Schema> {
  return schema.parse(JSON.parse(cipher.decrypt(sealed)));
}
