import { z } from 'zod';
import { dingtalkLiveEvent } from './dingtalk-phone-api.ts';
import { faults, settings } from './fault-api.ts';
import { sendActs, sendLiveEvents } from './wecom-send-api.ts';
import {
  relation,
  sandboxCard,
  sandboxMember,
  sandboxMessage,
  sandboxNotice,
  sandboxTag,
  stranger,
  transferState,
} from './wecom-window-api.ts';

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
 * What the WeCom window shows: wecom-window-api.ts. Its frame and the client around it: frame-api.ts.
 * What can go wrong, and how the platform is set: fault-api.ts.
 * Group messages and the ways customers come in by: wecom-send-api.ts.
 * The same for DingTalk, under /sandbox/api/dingtalk: dingtalk-phone-api.ts.
 */

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
