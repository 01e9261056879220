import { z } from 'zod';
import { endpoint } from '#server/base/endpoint.ts';

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
/** What stands in a welcome text for the names: `{member}`, `{contact}`. */
export const welcomeVariables = ['member', 'contact'] as const;
const variable = /\{([^{}]*)\}/g;

const welcomeText = z
  .string()
  .trim()
  .min(1)
  .max(4000)
  .superRefine((text, ctx) => {
    const known: readonly string[] = welcomeVariables;
    // No matchAll: the pages' oldest kernels lack it, and they read this file too.
    for (const whole of text.match(variable) ?? [])
      if (!known.includes(whole.slice(1, -1)))
        ctx.addIssue(`${whole} stands for nothing; there is ${known.map((one) => `{${one}}`).join(' and ')}`);
    if (text.replace(variable, '').trim() === '') ctx.addIssue('says nothing where a name is not known');
  });

export const welcomeView = z.object({
  enabled: z.boolean(),
  text: z.string(),
  /** What the platform takes, in UTF-8; null when none sends welcomes. */
  bytesMax: z.int().nullable(),
});

export type ContactView = z.infer<typeof contactView>;
export type TagView = z.infer<typeof tagView>;

const byId = z.object({ id: z.uuid() });

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
  welcome: endpoint({
    method: 'GET',
    path: '/api/settings/welcome',
    summary: 'What a new contact is greeted with',
    roles: ['admin', 'marketing'],
    answer: welcomeView,
  }),
  saveWelcome: endpoint({
    method: 'PUT',
    path: '/api/settings/welcome',
    summary: 'Change what a new contact is greeted with; {member} and {contact} stand for the names',
    roles: ['admin', 'marketing'],
    body: z.object({ enabled: z.boolean(), text: welcomeText }),
    answer: welcomeView,
  }),
};
