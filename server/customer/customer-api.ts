import { z } from 'zod';
import { byId, endpoint } from '#server/base/endpoint.ts';
import { requestKey } from '#server/base/request-key.ts';

export const customerKinds = ['organisation', 'person'] as const;
export const customerStages = ['new', 'contacted', 'qualified', 'quoted', 'won', 'lost'] as const;
export const customerGrades = ['A', 'B', 'C', 'D'] as const;

const customValue = z.union([z.string().max(500), z.number(), z.null()]);

export const customerView = z.object({
  id: z.uuid(),
  kind: z.enum(customerKinds),
  name: z.string(),
  regionCode: z.string().nullable(),
  regionName: z.string().nullable(),
  industryCode: z.string().nullable(),
  industryName: z.string().nullable(),
  grade: z.enum(customerGrades).nullable(),
  stage: z.enum(customerStages),
  source: z.string().nullable(),
  owner: z.object({ id: z.uuid(), name: z.string() }).nullable(),
  /** Masked: 138****8000. */
  phone: z.string().nullable(),
  website: z.string().nullable(),
  address: z.string().nullable(),
  custom: z.record(z.string(), customValue),
  version: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type CustomerView = z.infer<typeof customerView>;

/** What a rep may write. Codes are checked against GB/T 2260 and GB/T 4754. */
export const customerDraft = z.object({
  kind: z.enum(customerKinds),
  name: z.string().trim().min(1).max(120),
  regionCode: z
    .string()
    .regex(/^\d{6}$/)
    .nullable()
    .optional(),
  industryCode: z
    .string()
    .regex(/^[A-T]\d{0,4}$/)
    .nullable()
    .optional(),
  grade: z.enum(customerGrades).nullable().optional(),
  stage: z.enum(customerStages).optional(),
  source: z.string().trim().max(60).nullable().optional(),
  ownerId: z.uuid().nullable().optional(),
  phone: z
    .string()
    .regex(/^[+\d][\d -]{4,19}$/)
    .nullable()
    .optional(),
  website: z.string().trim().max(200).nullable().optional(),
  address: z.string().trim().max(200).nullable().optional(),
  custom: z.record(z.string(), customValue).optional(),
});

export const customerFieldView = z.object({
  key: z.string(),
  label: z.string(),
  labelEn: z.string().nullable(),
  type: z.enum(['text', 'number', 'date', 'choice']),
  options: z.array(z.string()),
  required: z.boolean(),
  order: z.int(),
});
export type CustomerFieldView = z.infer<typeof customerFieldView>;

export const noteView = z.object({
  id: z.uuid(),
  author: z.object({ id: z.uuid(), name: z.string() }),
  text: z.string(),
  at: z.iso.datetime(),
});
export const changeView = z.object({
  version: z.int(),
  at: z.iso.datetime(),
  by: z.string().nullable(),
  field: z.string(),
  before: z.unknown(),
  after: z.unknown(),
});
export const importRow = z.object({
  /** In the file, the heading being line 1. */
  line: z.int(),
  name: z.string(),
  result: z.enum(['created', 'exists', 'refused']),
  /** The record, when the caller can see it. */
  customerId: z.uuid().nullable(),
  /** Why it was refused: the code of the refusal and a sentence. */
  code: z.string().nullable(),
  message: z.string().nullable(),
});
export type ImportRow = z.infer<typeof importRow>;

const codeView = z.object({ code: z.string(), name: z.string() });

export const customerApi = {
  list: endpoint({
    method: 'GET',
    path: '/api/customers',
    summary: 'Customers inside the caller’s scope, last changed first',
    query: z.object({
      search: z.string().trim().max(60).optional(),
      stage: z.enum(customerStages).optional(),
      grade: z.enum(customerGrades).optional(),
      ownerId: z.uuid().optional(),
      after: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
    answer: z.object({ items: z.array(customerView), nextAfter: z.string().nullable() }),
  }),
  import: endpoint({
    method: 'POST',
    path: '/api/customers/import',
    summary:
      'Customers from a table: the body is CSV text (text/csv, UTF-8 or GB18030, ≤ 5,000 rows, ≤ 4 MB) with a heading line of 名称, 类型, 电话, 地区, 行业, 等级, 阶段, 来源, 负责人, 网址, 地址 or labels of the company’s own fields. Safe to repeat: a customer that exists is left as it is',
    roles: ['admin', 'marketing', 'manager', 'director'],
    answer: z.object({
      created: z.int(),
      exists: z.int(),
      refused: z.int(),
      /** Headings nobody knows: their columns were left out. */
      unknownColumns: z.array(z.string()),
      rows: z.array(importRow),
    }),
  }),
  read: endpoint({
    method: 'GET',
    path: '/api/customers/:id',
    summary: 'One customer',
    params: byId,
    answer: customerView,
  }),
  create: endpoint({
    method: 'POST',
    path: '/api/customers',
    summary: 'A new customer record',
    body: customerDraft.extend({ requestKey }),
    answer: customerView,
    status: 201,
  }),
  edit: endpoint({
    method: 'PATCH',
    path: '/api/customers/:id',
    summary: 'Change fields; `version` is the one the caller saw. A stale edit is 409 with what changed since',
    params: byId,
    body: customerDraft
      .omit({ kind: true })
      .partial()
      .extend({ version: z.int().min(1) }),
    answer: customerView,
  }),
  revealPhone: endpoint({
    method: 'POST',
    path: '/api/customers/:id/phone/reveal',
    summary: 'The phone number in full; each reading is in the audit log',
    params: byId,
    answer: z.object({ phone: z.string().nullable() }),
  }),
  history: endpoint({
    method: 'GET',
    path: '/api/customers/:id/history',
    summary: 'Every change of this customer',
    params: byId,
    answer: z.object({ items: z.array(changeView) }),
  }),
  notes: endpoint({
    method: 'GET',
    path: '/api/customers/:id/notes',
    summary: 'Notes, newest first',
    params: byId,
    answer: z.object({ items: z.array(noteView) }),
  }),
  addNote: endpoint({
    method: 'POST',
    path: '/api/customers/:id/notes',
    summary: 'A note',
    params: byId,
    body: z.object({ text: z.string().trim().min(1).max(2000), requestKey }),
    answer: noteView,
    status: 201,
  }),
  fields: endpoint({
    method: 'GET',
    path: '/api/customer-fields',
    summary: 'The fields this company added to the record',
    answer: z.object({ items: z.array(customerFieldView) }),
  }),
  saveField: endpoint({
    method: 'PUT',
    path: '/api/customer-fields/:key',
    summary: 'Add or change a field',
    roles: ['admin'],
    params: z.object({ key: z.string().regex(/^[a-z][a-z0-9_]{0,39}$/) }),
    body: customerFieldView.omit({ key: true }),
    answer: customerFieldView,
  }),
  archiveField: endpoint({
    method: 'DELETE',
    path: '/api/customer-fields/:key',
    summary: 'Take a field out of use; values are kept',
    roles: ['admin'],
    params: z.object({ key: z.string() }),
    answer: z.object({}),
  }),
  regions: endpoint({
    method: 'GET',
    path: '/api/regions',
    summary: 'GB/T 2260 codes',
    query: z.object({ search: z.string().max(20).optional() }),
    answer: z.object({ items: z.array(codeView) }),
  }),
  industries: endpoint({
    method: 'GET',
    path: '/api/industries',
    summary: 'GB/T 4754 codes',
    query: z.object({ search: z.string().max(20).optional() }),
    answer: z.object({ items: z.array(codeView) }),
  }),
};
