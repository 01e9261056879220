import { createHash } from 'node:crypto';
import { DAY_MS } from '#server/base/duration.ts';
import { Refusal } from '#server/base/refusal.ts';
import type { MediaKind } from '#server/platform/media.ts';
import type { Platform } from '#server/platform/platform.ts';
import { fileKinds, type FileLimits } from './material-api.ts';

/** Uses older than this say nothing of what is useful now. */
export const USES_COUNTED_MS = 90 * DAY_MS;

type Limit = FileLimits[MediaKind];

const megabyte = 1024 * 1024;
/** Where no platform says what it takes. */
const ours: Record<MediaKind, Limit> = {
  image: { bytesMax: 10 * megabyte, types: ['image/jpeg', 'image/png'] },
  video: { bytesMax: 10 * megabyte, types: ['video/mp4'] },
  file: { bytesMax: 20 * megabyte, types: [] },
};

/** What every platform that takes files takes: a material is for all of them. */
export function limitsOf(platforms: readonly Platform[]): FileLimits {
  const of = (kind: MediaKind): Limit =>
    platforms
      .flatMap(({ media }) => (media ? [media.limits[kind]] : []))
      .map(({ bytesMax, types }) => ({ bytesMax, types: [...types] }))
      .reduce(strictest, ours[kind]);
  return Object.fromEntries(fileKinds.map((kind) => [kind, of(kind)])) as FileLimits;
}

function strictest(one: Limit, other: Limit): Limit {
  const bytesMax = Math.min(one.bytesMax, other.bytesMax);
  if (one.types.length === 0 || other.types.length === 0)
    return { bytesMax, types: one.types.length > 0 ? one.types : other.types };
  return { bytesMax, types: one.types.filter((type) => other.types.includes(type)) };
}

const startsWith = (bytes: Buffer, ...values: number[]) => bytes.subarray(0, values.length).equals(Buffer.from(values));

/** What a file says of itself in its first bytes, whatever it is called. */
const magic: Record<string, (bytes: Buffer) => boolean> = {
  'image/png': (bytes) => startsWith(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
  'image/jpeg': (bytes) => startsWith(bytes, 0xff, 0xd8, 0xff),
  'video/mp4': (bytes) => bytes.subarray(4, 8).toString('latin1') === 'ftyp',
};

const PLAIN_TYPE = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/;

/** Type as the row keeps it. */
export function checkFileType(kind: MediaKind, contentType: string, { types }: Limit): string {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (types.length > 0 && !types.includes(type)) throw wrongType(kind, types);
  return PLAIN_TYPE.test(type) ? type : 'application/octet-stream';
}

export function checkBytes(kind: MediaKind, type: string, bytes: Buffer, { types }: Limit): void {
  if (bytes.length === 0) throw new Refusal('material.file_empty', 'The file holds nothing.', 400);
  if (magic[type]?.(bytes) === false) throw wrongType(kind, types);
}

export const wrongType = (kind: MediaKind, types: readonly string[]) =>
  new Refusal(
    'material.file_type',
    types.length > 0 ? `A file of kind ${kind} is one of ${types.join(', ')}.` : 'The file is not what it says it is.',
    422,
    { types },
  );

export const tooLarge = (kind: MediaKind, bytesMax: number) =>
  new Refusal('material.file_too_large', `A file of kind ${kind} has at most ${bytesMax} bytes.`, 413, { bytesMax });

export function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
