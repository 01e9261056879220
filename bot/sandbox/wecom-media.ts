import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { alphanumeric } from './alphanumeric.ts';
import { seconds, type Stage, type Upload } from './stage.ts';
import { Errcode, post, type CallTable } from './wecom-call.ts';

const keptMs = 3 * 86_400_000;
const uploadsMax = 1000;
const megabyte = 1024 * 1024;
const bytesMax: Record<string, number> = {
  image: 10 * megabyte,
  voice: 2 * megabyte,
  video: 10 * megabyte,
  file: 20 * megabyte,
};
const pictures = [
  { head: Buffer.from([0x89, 0x50, 0x4e, 0x47]), type: 'image/png' },
  { head: Buffer.from([0xff, 0xd8, 0xff]), type: 'image/jpeg' },
];

export const mediaCalls: CallTable = {
  // D90253: kept three days. Pictures are looked at, whatever their names say.
  'media/upload': post(({ stage, query, raw, contentType }) => {
    const type = query.get('type') ?? '';
    const most = bytesMax[type];
    if (!most) throw new Errcode(40004, 'invalid media type');
    const file = fileIn(raw, contentType);
    if (!file || file.bytes.length <= 5) throw new Errcode(44001, 'empty media data');
    if (file.bytes.length > most) throw new Errcode(45001, 'media size out of limit');
    if (type === 'image' && !pictureType(file.bytes)) throw new Errcode(40005, 'invalid file type');
    if (type === 'video' && !file.name.toLowerCase().endsWith('.mp4')) throw new Errcode(40005, 'invalid file type');
    const at = stage.now();
    const upload = { id: `3${alphanumeric(64)}`, type, name: file.name, bytes: file.bytes.length, at };
    keep(stage, upload, file.bytes);
    return { type, media_id: upload.id, created_at: String(seconds(at)) };
  }),
};

/** What a call names; 40007 and 40145 as the platform says them. */
export function uploadOf(stage: Stage, id: unknown, type: string): Upload {
  if (typeof id !== 'string' || id === '') throw new Errcode(41006, 'media_id missing');
  const upload = stage.world.uploads.find((one) => one.id === id);
  if (!upload || upload.type !== type) throw new Errcode(40007, 'invalid media_id');
  if (stage.now() >= upload.at + keptMs) throw new Errcode(40145, 'media_id expired');
  return upload;
}

export const uploadUrl = ({ id }: Upload): string => `/sandbox/media/${id}`;

/** The bytes of a picture the product uploaded; null when there is none of this id. */
export async function pictureOf(stage: Stage, id: string): Promise<{ type: string; bytes: Buffer } | null> {
  if (!stage.world.uploads.some((one) => one.id === id && one.type === 'image')) return null;
  const bytes = await readFile(fileOf(stage, id)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  const type = bytes && pictureType(bytes);
  return bytes && type ? { type, bytes } : null;
}

function keep(stage: Stage, upload: Upload, bytes: Buffer): void {
  const { uploads } = stage.world;
  uploads.push(upload);
  if (upload.type === 'image') {
    mkdirSync(stage.uploadFolder, { recursive: true });
    writeFileSync(fileOf(stage, upload.id), bytes, { mode: 0o600 });
  }
  for (const old of uploads.splice(0, uploads.length - uploadsMax)) rmSync(fileOf(stage, old.id), { force: true });
  stage.changed();
}

const fileOf = (stage: Stage, id: string): string => path.join(stage.uploadFolder, id);

const pictureType = (bytes: Buffer): string | undefined =>
  pictures.find(({ head }) => bytes.subarray(0, head.length).equals(head))?.type;

/** The part called media of a multipart body. */
function fileIn(raw: Buffer, contentType: string): { name: string; bytes: Buffer } | null {
  const [, boundary] = /^multipart\/form-data;.*boundary="?([^";]+)/.exec(contentType) ?? [];
  if (!boundary) return null;
  const mark = Buffer.from(`--${boundary}`);
  for (let at = raw.indexOf(mark); at >= 0;) {
    const next = raw.indexOf(mark, at + mark.length);
    const headEnd = raw.indexOf('\r\n\r\n', at);
    if (next < 0 || headEnd < 0) return null;
    const head = raw.subarray(at, headEnd).toString('utf8');
    const name = /name="media"; ?filename="([^"]*)"/.exec(head)?.[1];
    // A line break stands before the next mark.
    if (name) return { name, bytes: raw.subarray(headEnd + 4, next - 2) };
    at = next;
  }
  return null;
}
