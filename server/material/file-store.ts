import type { MediaKind } from '#server/platform/media.ts';
import type { Db } from '#server/base/database.ts';

export interface FileRow {
  id: string;
  kind: MediaKind;
  name: string;
  type: string;
  size: number;
  sha256: string;
}

const face = { id: true, kind: true, name: true, type: true, size: true, sha256: true } as const;

export async function insertFile(
  db: Db,
  file: Omit<FileRow, 'id'> & { bytes: Buffer; createdBy: string; createdAt: Date },
): Promise<FileRow> {
  const row = await db.materialFile.create({ data: { ...file, bytes: new Uint8Array(file.bytes) }, select: face });
  return toFile(row);
}

/** Without their bytes, by id. */
export async function listFiles(db: Db, ids: readonly string[]): Promise<Map<string, FileRow>> {
  const rows = await db.materialFile.findMany({ where: { id: { in: [...ids] } }, select: face });
  return new Map(rows.map((row) => [row.id, toFile(row)]));
}

export async function readFile(db: Db, id: string): Promise<(FileRow & { bytes: Buffer }) | null> {
  const row = await db.materialFile.findUnique({ where: { id }, select: { ...face, bytes: true } });
  return row && { ...toFile(row), bytes: Buffer.from(row.bytes.buffer, row.bytes.byteOffset, row.bytes.byteLength) };
}

/** The platform's key of a file, when it has it beyond `until`. */
export async function findMediaKey(
  db: Db,
  { fileId, platform, until }: { fileId: string; platform: string; until: Date },
): Promise<string | null> {
  const row = await db.materialMedia.findUnique({ where: { fileId_platform: { fileId, platform } } });
  return row && row.expiresAt > until ? row.key : null;
}

export async function saveMedia(
  db: Db,
  { fileId, platform, key, expiresAt }: { fileId: string; platform: string; key: string; expiresAt: Date },
): Promise<void> {
  await db.materialMedia.upsert({
    where: { fileId_platform: { fileId, platform } },
    create: { fileId, platform, key, expiresAt },
    update: { key, expiresAt },
  });
}

export async function deleteMedia(db: Db, platform: string, fileIds: readonly string[]): Promise<void> {
  await db.materialMedia.deleteMany({ where: { platform, fileId: { in: [...fileIds] } } });
}

function toFile(row: Omit<FileRow, 'kind'> & { kind: string }): FileRow {
  return { ...row, kind: row.kind as MediaKind };
}
