import type { Deps } from '#server/base/deps.ts';
import { insertDocument } from '#server/knowledge/document-store.ts';
import { replacePassages } from '#server/knowledge/passage-store.ts';
import { passagesOf } from '#server/knowledge/passage.ts';

/** A document of the company that has been read: a title and a paragraph. */
export async function writeDocument(deps: Deps, title: string, text: string): Promise<void> {
  const { id } = await insertDocument(deps.db, {
    title,
    name: `${title}.md`,
    kind: 'markdown',
    bytes: Buffer.from(text),
    sha256: title,
    updatedBy: crypto.randomUUID(),
    at: deps.now(),
  });
  const passages = passagesOf([
    { kind: 'heading', level: 1, text: title },
    { kind: 'paragraph', text: `${title}的资料：${text}` },
  ]);
  await deps.db.$transaction((tx) => replacePassages(tx, { documentId: id }, title, passages));
  await deps.db.knowledgeDocument.update({ where: { id }, data: { state: 'ready', readUpload: 1 } });
}
