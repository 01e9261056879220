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

function toDocument(row: Omit<Prisma.KnowledgeDocumentModel, 'bytes' | 'createdAt'>): DocumentRow {
  return { ...row, kind: row.kind as DocumentKind, state: row.state as DocumentRow['state'] };
}

/** Each was a source of one more draft. */
export async function countDocumentUses(db: Db, ids: readonly string[]): Promise<void> {
  await db.knowledgeDocument.updateMany({ where: { id: { in: [...ids] } }, data: { uses: { increment: 1 } } });
}
