import { z } from 'zod';
import { endpoint } from '#server/base/endpoint.ts';
import { givenTime } from '#server/base/given-time.ts';

export const messageView = z.object({
  id: z.uuid(),
  sender: z.enum(['contact', 'member']),
  /** Whose chat with the contact it is of. */
  memberId: z.uuid(),
  at: z.iso.datetime(),
  kind: z.enum(['text', 'image', 'voice', 'video', 'file', 'link', 'location', 'card', 'other']),
  /** '' when it was recalled. */
  text: z.string(),
  media: z.object({ name: z.string().nullable(), bytes: z.int().nullable() }).nullable(),
  recalledAt: z.iso.datetime().nullable(),
});
export type MessageView = z.infer<typeof messageView>;

export const chatSourceView = z.object({
  id: z.string(),
  platform: z.string(),
  kind: z.enum(['archive', 'paste']),
  enabled: z.boolean(),
  modelAllowed: z.boolean(),
  /** Runs of archive records that are missing and asked for again, and those given up. */
  gaps: z.int(),
  lost: z.int(),
  /** Archive records that are no message of one member and one contact, by why: group chats are not kept for now. */
  passedOver: z.object({ group: z.int(), internal: z.int(), refused: z.int(), other: z.int() }),
  updatedAt: z.iso.datetime(),
});

export const conversationApi = {
  messages: endpoint({
    method: 'GET',
    path: '/api/conversations/messages',
    summary:
      'What was said between the contact and members in scope, newest first; `around` a message shows what was said before and after it',
    query: z.object({
      contactId: z.uuid(),
      before: givenTime.optional(),
      around: z.uuid().optional(),
      limit: z.coerce.number().int().min(1).max(100).default(30),
    }),
    answer: z.object({ items: z.array(messageView), nextBefore: z.iso.datetime().nullable() }),
  }),
  paste: endpoint({
    method: 'POST',
    path: '/api/conversations/paste',
    summary: 'Add chat text a rep pasted; lines like “陈女士 10:02 你好” are told apart, the rest is the contact’s',
    body: z.object({ contactId: z.uuid(), text: z.string().trim().min(1).max(20_000) }),
    answer: z.object({ added: z.int(), known: z.int() }),
    status: 201,
  }),
  sources: endpoint({
    method: 'GET',
    path: '/api/chat-sources',
    summary: 'Where messages come from and what may be done with them',
    roles: ['admin'],
    answer: z.object({ items: z.array(chatSourceView) }),
  }),
  editSource: endpoint({
    method: 'PATCH',
    path: '/api/chat-sources/:id',
    summary: 'Switch a source or its use by the model on or off',
    roles: ['admin'],
    params: z.object({ id: z.string() }),
    body: z.object({
      enabled: z.boolean().optional(),
      modelAllowed: z.boolean().optional(),
      /** Kept in the audit log. */
      reason: z.string().trim().max(200).optional(),
    }),
    answer: chatSourceView,
  }),
};
