import { z } from 'zod';
import { endpoint } from '#server/base/endpoint.ts';
import { person } from '#server/base/person.ts';
import { customerGrades } from '#server/customer/customer-api.ts';
import { opportunityStages } from '#server/opportunity/opportunity-api.ts';

const leaders = ['manager', 'director', 'admin'] as const;
const days = z.int().min(1).max(365);

/** An opportunity that stays in a stage this long is stalled. */
export const STALLED_DAYS = 7;
/** What "in the last days" means for how Zhike is used. */
export const USE_DAYS = 7;
/** The same thing is not reminded of again for this long. */
export const REMIND_HOURS = 4;

export const stageColumn = z.object({
  stage: z.enum(opportunityStages),
  count: z.int(),
  /** After discounts; opportunities whose amount is unknown add nothing. */
  sumFen: z.int(),
  /** Of `count`, those in the stage for more than seven days; 0 where the sale is over. */
  stalled: z.int(),
});

export const repRow = z.object({
  member: person.extend({ avatar: z.string().nullable() }),
  customers: z.int(),
  openOpportunities: z.int(),
  openSumFen: z.int(),
  overdueTasks: z.int(),
  /** Those of the overdue tasks that were promised in a chat, and promises nobody has accepted whose time is over. */
  overduePromises: z.int(),
  silentCustomers: z.int(),
  /** Of the last seven days, those on which the sidebar was opened. */
  sidebarDays: z.int(),
  /** Suggestions sent, edited or copied in the last seven days. */
  suggestionsUsed: z.int(),
  /** In the last seven days. */
  tasksDone: z.int(),
});
export type RepRow = z.infer<typeof repRow>;

export const silentCustomer = z.object({
  customer: person.extend({ grade: z.enum(customerGrades).nullable() }),
  owner: person.nullable(),
  /** The last message with any of its contacts, or the last follow-up done; null when there was none. */
  lastContactAt: z.iso.datetime().nullable(),
  /** Since then, or since the record was made. */
  days: z.int(),
  /** What the grade allows. */
  daysMax: z.int(),
  /** When the owner was last reminded of it. */
  remindedAt: z.iso.datetime().nullable(),
});
export type SilentCustomer = z.infer<typeof silentCustomer>;

export const followUpSetting = z.object({
  /** How long a customer may go without contact; one without a grade counts as D. */
  silentDays: z.object({ A: days, B: days, C: days, D: days }),
  /** The morning digest on working days, at this hour in Shanghai. */
  digest: z.object({ enabled: z.boolean(), hour: z.int().min(0).max(23) }),
});
export type FollowUpSetting = z.infer<typeof followUpSetting>;

export const teamApi = {
  summary: endpoint({
    method: 'GET',
    path: '/api/team/summary',
    summary: 'The numbers of the first page, of members in scope; approvals come from /api/approvals',
    answer: z.object({
      overdueTasks: z.int(),
      /** Made since Monday. */
      newOpportunities: z.int(),
      overduePromises: z.int(),
      silentCustomers: z.int(),
    }),
  }),
  pipeline: endpoint({
    method: 'GET',
    path: '/api/team/pipeline',
    summary: 'Count, sum and stalled by stage, each stage in its order; the list of one comes from /api/opportunities',
    roles: leaders,
    query: z.object({ ownerId: z.uuid().optional() }),
    answer: z.object({ stages: z.array(stageColumn) }),
  }),
  reps: endpoint({
    method: 'GET',
    path: '/api/team/reps',
    summary: 'Per rep in scope: what they have, what is late, how they use Zhike',
    roles: leaders,
    answer: z.object({ items: z.array(repRow) }),
  }),
  silent: endpoint({
    method: 'GET',
    path: '/api/team/silent',
    summary: 'Customers in scope without contact for longer than their grade allows, longest over it first',
    roles: leaders,
    query: z.object({
      ownerId: z.uuid().optional(),
      grade: z.enum(customerGrades).optional(),
      after: z.string().max(200).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
    answer: z.object({ items: z.array(silentCustomer), nextAfter: z.string().nullable() }),
  }),
  remind: endpoint({
    method: 'POST',
    path: '/api/team/remind',
    summary:
      'A prepared message to whoever has the overdue task or the silent customer; about one thing once in four hours (429 `team.reminded`)',
    roles: leaders,
    body: z.object({ about: z.enum(['task', 'customer']), id: z.uuid() }),
    /** What was sent, and to whom. */
    answer: z.object({ to: person, text: z.string(), remindedAt: z.iso.datetime() }),
  }),
  readSetting: endpoint({
    method: 'GET',
    path: '/api/settings/follow-up',
    summary: 'How long customers may go without contact, and when the digest comes',
    answer: followUpSetting,
  }),
  saveSetting: endpoint({
    method: 'PUT',
    path: '/api/settings/follow-up',
    summary: 'Change it; the audit log says who did',
    roles: ['admin'],
    body: followUpSetting,
    answer: followUpSetting,
  }),
};
