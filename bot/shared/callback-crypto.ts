import { createCipheriv, createDecipheriv, createSecretKey, hash, timingSafeEqual, type KeyObject } from 'node:crypto';
import { CallbackRefused } from '#server/platform/platform-error.ts';

export interface CallbackKeys {
  token: string;
  /** 32 bytes: the EncodingAESKey, decoded. */
  aesKey: Buffer;
  /** Whose callbacks these are: any of these may stand at the end of the plaintext. */
  receivers: readonly string[];
}

// WeCom D90968, DingTalk K04@0003: plaintext = 16 random bytes, length of the message (4 bytes, big endian), message, receiver;
// padded to a multiple of 32 bytes, not of AES's 16, so the padding is ours to check.
const randomBytes = 16;
const headBytes = randomBytes + 4;
const paddingMax = 32;
const blockBytes = 16;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The key as the console shows it (43 characters) → the AES key. */
export function decodeAesKey(encodingAesKey: string): Buffer | null {
  return /^[A-Za-z0-9+/]{43}$/.test(encodingAesKey) ? Buffer.from(`${encodingAesKey}=`, 'base64') : null;
}

/** The four texts sorted and joined, SHA-1 in lower hex. */
export function signatureOf(token: string, timestamp: string, nonce: string, encrypted: string): string {
  return hash('sha1', [token, timestamp, nonce, encrypted].sort().join(''), 'hex');
}

export function isSameSignature(expected: string, given: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export interface Sealed {
  message: Buffer;
  /** Which of the receivers it is meant for. */
  receiver: string;
}

/** The message inside. Only for texts whose signature was checked: what it says about bad padding would help a forger. */
export function decrypt(keys: CallbackKeys, encrypted: string): Sealed {
  const cipher = base64.test(encrypted) && encrypted.length % 4 === 0 ? Buffer.from(encrypted, 'base64') : null;
  if (!cipher || cipher.length < paddingMax || cipher.length % blockBytes !== 0)
    throw malformed('is cut or not base64');

  const decipher = createDecipheriv('aes-256-cbc', keyObjectOf(keys.aesKey), keys.aesKey.subarray(0, blockBytes));
  decipher.setAutoPadding(false);
  const plain = withoutPadding(Buffer.concat([decipher.update(cipher), decipher.final()]));
  if (plain.length < headBytes) throw malformed('is too short');

  const messageEnd = headBytes + plain.readUInt32BE(randomBytes);
  if (messageEnd > plain.length) throw malformed('is shorter than it says');
  const receiver = plain.toString('utf8', messageEnd);
  if (!keys.receivers.includes(receiver)) {
    throw new CallbackRefused('receiver', 'The callback is meant for another receiver.');
  }
  return { message: plain.subarray(headBytes, messageEnd), receiver };
}

/** The other way round. `random` has 16 bytes. */
export function encrypt(aesKey: Buffer, { message, receiver }: Sealed, random: Buffer): string {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  const plain = Buffer.concat([random, length, message, Buffer.from(receiver)]);
  const padding = paddingMax - (plain.length % paddingMax);
  const cipher = createCipheriv('aes-256-cbc', keyObjectOf(aesKey), aesKey.subarray(0, blockBytes));
  cipher.setAutoPadding(false);
  const padded = Buffer.concat([plain, Buffer.alloc(padding, padding)]);
  return Buffer.concat([cipher.update(padded), cipher.final()]).toString('base64');
}

const keyObjects = new WeakMap<Buffer, KeyObject>();

/** Made once: from a bare Buffer each call makes its own, which costs more than what it decrypts. */
function keyObjectOf(aesKey: Buffer): KeyObject {
  const made = keyObjects.get(aesKey) ?? createSecretKey(aesKey);
  keyObjects.set(aesKey, made);
  return made;
}

function withoutPadding(padded: Buffer): Buffer {
  const length = padded[padded.length - 1] ?? 0;
  if (length < 1 || length > paddingMax) throw malformed('has a wrong padding');
  for (let at = padded.length - length; at < padded.length; at++) {
    if (padded[at] !== length) throw malformed('has a wrong padding');
  }
  return padded.subarray(0, padded.length - length);
}

function malformed(what: string): CallbackRefused {
  return new CallbackRefused('malformed', `The encrypted part of the callback ${what}.`);
}
