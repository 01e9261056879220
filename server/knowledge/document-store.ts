import type { Prisma } from '#prisma/client/client.ts';
import type { Db } from '#server/base/database.ts';
import type { DocumentKind } from './knowledge.ts';

const face = {
  id: true,
  title: true,
  name: true,
  kind: true,
  size: true,
  sha256: true,
  state: true,
  error: true,
  upload: true,
  readUpload: true,
  uses: true,
  version: true,
  updatedAt: true,
  updatedBy: true,
} as const;

export type DocumentRow = Omit<Prisma.KnowledgeDocumentModel, 'bytes' | 'createdAt' | 'kind' | 'state'> & {
  kind: DocumentKind;
  state: 'reading' | 'ready' | 'failed';
};

export interface NewDocument {
  title: string;
  name: string;
  kind: DocumentKind;
  bytes: Buffer;
  sha256: string;
  updatedBy: string;
  at: Date;
}

export async function insertDocument(db: Db, { bytes, at, ...document }: NewDocument): Promise<DocumentRow> {
  const data = { ...document, bytes: new Uint8Array(bytes), size: bytes.length, createdAt: at, updatedAt: at };
  return toDocument(await db.knowledgeDocument.create({ data, select: face }));
}

/** Its next version, whose passages stay those of the last one until it was read. Null when there is no such document. */
export async function saveUpload(
  db: Db,
  document: { id: string } | { name: string },
  { bytes, at, ...file }: Omit<NewDocument, 'title'>,
): Promise<DocumentRow | null> {
  const [row] = await db.knowledgeDocument.updateManyAndReturn({
    where: document,
    data: {
      ...file,
      bytes: new Uint8Array(bytes),
      size: bytes.length,
      state: 'reading',
      error: null,
      upload: { increment: 1 },
      version: { increment: 1 },
      updatedAt: at,
    },
    select: face,
  });
  return row ? toDocument(row) : null;
}

export async function findDocument(db: Db, id: string): Promise<DocumentRow | null> {
  const row = await db.knowledgeDocument.findUnique({ where: { id }, select: face });
  return row && toDocument(row);
}

export async function readBytes(db: Db, id: string): Promise<Buffer> {
  const { bytes } = await db.knowledgeDocument.findUniqueOrThrow({ where: { id }, select: { bytes: true } });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Holds its row until the transaction ends. Null when it is gone. */
export async function lockDocument(tx: Db, id: string): Promise<DocumentRow | null> {
  await tx.$queryRaw`SELECT id FROM "KnowledgeDocument" WHERE id = ${id}::uuid FOR UPDATE`;
  return findDocument(tx, id);
}

/** What came of reading an upload. Not a change somebody made: `version` and `updatedAt` stay. */
export async function saveReading(
  db: Db,
  { id, upload }: { id: string; upload: number },
  error: string | null,
): Promise<void> {
  await db.knowledgeDocument.updateMany({
    where: { id, upload },
    data: error === null ? { state: 'ready', error, readUpload: upload } : { state: 'failed', error },
  });
}

/** Null when it is no longer of this version. */
export async function saveTitle(
  tx: Db,
  { id, version }: { id: string; version: number },
  change: { title: string; updatedBy: string; updatedAt: Date },
): Promise<DocumentRow | null> {
  const [row] = await tx.knowledgeDocument.updateManyAndReturn({
    where: { id, version },
    data: { ...change, version: { increment: 1 } },
    select: face,
  });
  return row ? toDocument(row) : null;
}

/** False when it was gone before. */
export async function deleteDocument(db: Db, id: string): Promise<boolean> {
  return (await db.knowledgeDocument.deleteMany({ where: { id } })).count > 0;
}

export interface PagePoint {
  updatedAt: Date;
  id: string;
}

/** Last changed first. */
export async function listDocuments(
  db: Db,
  { search, after, limit }: { search: string | undefined; after: PagePoint | null; limit: number },
): Promise<DocumentRow[]> {
  const said = { contains: (search ?? '').replaceAll(/[\\%_]/g, String.raw`\$&`), mode: 'insensitive' } as const;
  const rows = await db.knowledgeDocument.findMany({
    where: {
      AND: [
        search ? { OR: [{ title: said }, { name: said }] } : {},
        after
          ? { OR: [{ updatedAt: { lt: after.updatedAt } }, { updatedAt: after.updatedAt, id: { lt: after.id } }] }
          : {},
      ],
    },
    orderBy: [{ updatedAt: 'desc' }, { id: 'desc' }],
    take: limit,
    select: face,
  });
  return rows.map(toDocument);
}

export async function listUnread(db: Db, limit: number): Promise<string[]> {
  const where = { state: 'reading' };
  const rows = await db.knowledgeDocument.findMany({
    where,
    take: limit,
    orderBy: { id: 'asc' },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/** How many passages each has. */
export async function countPassages(db: Db, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.knowledgePassage.groupBy({
    by: ['documentId'],
    where: { documentId: { in: [...ids] } },
    _count: true,
  });
  return new Map(rows.map(({ documentId, _count }) => [documentId ?? '', _count]));
}

/** Each was a source of one more draft. */
export async function countDocumentUses(db: Db, ids: readonly string[]): Promise<void> {
  await db.knowledgeDocument.updateMany({ where: { id: { in: [...ids] } }, data: { uses: { increment: 1 } } });
}

function toDocument(row: Omit<Prisma.KnowledgeDocumentModel, 'bytes' | 'createdAt'>): DocumentRow {
  return { ...row, kind: row.kind as DocumentKind, state: row.state as DocumentRow['state'] };
}
