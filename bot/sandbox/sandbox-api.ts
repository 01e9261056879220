import { z } from 'zod';
import { dingtalkLiveEvent } from './dingtalk-phone-api.ts';
import { messageCard, sendActs, sendLiveEvents, sendSettings } from './wecom-send-api.ts';

export * from './dingtalk-phone-api.ts';
export * from './wecom-send-api.ts';

/**
 * The control contract of the sandbox: what its page and the journeys ask of it under /sandbox/api. Times are unix
 * milliseconds. Errors are `{ error: { code, message } }` with a 4xx. State-changing calls need the sandbox's own Origin
 * (or none at all, as from a test).
 *
 * GET  /sandbox/api/state                    → SandboxState
 * GET  /sandbox/api/contacts?member=         → { contacts: SandboxContact[] }      newest talk first
 * GET  /sandbox/api/chat?member=&contact=    → SandboxChat
 * GET  /sandbox/api/notices?member=          → { notices: SandboxNotice[] }        what the app told this member
 * GET  /sandbox/api/cards?member=            → { cards: SandboxCard[] }           the app's cards in this member's chat with it
 * GET  /sandbox/api/transfers                → { transfers: SandboxTransfer[] }   customers on their way to another member
 * GET  /sandbox/api/log?limit=               → { entries: LogEntry[] }             newest last
 * GET  /sandbox/api/live                     → SSE; every event is `data: LiveEvent`
 * POST /sandbox/api/act            Act       → ActResult
 * POST /sandbox/api/play           Play      → { member }   also a cookie; a client of another member has other cookies
 * POST /sandbox/api/faults         FaultEdit → Faults
 * POST /sandbox/api/settings       SettingsEdit → Settings
 * POST /sandbox/api/expire-tokens  {}        → { expired }
 * POST /sandbox/api/reset          { seed? } → { seed }     everything as new; the keys and secrets stay
 * POST /sandbox/api/verify-callback {}      → { verified }  as when an operator saves the callback address
 * POST /sandbox/api/verify-signature SignatureCheck → SignatureVerdict
 * POST /sandbox/api/bridge         BridgeCall → BridgeReply   what the client does when a page calls its JS bridge
 *
 * Group messages and the ways customers come in by: wecom-send-api.ts.
 * The same for DingTalk, under /sandbox/api/dingtalk: dingtalk-phone-api.ts.
 */

/** A page in the sandbox's frame talks to the page around it in these; both ends check the origin. */
export const frameMessage = z.discriminatedUnion('type', [
  /** From the frame: WeixinJSBridge.invoke(name, params), or WebViewJavascriptBridge.callHandler in DingTalk's. Answer it with `bridge.reply` of the same id. */
  z.object({
    v: z.literal(1),
    id: z.string(),
    type: z.literal('bridge.call'),
    payload: z.object({
      frame: z.string(),
      name: z.string(),
      params: z.record(z.string(), z.unknown()),
      url: z.string(),
    }),
  }),
  /** To the frame: hand `payload` over as BridgeReply.reply came. Send nothing when BridgeReply.reply is null (a timeout). */
  z.object({
    v: z.literal(1),
    id: z.string(),
    type: z.literal('bridge.reply'),
    payload: z.record(z.string(), z.unknown()),
  }),
  /** To the frame: an event it asked for by WeixinJSBridge.on(name). */
  z.object({
    v: z.literal(1),
    id: z.string(),
    type: z.literal('bridge.event'),
    payload: z.object({ name: z.string(), data: z.record(z.string(), z.unknown()) }),
  }),
  /** To the frame: the client's machine lost its network, or has it again. */
  z.object({
    v: z.literal(1),
    id: z.string(),
    type: z.literal('client.network'),
    payload: z.object({ isOnline: z.boolean() }),
  }),
]);
export type FrameMessage = z.infer<typeof frameMessage>;

export const entry = z.enum(['single_chat_tools', 'group_chat_tools', 'contact_profile', 'chat_attachment', 'normal']);
export type Entry = z.infer<typeof entry>;

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

export const apiFault = z.object({
  /** 'externalcontact/get' is that call, 'externalcontact/*' the family, '*' all. */
  path: z.string().min(1),
  /** no_answer, hang_up: it is done, and no answer comes; the caller waits for it, or is cut off. */
  kind: z.enum(['rate_limited', 'ip_refused', 'token_expired', 'busy', 'slow', 'no_answer', 'hang_up', 'code']),
  /** How many calls it still meets; null: until taken away. */
  calls: z.number().int().positive().nullable().default(null),
  /** When it goes by itself, in the sandbox's time. */
  until: z.number().optional(),
  /** For `slow`. */
  delayMs: z.number().int().min(0).max(60_000).default(3000),
  /** For `code`: any errcode. */
  code: z.number().int().default(-1),
});
export type ApiFault = z.infer<typeof apiFault>;

export const faults = z.object({
  api: z.array(apiFault),
  callbacks: z.object({
    /** Every push leaves twice. */
    duplicate: z.boolean(),
    /** A push waits for the next one and leaves after it. */
    reorder: z.boolean(),
    /** Pushes are lost. */
    lose: z.boolean(),
  }),
  model: z.object({
    mode: z.enum(['up', 'down', 'slow', 'nonsense', 'not_json', 'obeys_injection', 'rate_limited']),
    delayMs: z.number().int().min(0).max(120_000),
  }),
  /** By bridge name, '*' for all of them. The sandbox meets them out itself when asked through /bridge. */
  bridge: z.record(
    z.string(),
    z.object({
      kind: z.enum(['no_permission', 'without_context', 'timeout', 'cancel', 'invalid_signature']),
      calls: z.number().int().positive().nullable(),
    }),
  ),
});
export type Faults = z.infer<typeof faults>;
export const faultEdit = z.object({
  /** `forMs`: sets `until`, that long from now. */
  api: z.array(apiFault.extend({ forMs: z.number().int().positive().max(86_400_000).optional() })).optional(),
  callbacks: faults.shape.callbacks.partial().optional(),
  model: faults.shape.model.partial().optional(),
  bridge: faults.shape.bridge.optional(),
});
export type FaultEdit = z.input<typeof faultEdit>;

export const settings = z.object({
  /** Calls per minute and path before 45009. WeCom: 10,000. */
  callsPerMinuteMax: z.number().int().positive(),
  /** New messages are announced (msgaudit_notify) together this long after the first. WeCom: about 15 s. */
  archiveNotifyMs: z.number().int().min(0).max(60_000),
  /** An app made after 2022-06-20 gets no avatar, gender, mobile, email of members. */
  memberDetails: z.boolean(),
  /** The admin console has a welcome of its own: no welcome code is pushed. */
  consoleWelcome: z.boolean(),
  theme: z.enum(['light', 'dark']),
  /** How long a customer has to decline before they go over. WeCom: 24 hours. */
  transferWaitMs: z.number().int().min(0),
  ...sendSettings,
});
export type Settings = z.infer<typeof settings>;
export const settingsEdit = settings.partial();
export type SettingsEdit = z.infer<typeof settingsEdit>;

export const sandboxState = z.object({
  now: z.number(),
  seed: z.number(),
  company: z.object({ name: z.string(), corpId: z.string(), agentId: z.string() }),
  productUrl: z.string(),
  /** Who this browser plays, by cookie. */
  playing: z.string(),
  /** The cast of the guided story. */
  demo: z.object({ member: z.string(), contact: z.string(), secondContact: z.string(), stranger: z.string() }),
  departments: z.array(z.object({ key: z.string(), name: z.string(), parent: z.string().nullable() })),
  members: z.array(sandboxMember),
  strangers: z.array(stranger),
  tags: z.array(sandboxTag),
  faults,
  settings,
});
export type SandboxState = z.infer<typeof sandboxState>;

const pair = { member: z.string(), contact: z.string() };
const words = z.string().trim().min(1).max(4000);
export const act = z.discriminatedUnion('kind', [
  /**
   * The customer adds the member. `contact` null: a new person called `name`. `half`: no confirmation asked, the member
   * has not confirmed. `agree`: they accept the archive at once. `channel` is the way in's state.
   */
  z.object({
    kind: z.literal('customer_adds'),
    member: z.string(),
    contact: z.string().nullable(),
    name: z.string().max(32).optional(),
    corpName: z.string().max(64).optional(),
    channel: z.string().max(30).optional(),
    half: z.boolean().default(false),
    agree: z.boolean().default(true),
  }),
  z.object({ kind: z.literal('member_confirms'), ...pair }),
  z.object({ kind: z.literal('customer_writes'), ...pair, text: words }),
  z.object({ kind: z.literal('member_writes'), ...pair, text: words }),
  /** Within two minutes, by who wrote it. */
  z.object({ kind: z.literal('recall'), message: z.string() }),
  z.object({ kind: z.literal('customer_removes'), ...pair }),
  z.object({ kind: z.literal('member_removes'), ...pair }),
  z.object({ kind: z.literal('customer_consents'), ...pair, agree: z.boolean() }),
  /** The member edits in the client; what is left out stays. */
  z.object({
    kind: z.literal('member_edits'),
    ...pair,
    remark: z.string().max(20).optional(),
    description: z.string().max(150).optional(),
    corpName: z.string().max(20).optional(),
    phones: z.array(z.string()).max(5).optional(),
    addTags: z.array(z.string()).optional(),
    removeTags: z.array(z.string()).optional(),
  }),
  /** In the admin console. `group` is the group's name; made when new. */
  z.object({ kind: z.literal('console_adds_tag'), group: z.string().min(1).max(30), name: z.string().min(1).max(30) }),
  z.object({ kind: z.literal('console_removes_tag'), tag: z.string() }),
  z.object({
    kind: z.literal('member_joins'),
    name: z.string().min(1).max(32),
    department: z.string(),
    position: z.string().max(32).default(''),
  }),
  z.object({ kind: z.literal('member_leaves'), member: z.string() }),
  /** The member writes to the app. */
  z.object({ kind: z.literal('member_tells_app'), member: z.string(), text: words }),
  /** On a card in the member's chat with the app; `button` is its key. */
  z.object({ kind: z.literal('card_pressed'), card: z.string(), button: z.string() }),
  /** The customer answers, or time passes, before the 24 hours are over; null: for all who are on their way. */
  z.object({
    kind: z.literal('transfer_settles'),
    contact: z.string().nullable(),
    outcome: transferState.exclude(['waiting']),
  }),
  ...sendActs,
  /** An event of a kind nobody planned for. */
  z.object({ kind: z.literal('unknown_event'), name: z.string().min(1).max(64) }),
]);
export type Act = z.input<typeof act>;
/** One kind of deed, as it is read. */
export type Deed<Kind extends Act['kind']> = Extract<z.output<typeof act>, { kind: Kind }>;

export const actResult = z.object({
  contact: z.string().optional(),
  member: z.string().optional(),
  message: sandboxMessage.optional(),
  tag: z.string().optional(),
  relation: relation.optional(),
  settled: z.number().optional(),
});
export type ActResult = z.infer<typeof actResult>;

export const play = z.object({ member: z.string() });
export type Play = z.infer<typeof play>;

export const signatureCheck = z.object({
  ticket: z.enum(['agent', 'corp']),
  corpId: z.string(),
  agentId: z.string().optional(),
  /** Whole address of the page; the part after # does not count. */
  url: z.string(),
  timestamp: z.string(),
  nonceStr: z.string(),
  signature: z.string(),
});
export type SignatureCheck = z.infer<typeof signatureCheck>;
export const signatureVerdict = z.object({
  ok: z.boolean(),
  /** '' or as the client says it: 'invalid signature', 'invalid url domain' … */
  reason: z.string(),
});
export type SignatureVerdict = z.infer<typeof signatureVerdict>;

export const bridgeCall = z.object({
  /** As the frame sent them. */
  frame: z.string(),
  name: z.string(),
  params: z.record(z.string(), z.unknown()),
  url: z.string(),
  /** Where the page around the frame put it. */
  context: z.object({ entry, member: z.string(), contact: z.string().nullable() }),
});
export type BridgeCall = z.infer<typeof bridgeCall>;
export const bridgeReply = z.object({
  /** Null: the client never answers. */
  reply: z.record(z.string(), z.unknown()).nullable(),
});
export type BridgeReply = z.infer<typeof bridgeReply>;

/** One line of the drawer. */
export const logEntry = z.object({
  id: z.number(),
  at: z.number(),
  /** api: the product called; push: the sandbox called the product; bridge: the page called its client; model: the product asked the model. */
  kind: z.enum(['api', 'push', 'bridge', 'model', 'archive', 'oauth']),
  /** The call's path or name, without credentials. */
  name: z.string(),
  /** '0', '45009' …; for pushes the HTTP status or 'timeout', 'lost'. */
  code: z.string(),
  ms: z.number(),
  /** What was said, in short; never a credential. */
  detail: z.string(),
});
export type LogEntry = z.infer<typeof logEntry>;

export const liveEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('log'), entry: logEntry }),
  z.object({ type: z.literal('message'), member: z.string(), contact: z.string(), message: sandboxMessage }),
  /** Relation, remark, tags or consent of this pair are other than before. */
  z.object({ type: z.literal('contact'), member: z.string(), contact: z.string() }),
  z.object({ type: z.literal('notice'), notice: sandboxNotice }),
  /** New, or with another face. */
  z.object({ type: z.literal('card'), card: sandboxCard }),
  z.object({ type: z.literal('faults'), faults }),
  z.object({ type: z.literal('settings'), settings }),
  ...sendLiveEvents,
  dingtalkLiveEvent,
  /** Read everything anew. */
  z.object({ type: z.literal('reset') }),
]);
export type LiveEvent = z.infer<typeof liveEvent>;
