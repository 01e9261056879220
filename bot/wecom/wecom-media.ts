import { z } from 'zod';
import { key, seconds } from '#bot/shared/field.ts';
import type { MediaKind, MediaStore } from '#server/platform/media.ts';
import type { PlatformKey } from '#server/platform/key.ts';
import type { PlatformTools } from '#server/platform/driver.ts';
import type { WecomApi } from './wecom-api.ts';
import { refuse } from './wecom-error.ts';

const megabyte = 1024 * 1024;
const daysMs = 3 * 86_400_000;
/** Of the largest file, over a slow line. */
const uploadMs = 120_000;

/** D90253: more than 5 bytes. The error table knows smaller sizes for 45001; this page is the newer one. */
const limits: MediaStore['limits'] = {
  image: { bytesMin: 6, bytesMax: 10 * megabyte, types: ['image/jpeg', 'image/png'] },
  video: { bytesMin: 6, bytesMax: 10 * megabyte, types: ['video/mp4'] },
  file: { bytesMin: 6, bytesMax: 20 * megabyte, types: [] },
};

export function makeMediaStore(api: WecomApi, tools: Pick<PlatformTools, 'now'>): MediaStore {
  return { limits, upload: (file) => upload(api, tools, file) };
}

const uploaded = z.object({ media_id: key, created_at: seconds });

/**
 * D90253: kept three days, for every app of the corp. Not `changes`: a file that came twice is seen by nobody, so without
 * an answer it is sent again.
 */
async function upload(
  api: WecomApi,
  tools: Pick<PlatformTools, 'now'>,
  file: { kind: MediaKind; name: string; type: string; bytes: Buffer },
): Promise<{ key: PlatformKey; expiresAt: Date }> {
  const path = 'media/upload';
  const { bytesMin, bytesMax, types } = limits[file.kind];
  if (file.bytes.length < bytesMin) throw refuse(path, 'empty', `A file has at least ${bytesMin} bytes.`);
  if (file.bytes.length > bytesMax) {
    throw refuse(path, 'too_large', `A file of this kind has at most ${bytesMax / megabyte} MB.`);
  }
  if (types.length > 0 && !types.includes(file.type)) {
    throw refuse(path, 'wrong_type', `A file of this kind is one of ${types.join(', ')}.`);
  }
  const form = new FormData();
  form.append('media', new File([new Uint8Array(file.bytes)], file.name, { type: file.type }));
  const { media_id, created_at } = await api({
    path,
    query: { type: file.kind },
    form,
    timeoutMs: uploadMs,
    answer: uploaded,
  });
  return { key: media_id, expiresAt: new Date((created_at ?? tools.now()).getTime() + daysMs) };
}
