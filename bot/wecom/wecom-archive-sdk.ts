import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PlatformError, type PlatformErrorKind } from '#server/platform/platform-error.ts';
import { refusalOf } from './wecom-error.ts';

/**
 * D91774: WeCom gives the archive out through a C library only, WeWorkFinanceSdk. A binding of it is a module that exports
 * `createArchiveSdk(options: ArchiveSdkOptions): NativeArchiveSdk`, or a promise of one. Its functions throw an error
 * whose `code` is what the library answered.
 */
export interface NativeArchiveSdk {
  /** JSON `{errcode, errmsg, chatdata}` of what comes after `seq`; limit ≤ 1000, ≤ 4000 calls a minute, 5 days back. */
  getChatData(seq: bigint, limit: number): string | Promise<string>;
  /** JSON of one message. `randomKey` is encrypt_random_key after RSA. */
  decryptData(randomKey: string, encrypted: string): string | Promise<string>;
  /** ≤ 512 KB; `indexBuf` is '' first, then `nextIndex` of the chunk before. */
  getMediaData(reference: string, indexBuf: string): MediaChunk | Promise<MediaChunk>;
}

export interface ArchiveSdkOptions {
  corpId: string;
  secret: string;
  apiBase: string;
}

export interface MediaChunk {
  data: Uint8Array;
  nextIndex: string;
  finished: boolean;
}

/** Loaded when first needed: a deployment's archive must not keep the rest from starting. */
export function loadArchiveSdk(specifier: string, options: ArchiveSdkOptions): () => Promise<NativeArchiveSdk> {
  let loaded: Promise<NativeArchiveSdk> | null = null;
  return () =>
    (loaded ??= load(specifier, options).catch((error: unknown) => {
      loaded = null;
      throw error;
    }));
}

async function load(specifier: string, options: ArchiveSdkOptions): Promise<NativeArchiveSdk> {
  try {
    const module: unknown = await import(/^[./]/.test(specifier) ? pathToFileURL(resolve(specifier)).href : specifier);
    const create: unknown = Reflect.get(Object(module), 'createArchiveSdk');
    if (typeof create === 'function') return (await create(options)) as NativeArchiveSdk;
  } catch (error) {
    throw archiveFault('load', 'forbidden', error instanceof Error ? error.message : String(error));
  }
  throw archiveFault('load', 'forbidden', 'The module of WECOM_ARCHIVE_SDK exports no createArchiveSdk.');
}

// D91774: what the library's functions return of their own; other codes are those of the HTTP API.
const kinds = new Map<number, PlatformErrorKind>([
  [10000, 'rejected'], // parameters
  [10001, 'unavailable'], // network
  [10002, 'unavailable'], // answer not understood
  [10003, 'unavailable'], // its own fault
  [10004, 'forbidden'], // secret
  [10005, 'not_found'], // file id
  [10009, 'forbidden'], // address not allowed
  [10010, 'not_found'], // older than 5 days
  [10011, 'forbidden'], // certificate
]);

export function sdkError(call: string, error: unknown): PlatformError {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  if (typeof code !== 'number') return archiveFault(call, 'unavailable', '', typeof code === 'string' ? code : '');
  return archiveFault(call, kinds.get(code) ?? refusalOf(code, '').kind, '', String(code));
}

export function archiveFault(call: string, kind: PlatformErrorKind, message: string, code = ''): PlatformError {
  return new PlatformError(kind, { platform: 'wecom', call: `archive/${call}`, code, message: message.slice(0, 200) });
}
