import { z } from 'zod';
import { messageCard } from './wecom-send-api.ts';

export const sandboxMember = z.object({
  key: z.string(),
  name: z.string(),
  position: z.string(),
  departments: z.array(z.string()),
  active: z.boolean(),
  /** Has the customer-contact feature. */
  mayHaveContacts: z.boolean(),
  contactCount: z.number(),
});
export type SandboxMember = z.infer<typeof sandboxMember>;

/** half: the customer added the member without the member's confirmation yet. */
export const relation = z.enum(['none', 'half', 'friend', 'deleted_by_member', 'deleted_by_contact']);
export type Relation = z.infer<typeof relation>;
export const consent = z.enum(['unknown', 'agreed', 'refused']);
export type Consent = z.infer<typeof consent>;

export const sandboxMessage = z.object({
  id: z.string(),
  from: z.string(),
  /** Who wrote it, as the chat shows it. */
  by: z.enum(['member', 'contact', 'system']),
  at: z.number(),
  kind: z.enum(['text', 'image', 'file', 'link', 'other']),
  text: z.string(),
  /**
   * sidebar: the product's page sent it through sendChatMessage (show 由侧边栏发送); welcome: send_welcome_msg; broadcast: a
   * group message the member confirmed.
   */
  via: z.enum(['client', 'sidebar', 'welcome', 'broadcast']),
  /** Set for what a welcome or a group message attaches; `text` says it in words. */
  card: messageCard.optional(),
  /** False where the customer did not agree to the archive (yet). */
  archived: z.boolean(),
  recalled: z.boolean(),
});
export type SandboxMessage = z.infer<typeof sandboxMessage>;

export const sandboxTag = z.object({ key: z.string(), name: z.string(), group: z.string() });

/** A contact as one member sees them. */
export const sandboxContact = z.object({
  key: z.string(),
  name: z.string(),
  /** WeChat user (@微信) or somebody of another WeCom company (@their company). */
  type: z.enum(['wechat', 'wecom']),
  corpName: z.string().nullable(),
  position: z.string().nullable(),
  gender: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  member: z.string(),
  relation,
  consent,
  remark: z.string().nullable(),
  description: z.string().nullable(),
  remarkCorpName: z.string().nullable(),
  remarkPhones: z.array(z.string()),
  tags: z.array(sandboxTag),
  addedAt: z.number().nullable(),
  channel: z.string().nullable(),
  lastMessage: sandboxMessage.nullable(),
});
export type SandboxContact = z.infer<typeof sandboxContact>;

export const sandboxChat = z.object({ contact: sandboxContact, messages: z.array(sandboxMessage) });
export type SandboxChat = z.infer<typeof sandboxChat>;

/** Somebody outside who knows nobody here yet. */
export const stranger = z.object({
  key: z.string(),
  name: z.string(),
  type: z.enum(['wechat', 'wecom']),
  corpName: z.string().nullable(),
});

export const sandboxNotice = z.object({
  id: z.string(),
  member: z.string(),
  at: z.number(),
  kind: z.string(),
  text: z.string(),
  url: z.string().nullable(),
  /** Set for a picture, a file or a news article. */
  card: messageCard.optional(),
});
export type SandboxNotice = z.infer<typeof sandboxNotice>;

/** What a template card shows. */
export const cardFace = z.object({
  title: z.string(),
  /** Below the title. */
  subtitle: z.string(),
  lines: z.array(z.object({ label: z.string(), text: z.string() })),
  note: z.string(),
  /** `url`: opens that page in place of telling the product. */
  buttons: z.array(
    z.object({ key: z.string(), text: z.string(), style: z.number().int(), url: z.string().nullable() }),
  ),
  /** In place of the buttons, grey and not to be pressed. */
  buttonsReplacedBy: z.string().nullable(),
  /** Where a tap on the card leads. */
  url: z.string().nullable(),
});
export type CardFace = z.infer<typeof cardFace>;

export const sandboxCard = z.object({
  id: z.string(),
  taskId: z.string(),
  member: z.string(),
  at: z.number(),
  face: cardFace,
});
export type SandboxCard = z.infer<typeof sandboxCard>;

export const transferState = z.enum(['waiting', 'done', 'declined', 'full']);
export type TransferState = z.infer<typeof transferState>;

export const sandboxTransfer = z.object({
  from: z.string(),
  to: z.string(),
  contact: z.string(),
  leaver: z.boolean(),
  state: transferState,
  /** When it settles by itself; later, when it did. */
  at: z.number(),
});
export type SandboxTransfer = z.infer<typeof sandboxTransfer>;
