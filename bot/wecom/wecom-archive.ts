import { constants, privateDecrypt, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { ArchiveRecord, ChatArchive } from '#server/platform/chat-archive.ts';
import type { FollowKey } from '#server/platform/contact.ts';
import type { WecomApi } from './wecom-api.ts';
import { recordOf } from './wecom-archive-message.ts';
import { archiveFault, sdkError, type NativeArchiveSdk } from './wecom-archive-sdk.ts';
import { refusalOf } from './wecom-error.ts';
import { listOf } from '#bot/shared/field.ts';

export interface ArchiveAccess {
  privateKeys: ReadonlyMap<number, KeyObject>;
  sdk(): Promise<NativeArchiveSdk>;
  /** The HTTP side, with the archive's own secret. */
  api: WecomApi;
}

export function makeArchive(access: ArchiveAccess): ChatArchive {
  return {
    pull: (afterSeq, limit) => pull(access, afterSeq, limit),
    readMedia: (reference) => readMedia(access, reference),
    consentOf: (of) => consentOf(access.api, of),
  };
}

const chatData = z.object({
  errcode: z.number(),
  errmsg: z.string().catch(''),
  chatdata: listOf(
    z.object({
      seq: z.string().regex(/^\d+$/).transform(BigInt),
      msgid: z.string().min(1),
      publickey_ver: z.number(),
      encrypt_random_key: z.string(),
      encrypt_chat_msg: z.string(),
    }),
  ),
});
type SealedRecord = z.infer<typeof chatData>['chatdata'][number];

async function pull(access: ArchiveAccess, afterSeq: bigint, limit: number): Promise<ArchiveRecord[]> {
  const sdk = await access.sdk();
  const { errcode, errmsg, chatdata } = readChatData(await fetchChatData(sdk, afterSeq, limit));
  if (errcode !== 0) {
    const refusal = refusalOf(errcode, errmsg);
    throw new PlatformError(refusal.kind, { platform: 'wecom', call: 'archive/getChatData', ...refusal });
  }
  const records: ArchiveRecord[] = [];
  for (const sealed of chatdata) records.push(await openRecord(access, sdk, sealed));
  return records;
}

async function fetchChatData(sdk: NativeArchiveSdk, afterSeq: bigint, limit: number): Promise<string> {
  try {
    return await sdk.getChatData(afterSeq, Math.min(limit, 1000));
  } catch (error) {
    throw sdkError('getChatData', error);
  }
}

function readChatData(json: string): z.infer<typeof chatData> {
  try {
    // seq has 64 bits, more than a number of JSON.parse holds. A quote within a text is escaped, so only keys match.
    return chatData.parse(JSON.parse(json.replace(/"seq"\s*:\s*(\d+)/g, '"seq":"$1"')));
  } catch {
    throw archiveFault('getChatData', 'unavailable', 'The answer has another shape.');
  }
}

/** One record that cannot be read must not stop those behind it. */
async function openRecord(access: ArchiveAccess, sdk: NativeArchiveSdk, sealed: SealedRecord): Promise<ArchiveRecord> {
  const place = { seq: sealed.seq, key: sealed.msgid };
  const privateKey = access.privateKeys.get(sealed.publickey_ver);
  const unreadable = (reason: string): ArchiveRecord => ({ ...place, state: 'unreadable', reason });
  if (!privateKey) return unreadable(`There is no private key of version ${sealed.publickey_ver}.`);

  const randomKey = unwrapKey(privateKey, Buffer.from(sealed.encrypt_random_key, 'base64'));
  if (randomKey === null) return unreadable(`The private key of version ${sealed.publickey_ver} is not the one used.`);
  let json: string;
  try {
    json = await sdk.decryptData(randomKey, sealed.encrypt_chat_msg);
  } catch {
    return unreadable('The message cannot be decrypted.');
  }
  return recordOf(place, json);
}

/**
 * PKCS#1 v1.5. OpenSSL 3.2 and later answers a wrong padding with random bytes, earlier builds of Node refuse the padding
 * altogether: then it is taken off by hand. Both end at the message, which cannot be decrypted with a wrong key.
 */
export function unwrapKey(privateKey: KeyObject, wrapped: Buffer): string | null {
  try {
    return privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, wrapped).toString();
  } catch {
    return unwrapByHand(privateKey, wrapped);
  }
}

export function unwrapByHand(privateKey: KeyObject, wrapped: Buffer): string | null {
  try {
    const padded = privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, wrapped);
    const end = padded.indexOf(0, 2);
    // 00 02, at least 8 bytes that are not 0, 00, the key
    return padded[0] === 0 && padded[1] === 2 && end >= 10 ? padded.toString('utf8', end + 1) : null;
  } catch {
    return null;
  }
}

/** D91774: chunks of ≤ 512 KB, ≤ 25,000 calls a minute. */
async function* readMedia(access: ArchiveAccess, reference: string): AsyncGenerator<Buffer> {
  const sdk = await access.sdk();
  for (let index = ''; ;) {
    const chunk = await fetchChunk(sdk, reference, index);
    if (chunk.data.length > 0) yield Buffer.from(chunk.data);
    if (chunk.finished) return;
    if (chunk.nextIndex === index) throw archiveFault('getMediaData', 'unavailable', 'The same chunk came again.');
    index = chunk.nextIndex;
  }
}

async function fetchChunk(sdk: NativeArchiveSdk, reference: string, index: string) {
  try {
    return await sdk.getMediaData(reference, index);
  } catch (error) {
    throw sdkError('getMediaData', error);
  }
}

const consentsMax = 100;
const agreeAnswer = z.object({
  agreeinfo: listOf(z.object({ userid: z.string(), exteranalopenid: z.string(), agree_status: z.string().catch('') })),
});

async function consentOf(api: WecomApi, of: FollowKey[]): ReturnType<ChatArchive['consentOf']> {
  const statuses = new Map<string, string>();
  for (let at = 0; at < of.length; at += consentsMax) {
    for (const one of await fetchConsents(api, of.slice(at, at + consentsMax))) {
      statuses.set(pairOf(one.userid, one.exteranalopenid), one.agree_status);
    }
  }
  return of.map((follow) => ({ follow, consent: consentIn(statuses.get(pairOf(follow.member, follow.contact))) }));
}

/**
 * D91782: ≤ 100 pairs a call, 2500 calls a minute; spelled `exteranalopenid` there. One id it does not know (301061) and it
 * answers for none of them: then each half is asked alone.
 */
async function fetchConsents(api: WecomApi, of: FollowKey[]): Promise<z.infer<typeof agreeAnswer>['agreeinfo']> {
  const info = of.map(({ member, contact }) => ({ userid: member, exteranalopenid: contact }));
  try {
    return (await api({ path: 'msgaudit/check_single_agree', body: { info }, answer: agreeAnswer })).agreeinfo;
  } catch (error) {
    if (!(error instanceof PlatformError && error.code === '301061')) throw error;
    if (of.length === 1) return [];
    const middle = Math.ceil(of.length / 2);
    return [...(await fetchConsents(api, of.slice(0, middle))), ...(await fetchConsents(api, of.slice(middle)))];
  }
}

function pairOf(member: string, contact: string): string {
  return `${member.toLowerCase()} ${contact}`;
}

function consentIn(status: string | undefined): 'agreed' | 'refused' | 'unknown' {
  if (status === 'Agree' || status === 'Default_Agree') return 'agreed';
  return status === 'Disagree' ? 'refused' : 'unknown';
}
