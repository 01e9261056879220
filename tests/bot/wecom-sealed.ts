import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import type { CallbackRequest } from '#server/platform/callback.ts';

/** The keys of the published vectors' kind: invented, and used nowhere. */
export const keys = {
  token: 'scrmSimToken01',
  encodingAesKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
  receiver: 'ww1234567890abcdef',
};
export const aesKey = Buffer.from(`${keys.encodingAesKey}=`, 'base64');

/** What WeCom does before it calls us, so that tests can be WeCom. */
export function seal(message: string | Buffer, receiver = keys.receiver, random = randomBytes(16)): string {
  const bytes = Buffer.from(message);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  const plain = Buffer.concat([random, length, bytes, Buffer.from(receiver)]);
  const padding = 32 - (plain.length % 32);
  return encrypt(Buffer.concat([plain, Buffer.alloc(padding, padding)]));
}

/** AES alone, of whatever is a multiple of 16 bytes: for plaintexts WeCom would never make. */
export function encrypt(padded: Buffer): string {
  const cipher = createCipheriv('aes-256-cbc', aesKey, aesKey.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(padded), cipher.final()]).toString('base64');
}

export function sign(encrypted: string, timestamp: string, nonce: string, token = keys.token): string {
  const parts = [token, timestamp, nonce, encrypted].sort();
  return createHash('sha1').update(parts.join('')).digest('hex');
}

export const signedAt = new Date(1_700_000_000_000);

/** A push whose `encrypted` part is signed as it is. */
export function pushOf(encrypted: string, about: { timestamp?: string; nonce?: string } = {}): CallbackRequest {
  const { timestamp = String(signedAt.getTime() / 1000), nonce = 'nonce123' } = about;
  return {
    method: 'POST',
    query: { msg_signature: sign(encrypted, timestamp, nonce), timestamp, nonce },
    headers: {},
    body: Buffer.from(
      `<xml><ToUserName><![CDATA[${keys.receiver}]]></ToUserName><AgentID><![CDATA[1000002]]></AgentID><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`,
    ),
    receivedAt: signedAt,
  };
}

export function callbackOf(message: string): CallbackRequest {
  return pushOf(seal(message));
}
