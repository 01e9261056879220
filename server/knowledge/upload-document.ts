import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import getRawBody from 'raw-body';
import { recordAudit } from '#server/base/audit.ts';
import type { Caller } from '#server/base/caller.ts';
import { violatedUnique, type Db } from '#server/base/database.ts';
import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { insertDocument, saveUpload, type DocumentRow, type NewDocument } from './document-store.ts';
import { documentUnknown, FILE_BYTES_MAX, fileTooLarge, kindOf, plainName, titleOfFile } from './knowledge.ts';

/** Takes a file in as a new document, or as the next version of `id` or of the one with its name. It is read afterwards. */
export async function uploadDocument(
  deps: Deps,
  caller: Caller,
  given: { name: string; id?: string | undefined; request: IncomingMessage },
): Promise<DocumentRow> {
  const name = plainName(given.name);
  const kind = kindOf(name);
  const bytes = await readBody(given.request);
  if (bytes.length === 0) throw new Refusal('knowledge.file_empty', 'The file holds nothing.', 400);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = { title: titleOfFile(name), name, kind, bytes, sha256, updatedBy: caller.memberId, at: deps.now() };
  const document = await deps.db.$transaction((tx) => save(tx, caller, given.id ?? null, file)).catch(nameTaken);
  await deps.jobs.add('read-document', { documentId: document.id }, { key: document.id });
  deps.live.publish('desk', { part: 'knowledge' });
  return document;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > FILE_BYTES_MAX) throw fileTooLarge();
  return getRawBody(request, { limit: FILE_BYTES_MAX }).catch((error: unknown) => {
    if ((error as { type?: string }).type === 'entity.too.large') throw fileTooLarge();
    throw error;
  });
}

async function save(tx: Db, caller: Caller, id: string | null, { title, ...file }: NewDocument): Promise<DocumentRow> {
  const again = await saveUpload(tx, id ? { id } : { name: file.name }, file);
  if (id && !again) throw documentUnknown();
  const document = again ?? (await insertDocument(tx, { title, ...file }));
  await recordAudit(tx, {
    memberId: caller.memberId,
    action: again ? 'knowledge.replaced' : 'knowledge.uploaded',
    subject: `knowledge:${document.id}`,
    detail: { title: document.title, name: file.name },
  });
  return document;
}

function nameTaken(error: unknown): never {
  if (violatedUnique(error) === null) throw error;
  throw new Refusal('knowledge.name_taken', 'Another document has a file of this name. Rename the file first.', 409);
}
