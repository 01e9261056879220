import { z } from 'zod';
import { byId, endpoint } from '#server/base/endpoint.ts';

export const tagView = z.object({ id: z.uuid(), name: z.string(), group: z.string() });

export const contactView = z.object({
  id: z.uuid(),
  platform: z.string(),
  key: z.string(),
  name: z.string(),
  avatar: z.string().nullable(),
  type: z.enum(['messenger', 'colleague']),
  gender: z.int().min(0).max(2),
  corpName: z.string().nullable(),
  position: z.string().nullable(),
  optedOutAt: z.iso.datetime().nullable(),
  syncedAt: z.iso.datetime().nullable(),
  /** The caller's own connection; null when a colleague follows the contact and the caller does not. */
  follow: z
    .object({
      id: z.uuid(),
      state: z.enum(['pending', 'active', 'removed_by_member', 'removed_by_contact', 'transferred']),
      remark: z.string().nullable(),
      description: z.string().nullable(),
      remarkCorpName: z.string().nullable(),
      /** Masked: 138****8000. */
      remarkPhones: z.array(z.string()),
      channel: z.string().nullable(),
      addedAt: z.iso.datetime().nullable(),
      archiveConsent: z.enum(['unknown', 'agreed', 'refused']),
      tags: z.array(tagView),
    })
    .nullable(),
  /** Colleagues who follow the contact too. */
  followers: z.array(z.object({ memberId: z.uuid(), name: z.string(), state: z.string() })),
});

const keyword = z.string().trim().min(1).max(20);
/** What a contact writes, as a message of its own, to be written to no more, and to be again. Width, case and what stands around it do not matter. */
export const optOutView = z
  .object({ keywords: z.array(keyword).min(1).max(20), backKeywords: z.array(keyword).min(1).max(20) })
  .superRefine(({ keywords, backKeywords }, ctx) => {
    const out = new Set(keywords.map((one) => one.toLowerCase()));
    const at = backKeywords.findIndex((one) => out.has(one.toLowerCase()));
    if (at >= 0) ctx.addIssue({ code: 'custom', path: ['backKeywords', at], message: 'stands among the keywords too' });
  });

export type ContactView = z.infer<typeof contactView>;
export type TagView = z.infer<typeof tagView>;

export const contactApi = {
  tags: endpoint({
    method: 'GET',
    path: '/api/tags',
    summary: 'The company’s tag library',
    query: z.object({ platform: z.string() }),
    answer: z.object({ groups: z.array(z.object({ name: z.string(), tags: z.array(tagView) })) }),
  }),
  markTags: endpoint({
    method: 'POST',
    path: '/api/contacts/:id/tags',
    summary: 'Add and remove tags of the caller’s follow, here and on the platform',
    params: byId,
    body: z.object({ add: z.array(z.uuid()).max(50).default([]), remove: z.array(z.uuid()).max(50).default([]) }),
    answer: contactView,
  }),
  saveRemark: endpoint({
    method: 'PATCH',
    path: '/api/contacts/:id/remark',
    summary: 'Change remark, description, company or phones of the caller’s follow, here and on the platform',
    params: byId,
    body: z.object({
      remark: z.string().trim().min(1).max(20).optional(),
      description: z.string().trim().max(150).optional(),
      corpName: z.string().trim().max(20).optional(),
      phones: z
        .array(z.string().regex(/^[+\d][\d -]{4,19}$/))
        .max(5)
        .optional(),
    }),
    answer: contactView,
  }),
  revealPhones: endpoint({
    method: 'POST',
    path: '/api/contacts/:id/phones/reveal',
    summary: 'The phone numbers in full; each reading is in the audit log',
    params: byId,
    answer: z.object({ phones: z.array(z.string()) }),
  }),
  optOut: endpoint({
    method: 'POST',
    path: '/api/contacts/:id/opt-out',
    summary: 'No broadcast and no series reaches the contact any more, or they may again; marketing and admins for any',
    params: byId,
    body: z.object({ optedOut: z.boolean(), reason: z.string().trim().max(200).default('') }),
    answer: z.object({
      optedOutAt: z.iso.datetime().nullable(),
      optedOutBy: z.enum(['keyword', 'member', 'api']).nullable(),
    }),
  }),
  optOutWords: endpoint({
    method: 'GET',
    path: '/api/settings/opt-out',
    summary: 'The words by which contacts unsubscribe and subscribe again',
    roles: ['admin', 'marketing'],
    answer: optOutView,
  }),
  saveOptOutWords: endpoint({
    method: 'PUT',
    path: '/api/settings/opt-out',
    summary: 'Other words by which contacts unsubscribe and subscribe again',
    roles: ['admin', 'marketing'],
    body: optOutView,
    answer: optOutView,
  }),
};
