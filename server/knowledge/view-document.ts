import type { Deps } from '#server/base/deps.ts';
import { Refusal } from '#server/base/refusal.ts';
import { listMemberNames } from '#server/member/member-store.ts';
import { countPassages, findDocument, listDocuments, type DocumentRow, type PagePoint } from './document-store.ts';
import type { DocumentView } from './knowledge-api.ts';
import { documentUnknown } from './knowledge.ts';
import { countUnfit, listPassages } from './passage-store.ts';

export async function viewDocuments(
  deps: Deps,
  { search, cursor, limit }: { search?: string | undefined; cursor?: string | undefined; limit: number },
): Promise<{ items: DocumentView[]; next: string | null }> {
  const after = cursor ? readCursor(cursor) : null;
  const found = await listDocuments(deps.db, { search, after, limit: limit + 1 });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return { items: await viewsOf(deps, page), next: found.length > limit && last ? writeCursor(last) : null };
}

export async function viewDocument(deps: Deps, document: DocumentRow): Promise<DocumentView> {
  const [view] = await viewsOf(deps, [document]);
  if (!view) throw new Error('One document is one view.');
  return view;
}

export async function viewContents(
  deps: Deps,
  id: string,
): Promise<DocumentView & { contents: { headings: string[]; text: string }[] }> {
  const document = await findDocument(deps.db, id);
  if (!document) throw documentUnknown();
  const passages = await listPassages(deps.db, id);
  return {
    ...(await viewDocument(deps, document)),
    contents: passages.map(({ headings, text }) => ({ headings, text })),
  };
}

async function viewsOf(deps: Deps, documents: readonly DocumentRow[]): Promise<DocumentView[]> {
  const ids = documents.map(({ id }) => id);
  const passages = await countPassages(deps.db, ids);
  const unfit = await countUnfit(deps.db, ids, deps.llm.embedding?.model);
  const names = await listMemberNames(
    deps.db,
    documents.map(({ updatedBy }) => updatedBy),
  );
  return documents.map(({ updatedAt, updatedBy, ...document }) => ({
    ...document,
    passages: passages.get(document.id) ?? 0,
    byWordsOnly: unfit.get(document.id) ?? 0,
    updatedAt: updatedAt.toISOString(),
    updatedBy: names.get(updatedBy) ?? '',
  }));
}

const writeCursor = ({ updatedAt, id }: PagePoint): string =>
  Buffer.from(`${updatedAt.getTime()}.${id}`).toString('base64url');

function readCursor(cursor: string): PagePoint {
  const [, at, id] =
    /^(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(Buffer.from(cursor, 'base64url').toString()) ??
    [];
  const updatedAt = new Date(Number(at));
  if (!id || Number.isNaN(updatedAt.getTime()))
    throw new Refusal('knowledge.cursor', 'Pass `cursor` as the last page gave it, or leave it out.', 400);
  return { updatedAt, id };
}
