import { z } from 'zod';
import { byId, endpoint } from '#server/base/endpoint.ts';
import { requestKey } from '#server/base/request-key.ts';

export const materialKinds = ['text', 'image', 'video', 'file', 'link', 'app'] as const;
export type MaterialKind = (typeof materialKinds)[number];
export const fileKinds = ['image', 'video', 'file'] as const;
export const ATTACHMENTS_MAX = 9;

const text = z.string().max(4000);
const webUrl = z.url({ protocol: /^https?$/ }).max(2048);

/** What one kind of material holds. `fileId` is that of an uploaded file of the right kind. */
export const materialContent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), text: text.trim().min(1) }),
  z.object({ kind: z.literal('image'), fileId: z.uuid() }),
  z.object({ kind: z.literal('video'), fileId: z.uuid() }),
  z.object({ kind: z.literal('file'), fileId: z.uuid() }),
  z.object({
    kind: z.literal('link'),
    title: z.string().trim().min(1).max(64),
    description: z.string().trim().max(250).default(''),
    url: webUrl,
    /** A public address. */
    pictureUrl: webUrl.nullable().default(null),
  }),
  z.object({
    kind: z.literal('app'),
    title: z.string().trim().min(1).max(32),
    appId: z.string().regex(/^wx[0-9a-f]{16}$/),
    page: z.string().trim().min(1).max(500),
    /** Its picture. */
    fileId: z.uuid(),
  }),
]);
export type MaterialContent = z.infer<typeof materialContent>;

/** What stands in a text for the names of who sends and who gets it. */
export const variables = ['member', 'contact'] as const;
export type Variable = (typeof variables)[number];

/**
 * What contacts are sent: a text and up to nine attachments. `{member}` in the text is the name of who sends; `{contact}`
 * that of who gets it, which only welcomes know. An attachment is a material, or made for this message alone.
 */
export const messageContent = z.object({
  text: text.default(''),
  attachments: z
    .array(z.union([z.object({ materialId: z.uuid() }), z.object({ content: materialContent })]))
    .max(ATTACHMENTS_MAX)
    .default([]),
});
export type MessageContent = z.infer<typeof messageContent>;

export const fileView = z.object({
  id: z.uuid(),
  kind: z.enum(fileKinds),
  name: z.string(),
  type: z.string(),
  size: z.int(),
});
export type FileView = z.infer<typeof fileView>;

/** What every platform that takes such files takes, so that a file too large is said before it is sent. */
const fileLimit = z.object({
  bytesMax: z.int(),
  /** By Content-Type; [] takes any. */
  types: z.array(z.string()),
});
export const fileLimits = z.record(z.enum(fileKinds), fileLimit);
export type FileLimits = z.infer<typeof fileLimits>;

export const materialView = z.object({
  id: z.uuid(),
  kind: z.enum(materialKinds),
  title: z.string(),
  folder: z.string(),
  tags: z.array(z.string()),
  content: materialContent,
  file: fileView.nullable(),
  uses: z.int(),
  createdBy: z.object({ id: z.uuid(), name: z.string() }),
  version: z.int(),
  updatedAt: z.iso.datetime(),
  archivedAt: z.iso.datetime().nullable(),
});
export type MaterialView = z.infer<typeof materialView>;

/** What words were found in a text, and whether it may go out with them. */
export const wordFinding = z.object({
  word: z.string(),
  /** forbid: the company's own list; warn: words advertising law knows. */
  level: z.enum(['forbid', 'warn']),
  /** The law that knows it; null for the company’s own. */
  source: z.string().nullable(),
  /** Of the text, in UTF-16 units. */
  at: z.int(),
});

const keepers = ['marketing', 'admin', 'manager', 'director'] as const;
export const materialDraft = z.object({
  title: z.string().trim().min(1).max(80),
  folder: z
    .string()
    .trim()
    .max(120)
    .regex(/^(?:[^/]+(?:\/[^/]+)*)?$/)
    .default(''),
  tags: z.array(z.string().trim().min(1).max(20)).max(10).default([]),
  content: materialContent,
});

export const materialApi = {
  list: endpoint({
    method: 'GET',
    path: '/api/materials',
    summary: 'Materials, the most used of the last 90 days first, or last changed first',
    query: z.object({
      search: z.string().trim().max(60).optional(),
      kind: z.enum(materialKinds).optional(),
      /** And what lies below it. */
      folder: z.string().max(120).optional(),
      tag: z.string().max(20).optional(),
      order: z.enum(['used', 'changed']).default('used'),
      archived: z.stringbool().default(false),
      after: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(100).default(30),
    }),
    answer: z.object({ items: z.array(materialView), nextAfter: z.string().nullable() }),
  }),
  folders: endpoint({
    method: 'GET',
    path: '/api/materials/folders',
    summary: 'Folders and tags in use, with how many materials each holds',
    answer: z.object({
      folders: z.array(z.object({ path: z.string(), count: z.int() })),
      tags: z.array(z.object({ tag: z.string(), count: z.int() })),
    }),
  }),
  read: endpoint({
    method: 'GET',
    path: '/api/materials/:id',
    summary: 'One material, archived or not',
    params: byId,
    answer: materialView,
  }),
  create: endpoint({
    method: 'POST',
    path: '/api/materials',
    summary: 'A new material',
    roles: keepers,
    body: materialDraft.extend({ requestKey }),
    answer: materialView,
    status: 201,
  }),
  edit: endpoint({
    method: 'PUT',
    path: '/api/materials/:id',
    summary: 'Changes a material; `version` is the one the caller saw. What was frozen with it stays as it was',
    roles: keepers,
    params: byId,
    body: materialDraft.extend({ version: z.int32() }),
    answer: materialView,
  }),
  archive: endpoint({
    method: 'POST',
    path: '/api/materials/:id/archive',
    summary: 'Takes a material out of the lists, or puts it back',
    roles: keepers,
    params: byId,
    body: z.object({ archived: z.boolean() }),
    answer: materialView,
  }),
  upload: endpoint({
    method: 'POST',
    path: '/api/material-files',
    summary:
      'A file: the body is its bytes, Content-Type its type. Too large, empty or of a type no platform takes is refused with what is allowed',
    roles: keepers,
    query: z.object({ kind: z.enum(fileKinds), name: z.string().trim().min(1).max(120) }),
    answer: fileView,
    status: 201,
  }),
  /** The bytes, for the page to show. */
  file: endpoint({
    method: 'GET',
    path: '/api/material-files/:id',
    summary: 'The bytes of a file',
    params: byId,
    answer: z.unknown(),
  }),
  fileInfo: endpoint({
    method: 'GET',
    path: '/api/material-files/:id/info',
    summary: 'Name, type and size of a file',
    params: byId,
    answer: fileView,
  }),
  limits: endpoint({
    method: 'GET',
    path: '/api/material-limits',
    summary: 'How large a file of each kind may be, and of which types',
    roles: keepers,
    answer: fileLimits,
  }),
  /** For a rep who sends a material from beside the chat: counts the use and names the file to the chat's client. */
  use: endpoint({
    method: 'POST',
    path: '/api/materials/:id/use',
    summary: 'Counts a use beside the chat and answers the platform’s key of the file, uploaded again when it ran out',
    params: byId,
    body: z.object({ platform: z.string() }),
    answer: z.object({ mediaKey: z.string().nullable(), content: materialContent }),
  }),
  checkWords: endpoint({
    method: 'POST',
    path: '/api/materials/check-words',
    summary: 'Words in a text that are forbidden or risky',
    body: z.object({ text: z.string().max(20_000) }),
    answer: z.object({ findings: z.array(wordFinding) }),
  }),
  words: endpoint({
    method: 'GET',
    path: '/api/settings/sensitive-words',
    summary: 'The company’s own forbidden words',
    roles: keepers,
    answer: z.object({ forbidden: z.array(z.string()), allowed: z.array(z.string()) }),
  }),
  saveWords: endpoint({
    method: 'PUT',
    path: '/api/settings/sensitive-words',
    summary: 'The company’s own forbidden words, and words of the built-in list it allows',
    roles: ['admin', 'marketing'],
    body: z.object({
      forbidden: z.array(z.string().trim().min(1).max(40)).max(2000),
      allowed: z.array(z.string().trim().min(1).max(40)).max(500).default([]),
    }),
    answer: z.object({ forbidden: z.array(z.string()), allowed: z.array(z.string()) }),
  }),
};
