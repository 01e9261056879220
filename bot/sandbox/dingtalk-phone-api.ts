import { z } from 'zod';

/**
 * The DingTalk half of the sandbox's control contract (sandbox-api.ts says what holds for all of it): the phone, the
 * company's console and the faults. A `user` is a DingTalk userid; DingtalkUser.member says who that is in WeCom.
 *
 * GET  /sandbox/api/dingtalk/state           → DingtalkState
 * GET  /sandbox/api/dingtalk/phone?user=     → DingtalkPhone               everything newest first
 * POST /sandbox/api/dingtalk/act      DingtalkAct → DingtalkActResult
 * POST /sandbox/api/dingtalk/faults   DingtalkFaultEdit → DingtalkFaults
 * POST /sandbox/api/dingtalk/settings DingtalkSettingsEdit → DingtalkSettings
 * POST /sandbox/api/dingtalk/expire-tokens {} → { expired }
 * POST /sandbox/api/dingtalk/verify-callback {} → { verified }             as when an operator saves the callback address
 * POST /sandbox/api/dingtalk/bridge   DingtalkBridgeCall → DingtalkBridgeReply
 *
 * The phone's frame: any page of the product with the mark `sandbox_dingtalk=<userid>` in its query, such as
 * `/inbox.html?sandbox_dingtalk=ding1007`. Such a frame has DingTalk's user agent and bridge, and a cookie jar of its own for
 * each user: several phones and the WeCom window stand side by side in one browser. A link out of a card, a todo or a
 * notice is opened with the mark added (`marked`). The frame talks to the page in FrameMessage, as WeCom's does.
 */

export const frameMark = 'sandbox_dingtalk';

export const dingtalkUser = z.object({
  user: z.string(),
  /** The same person in WeCom; null for somebody who is in DingTalk only. */
  member: z.string().nullable(),
  name: z.string(),
  title: z.string(),
  departments: z.array(z.string()),
  leads: z.array(z.string()),
  manager: z.string().nullable(),
  active: z.boolean(),
});
export type DingtalkUser = z.infer<typeof dingtalkUser>;

export const dingtalkCard = z.object({
  /** outTrackId. */
  card: z.string(),
  template: z.string(),
  /** What everybody sees, what only this user sees, and both together as the template shows them. All are text. */
  params: z.record(z.string(), z.string()),
  privateParams: z.record(z.string(), z.string()),
  shown: z.record(z.string(), z.string()),
  at: z.number(),
  updatedAt: z.number(),
  /** The line of it in the chat list. */
  summary: z.string(),
});
export type DingtalkCard = z.infer<typeof dingtalkCard>;

export const dingtalkNotice = z.object({
  id: z.string(),
  user: z.string(),
  at: z.number(),
  from: z.enum(['work_notice', 'robot', 'user']),
  /** msgtype or msgKey. */
  kind: z.string(),
  title: z.string(),
  /** May be markdown. */
  text: z.string(),
  fields: z.array(z.object({ name: z.string(), value: z.string() })),
  links: z.array(z.object({ title: z.string(), url: z.string() })),
  isRead: z.boolean(),
  isRecalled: z.boolean(),
});
export type DingtalkNotice = z.infer<typeof dingtalkNotice>;

export const dingtalkTodo = z.object({
  todo: z.string(),
  title: z.string(),
  fields: z.array(z.object({ name: z.string(), value: z.string() })),
  at: z.number(),
  dueAt: z.number().nullable(),
  priority: z.number(),
  url: z.string().nullable(),
  creator: z.string(),
  executors: z.array(z.object({ user: z.string(), name: z.string(), isDone: z.boolean() })),
  /** Of the one whose phone it is, if an executor; else of all. */
  isDone: z.boolean(),
});
export type DingtalkTodo = z.infer<typeof dingtalkTodo>;

export const dingtalkForm = z.object({
  /** processInstanceId. */
  form: z.string(),
  number: z.string(),
  template: z.string(),
  templateName: z.string(),
  title: z.string(),
  fields: z.array(z.object({ name: z.string(), value: z.string() })),
  originator: z.object({ user: z.string(), name: z.string() }),
  status: z.enum(['RUNNING', 'TERMINATED', 'COMPLETED']),
  result: z.enum(['agree', 'refuse']).nullable(),
  at: z.number(),
  finishedAt: z.number().nullable(),
  tasks: z.array(
    z.object({
      task: z.string(),
      user: z.string(),
      name: z.string(),
      status: z.enum(['NEW', 'RUNNING', 'PAUSED', 'CANCELED', 'COMPLETED', 'TERMINATED']),
      result: z.enum(['AGREE', 'REFUSE', 'REDIRECTED', 'NONE']),
      at: z.number(),
      finishedAt: z.number().nullable(),
    }),
  ),
  records: z.array(
    z.object({
      user: z.string(),
      name: z.string(),
      type: z.string(),
      result: z.string(),
      remark: z.string(),
      at: z.number(),
    }),
  ),
  /** This user's own part in it: the open task, and whether 撤销 is offered (from 15 s after the start on). */
  mine: z.object({ isOriginator: z.boolean(), openTask: z.string().nullable(), mayWithdraw: z.boolean() }),
});
export type DingtalkForm = z.infer<typeof dingtalkForm>;

export const dingtalkPhone = z.object({
  user: dingtalkUser,
  cards: z.array(dingtalkCard),
  notices: z.array(dingtalkNotice),
  todos: z.array(dingtalkTodo),
  /** Started by this user, waiting for them, decided by them or copied to them. */
  forms: z.array(dingtalkForm),
});
export type DingtalkPhone = z.infer<typeof dingtalkPhone>;

export const dingtalkApiFault = z.object({
  /** '/v1.0/card/instances' is that call, '/v1.0/todo/*' the family, '*' all; old calls are '/topapi/…', '/gettoken'. */
  path: z.string().min(1),
  kind: z.enum([
    'token_invalid',
    'permission_denied',
    'ip_not_listed',
    'qps_app',
    'qps_all',
    'quota',
    'busy',
    'gateway_timeout',
    'ip_banned',
    'slow',
    'no_answer',
    'code',
  ]),
  /** How many calls it still meets; null: until taken away. */
  calls: z.number().int().positive().nullable().default(null),
  /** For `slow`. */
  delayMs: z.number().int().min(0).max(60_000).default(3000),
  /** For `code`: a code of the new host, or a number for the old one. */
  code: z.string().default('systemBusy'),
});
export type DingtalkApiFault = z.infer<typeof dingtalkApiFault>;

export const dingtalkFaults = z.object({
  api: z.array(dingtalkApiFault),
  /** Of what DingTalk tells the product, on the stream or by HTTP. */
  push: z.object({ duplicate: z.boolean(), reorder: z.boolean(), lose: z.boolean() }),
  stream: z.object({
    /** Nobody gets a connection, those there are cut. What happens meanwhile is told later. */
    cut: z.boolean(),
  }),
  card: z.object({
    /** Cards can be neither made nor changed. */
    serviceDown: z.boolean(),
    /** Every press reaches the product twice. */
    duplicateTap: z.boolean(),
    /** A press reaches the product this late (the phone has given up by then); 0: at once. */
    lateTapMs: z.number().int().min(0).max(600_000),
  }),
  /** By bridge name ('biz.util.openLink'), '*' for all of them. */
  bridge: z.record(
    z.string(),
    z.object({
      kind: z.enum(['fail', 'cancel', 'timeout', 'invalid_signature']),
      calls: z.number().int().positive().nullable(),
    }),
  ),
});
export type DingtalkFaults = z.infer<typeof dingtalkFaults>;
export const dingtalkFaultEdit = z.object({
  api: z.array(dingtalkApiFault).optional(),
  push: dingtalkFaults.shape.push.partial().optional(),
  stream: dingtalkFaults.shape.stream.partial().optional(),
  card: dingtalkFaults.shape.card.partial().optional(),
  bridge: dingtalkFaults.shape.bridge.optional(),
});
export type DingtalkFaultEdit = z.input<typeof dingtalkFaultEdit>;

export const dingtalkSettings = z.object({
  /** How events reach the product: chosen in the console for the whole app. Cards say it one by one. */
  events: z.enum(['stream', 'http']),
  /** What stands behind an encrypted event: the client id, or the corp id as for addresses registered the old way. */
  ownerKey: z.enum(['client_id', 'corp_id']),
  /** A press the product has not answered by then has failed for the phone. DingTalk: 2 s. */
  cardAnswerMs: z.number().int().min(50).max(10_000),
  /** An event said LATER to, or not acknowledged by then, comes again. */
  eventAgainMs: z.number().int().min(10).max(600_000),
  /** Calls per second and path before the QPS refusal. DingTalk: 20. */
  callsPerSecondMax: z.number().int().positive(),
  /** The app has the permission to see members' mobile numbers and mail. */
  memberDetails: z.boolean(),
  /** dd.config takes SHA-1 signatures too, as older samples make them. */
  sha1Signature: z.boolean(),
});
export type DingtalkSettings = z.infer<typeof dingtalkSettings>;
export const dingtalkSettingsEdit = dingtalkSettings.partial();
export type DingtalkSettingsEdit = z.infer<typeof dingtalkSettingsEdit>;

export const dingtalkState = z.object({
  /** False in a company that has WeCom only: the product is told of no DingTalk. */
  isUsed: z.boolean(),
  company: z.object({ name: z.string(), corpId: z.string(), clientId: z.string(), agentId: z.string() }),
  /** The cast of the guided story: the rep of the WeCom window, their manager, the manager's director. */
  demo: z.object({ rep: z.string(), manager: z.string(), secondManager: z.string(), director: z.string() }),
  users: z.array(dingtalkUser),
  departments: z.array(z.object({ key: z.string(), name: z.string(), parent: z.string().nullable() })),
  cardTemplate: z.string(),
  formTemplates: z.array(
    z.object({
      template: z.string(),
      name: z.string(),
      fields: z.array(z.object({ name: z.string(), type: z.string(), required: z.boolean() })),
    }),
  ),
  /** Stream connections of the product now open. */
  connections: z.number(),
  faults: dingtalkFaults,
  settings: dingtalkSettings,
});
export type DingtalkState = z.infer<typeof dingtalkState>;

const remark = z.string().max(1024).default('');
export const dingtalkAct = z.discriminatedUnion('kind', [
  /**
   * Presses a card's button. The action and the params are what the template gives it, such as a reason typed into the card's field.
   * Also where the card shows no such button (any more): a face is not always the newest.
   */
  z.object({
    kind: z.literal('press_card'),
    user: z.string(),
    card: z.string(),
    action: z.string().min(1).max(64),
    params: z.record(z.string(), z.string()).default({}),
  }),
  z.object({ kind: z.literal('read_notice'), user: z.string(), notice: z.string() }),
  z.object({ kind: z.literal('complete_todo'), user: z.string(), todo: z.string(), done: z.boolean().default(true) }),
  z.object({ kind: z.literal('remove_todo'), user: z.string(), todo: z.string() }),
  z.object({
    kind: z.literal('decide_form'),
    user: z.string(),
    form: z.string(),
    verdict: z.enum(['agree', 'refuse']),
    remark,
  }),
  z.object({ kind: z.literal('hand_over_form'), user: z.string(), form: z.string(), to: z.string(), remark }),
  z.object({ kind: z.literal('comment_form'), user: z.string(), form: z.string(), text: z.string().min(1).max(1024) }),
  z.object({ kind: z.literal('withdraw_form'), user: z.string(), form: z.string(), remark }),
  /** Somebody fills a template in by hand, in DingTalk itself. */
  z.object({
    kind: z.literal('start_form'),
    user: z.string(),
    template: z.string(),
    values: z.record(z.string(), z.string()),
    approvers: z.array(z.string()).min(1),
  }),
  z.object({ kind: z.literal('tell_robot'), user: z.string(), text: z.string().min(1).max(4000) }),
  z.object({
    kind: z.literal('user_joins'),
    name: z.string().min(1).max(32),
    department: z.string(),
    title: z.string().max(32).default(''),
    mobile: z.string().max(20).default(''),
  }),
  /** Leaves or is removed: DingTalk tells both alike. */
  z.object({ kind: z.literal('user_leaves'), user: z.string() }),
  z.object({
    kind: z.literal('user_moves'),
    user: z.string(),
    departments: z.array(z.string()).min(1),
    leads: z.array(z.string()).default([]),
    title: z.string().max(32).optional(),
  }),
  z.object({ kind: z.literal('department_made'), name: z.string().min(1).max(64), parent: z.string().default('1') }),
  z.object({ kind: z.literal('department_renamed'), department: z.string(), name: z.string().min(1).max(64) }),
  z.object({ kind: z.literal('department_removed'), department: z.string() }),
  /** `gently`: with a notice first, ten seconds before the end. */
  z.object({ kind: z.literal('cut_stream'), gently: z.boolean().default(false) }),
  /** The last event that was told is told once more. */
  z.object({ kind: z.literal('repeat_event') }),
  z.object({ kind: z.literal('unknown_event'), name: z.string().min(1).max(64) }),
]);
export type DingtalkAct = z.input<typeof dingtalkAct>;

export const dingtalkActResult = z.object({
  user: z.string().optional(),
  form: z.string().optional(),
  department: z.string().optional(),
  /** Of a pressed card: whether the phone saw the product answer in time, and else what it says. */
  press: z.object({ accepted: z.boolean(), says: z.string() }).optional(),
});
export type DingtalkActResult = z.infer<typeof dingtalkActResult>;

export const dingtalkBridgeCall = z.object({
  /** As the frame sent them. */
  frame: z.string(),
  name: z.string(),
  params: z.record(z.string(), z.unknown()),
  url: z.string(),
  /** Whose phone it is. */
  user: z.string(),
});
export type DingtalkBridgeCall = z.infer<typeof dingtalkBridgeCall>;

/** What the phone around the frame does beside answering. */
export const dingtalkEffect = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open_link'), url: z.string() }),
  z.object({ kind: z.literal('close') }),
  z.object({ kind: z.literal('go_back') }),
  z.object({ kind: z.literal('title'), title: z.string() }),
  z.object({ kind: z.literal('toast'), text: z.string(), icon: z.string(), durationS: z.number() }),
  /** Null: it goes away. */
  z.object({ kind: z.literal('loading'), text: z.string().nullable() }),
  z.object({ kind: z.literal('open_chat'), user: z.string() }),
]);
export type DingtalkEffect = z.infer<typeof dingtalkEffect>;

/**
 * What the person must answer: the phone asks, then sends `bridge.reply` with `{ errorCode: '0', result }`, or
 * `{ errorCode: '-1', errorMessage: 'cancel' }` when it is closed.
 */
export const dingtalkQuestion = z.discriminatedUnion('kind', [
  /** result {}. */
  z.object({ kind: z.literal('alert'), title: z.string(), text: z.string(), button: z.string() }),
  /** result { buttonIndex }. */
  z.object({ kind: z.literal('confirm'), title: z.string(), text: z.string(), buttons: z.array(z.string()) }),
  /** result { buttonIndex, value }. */
  z.object({
    kind: z.literal('prompt'),
    title: z.string(),
    text: z.string(),
    value: z.string(),
    buttons: z.array(z.string()),
  }),
  /** result { selectedCount, users: [{ name, avatar, emplId }], departments: [] }; emplId is the userid. */
  z.object({
    kind: z.literal('people'),
    title: z.string(),
    multiple: z.boolean(),
    max: z.number(),
    picked: z.array(z.string()),
    disabled: z.array(z.string()),
  }),
  /** result { chosen, timezone }: unix milliseconds and hours east of Greenwich. */
  z.object({ kind: z.literal('date_time'), value: z.number() }),
]);
export type DingtalkQuestion = z.infer<typeof dingtalkQuestion>;

export const dingtalkBridgeReply = z.object({
  /** Hand it over as it is. Null: there is a `question` to answer first, or the client never answers. */
  reply: z.record(z.string(), z.unknown()).nullable(),
  effect: dingtalkEffect.nullable(),
  question: dingtalkQuestion.nullable(),
});
export type DingtalkBridgeReply = z.infer<typeof dingtalkBridgeReply>;

/** Part of sandbox-api.ts's LiveEvent. `user` null: it may concern everybody. Read anew what is named. */
export const dingtalkLiveEvent = z.object({
  type: z.literal('dingtalk'),
  part: z.enum(['cards', 'notices', 'todos', 'forms', 'people', 'stream', 'faults', 'settings']),
  user: z.string().nullable(),
});

/** A page's address as the phone's frame opens it; one of elsewhere stays as it is. */
export function marked(url: string, user: string, origin: string): string {
  const address = new URL(url, origin);
  if (address.origin !== new URL(origin).origin) return url;
  address.searchParams.set(frameMark, user);
  return address.href;
}
