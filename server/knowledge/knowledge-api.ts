import { z } from 'zod';
import { byId, endpoint } from '#server/base/endpoint.ts';

export const documentKinds = ['markdown', 'text', 'word', 'pdf'] as const;

export const documentView = z.object({
  id: z.uuid(),
  title: z.string(),
  name: z.string(),
  kind: z.enum(documentKinds),
  /** Bytes. */
  size: z.int(),
  /** Reading goes on after the upload was answered. */
  state: z.enum(['reading', 'ready', 'failed']),
  /** As an error code of this API, for `failed`. */
  error: z.string().nullable(),
  passages: z.int(),
  /** Of these, found by their words alone, because the embedding model gave no usable vector. */
  byWordsOnly: z.int(),
  /** How many drafts it was a source of. */
  uses: z.int(),
  version: z.int(),
  updatedAt: z.iso.datetime(),
  updatedBy: z.string(),
});
export type DocumentView = z.infer<typeof documentView>;

export const passageView = z.object({
  /** A passage of a document, or a text of the material library. */
  from: z.enum(['document', 'material']),
  /** Of the document or the material. */
  id: z.uuid(),
  title: z.string(),
  /** The headings above it, outermost first. */
  headings: z.array(z.string()),
  text: z.string(),
  by: z.enum(['words', 'meaning', 'both']),
});
export type PassageView = z.infer<typeof passageView>;

/** Everybody is shown what a draft rests on; these say what it may rest on. */
const keepers = ['marketing', 'admin'] as const;

export const knowledgeApi = {
  list: endpoint({
    method: 'GET',
    path: '/api/knowledge',
    summary: 'The documents reply drafts rest on',
    query: z.object({
      search: z.string().max(100).optional(),
      cursor: z.string().max(80).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
    }),
    answer: z.object({
      items: z.array(documentView),
      next: z.string().nullable(),
      /** Whether passages are also found by meaning: needs the database's vector extension and an embedding model. */
      byMeaning: z.boolean(),
    }),
  }),
  read: endpoint({
    method: 'GET',
    path: '/api/knowledge/:id',
    summary: 'A document with its passages, in order',
    params: byId,
    answer: documentView.extend({
      contents: z.array(z.object({ headings: z.array(z.string()), text: z.string() })),
    }),
  }),
  upload: endpoint({
    method: 'POST',
    path: '/api/knowledge',
    summary:
      'A file: the body is its bytes. It is the next version of document `id`, else of the one with its name; reading it goes on afterwards',
    roles: keepers,
    query: z.object({ name: z.string().trim().min(1).max(120), id: z.uuid().optional() }),
    answer: documentView,
    status: 201,
  }),
  rename: endpoint({
    method: 'PATCH',
    path: '/api/knowledge/:id',
    summary: 'Give it another title',
    roles: keepers,
    params: byId,
    body: z.object({ version: z.int(), title: z.string().trim().min(1).max(120) }),
    answer: documentView,
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/api/knowledge/:id',
    summary: 'No draft rests on it any more',
    roles: keepers,
    params: byId,
    answer: z.object({}),
  }),
  find: endpoint({
    method: 'GET',
    path: '/api/knowledge/passages',
    summary: 'What would be found for a question',
    query: z.object({
      question: z.string().trim().min(1).max(500),
      limit: z.coerce.number().int().min(1).max(20).default(5),
    }),
    answer: z.object({ items: z.array(passageView) }),
  }),
};
