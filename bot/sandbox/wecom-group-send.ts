import type { SendOutcome } from './wecom-send-api.ts';
import { alphanumeric } from './alphanumeric.ts';
import { followOf, followsOf, pairOf, seconds, type GroupSend, type Stage } from './stage.ts';
import {
  Errcode,
  limitOf,
  listOf,
  memberOf,
  optionalText,
  pageOf,
  post,
  textOf,
  type Call,
  type CallTable,
} from './wecom-call.ts';
import { contentIn } from './wecom-content.ts';
import { settleSends, touched } from './wecom-send-task.ts';

const dayMs = 86_400_000;
const monthMs = 31 * dayMs;
const remindersMax = 3;
const sendsKept = 2000;

export const groupSendCalls: CallTable = {
  'externalcontact/add_msg_template': post(start),
  'externalcontact/get_groupmsg_list_v2': post(list),
  // D93338: 0 not sent, 2 sent; whoever put it aside has not sent it.
  'externalcontact/get_groupmsg_task': post(({ stage, body }) => {
    const { tasks } = dispatched(stage, body);
    const page = pageOf(tasks, body, limitOf(body, 1000, 500));
    return {
      task_list: page.items.map(({ member, confirmedAt }) => ({
        userid: member,
        status: confirmedAt === null ? 0 : 2,
        ...(confirmedAt === null ? {} : { send_time: seconds(confirmedAt) }),
      })),
      next_cursor: page.nextCursor,
    };
  }),
  'externalcontact/get_groupmsg_send_result': post(({ stage, body }) => {
    const { tasks } = dispatched(stage, body);
    const { userid } = memberOf(stage, textOf(body, 'userid', 41009));
    const rows = tasks.find((task) => task.member === userid)?.contacts ?? [];
    const page = pageOf(rows, body, limitOf(body, 1000, 500));
    return {
      send_list: page.items.map(({ contact, outcome, at }) => ({
        external_userid: contact,
        userid,
        status: statuses[outcome],
        ...(outcome === 'delivered' ? { send_time: seconds(at ?? 0) } : {}),
      })),
      next_cursor: page.nextCursor,
    };
  }),
  // D97610: three times in 24 hours, to those who have not sent it.
  'externalcontact/remind_groupmsg_send': post(({ stage, body }) => {
    const send = dispatched(stage, body);
    if (send.cancelledAt !== null) throw new Errcode(41093, 'message has been cancelled');
    const recent = send.remindedAt.filter((at) => at > stage.now() - dayMs);
    if (recent.length >= remindersMax) throw new Errcode(41094, 'reminded too often');
    send.remindedAt.push(stage.now());
    for (const task of send.tasks) {
      if (task.state === 'declined') task.state = 'waiting';
      if (task.state === 'waiting') touched(stage, send, task);
    }
    stage.changed();
    return {};
  }),
  // D97611: for those who have not sent it; what was sent stays.
  'externalcontact/cancel_groupmsg_send': post(({ stage, body }) => {
    const send = dispatched(stage, body);
    if (send.cancelledAt !== null) throw new Errcode(41093, 'message has been cancelled');
    send.cancelledAt = stage.now();
    for (const task of send.tasks) {
      if (task.confirmedAt !== null) continue;
      task.state = 'cancelled';
      touched(stage, send, task);
    }
    stage.changed();
    return {};
  }),
};

const statuses: Record<SendOutcome, number> = { waiting: 0, delivered: 1, not_connected: 2, over_quota: 3 };

/** D92135: each customer goes to one member only, and nothing leaves before that member says so. */
function start({ stage, body }: Call): Record<string, unknown> {
  const { world } = stage;
  const type = optionalText(body, 'chat_type') ?? 'single';
  if (type !== 'single') throw new Errcode(86214, 'only single chats are played here');
  if (body['tag_filter'] !== undefined) throw new Errcode(40058, 'tag_filter is not played here');
  const content = contentIn(stage, body);
  const wanted = [...new Set(listOf(body, 'external_userid'))];
  if (wanted.length > 10_000) throw new Errcode(40032, 'external_userid is too long');
  const sender = optionalText(body, 'sender');
  if (!sender && wanted.length === 0) throw new Errcode(40063, 'neither sender nor external_userid');
  const member = sender ? memberOf(stage, sender).userid : null;
  if (member && !world.members[member]?.mayHaveContacts) throw new Errcode(84074, 'no right to external contacts');

  const routes = routesOf(stage, member, wanted);
  const fail_list = wanted.filter((contact) => !routes.has(contact));
  if (routes.size === 0) throw new Errcode(41048, 'nobody to send to');
  const byMember = Map.groupBy(routes, ([, to]) => to);
  const send: GroupSend = {
    id: `msg${alphanumeric(40)}`,
    at: stage.now(),
    ...content,
    isDispatched: world.settings.sendDispatchMs === 0,
    cancelledAt: null,
    remindedAt: [],
    tasks: [...byMember].map(([to, pairs]) => ({
      member: to,
      state: 'waiting',
      confirmedAt: null,
      contacts: pairs.map(([contact]) => ({ contact, outcome: 'waiting', at: null })),
    })),
  };
  world.groupSends.push(send);
  world.groupSends.splice(0, world.groupSends.length - sendsKept);
  stage.changed();
  if (send.isDispatched) for (const task of send.tasks) touched(stage, send, task);
  return { msgid: send.id, fail_list };
}

/** Who sends to whom. Without customers all of the sender's are meant; without a sender whoever talked to them last. */
function routesOf(stage: Stage, member: string | null, wanted: readonly string[]): Map<string, string> {
  const { world } = stage;
  const routes = new Map<string, string>();
  if (member) {
    const contacts = wanted.length > 0 ? wanted : followsOf(world, member).map((follow) => follow.contact);
    for (const contact of contacts) if (mayTry(stage, member, contact)) routes.set(contact, member);
    return routes;
  }
  for (const contact of wanted) {
    const follows = Object.values(world.follows).filter(
      (follow) => follow.contact === contact && mayTry(stage, follow.member, contact),
    );
    const lastTalk = (of: string) => world.chats[pairOf(of, contact)]?.at(-1)?.at ?? 0;
    const [last] = follows.toSorted((a, b) => lastTalk(b.member) - lastTalk(a.member));
    if (last) routes.set(contact, last.member);
  }
  return routes;
}

/** That a customer deleted the member is found out when it is sent. */
function mayTry(stage: Stage, member: string, contact: string): boolean {
  const relation = followOf(stage.world, member, contact)?.relation;
  return relation === 'friend' || relation === 'deleted_by_contact';
}

// D93338: at most a month; what an app made has no creator.
function list({ stage, body }: Call): Record<string, unknown> {
  if (body['chat_type'] !== 'single' && body['chat_type'] !== 'group') throw new Errcode(86214, 'invalid chat_type');
  const [from, to] = [body['start_time'], body['end_time']];
  if (typeof from !== 'number' || typeof to !== 'number') throw new Errcode(40063, 'start_time or end_time is empty');
  if (to < from || (to - from) * 1000 > monthMs) throw new Errcode(40058, 'invalid time span');
  const isAsked = body['chat_type'] === 'single' && body['filter_type'] !== 1;
  const knownUntil = stage.now() - stage.world.settings.sendListDelayMs;
  const made = stage.world.groupSends.filter(
    ({ at }) => isAsked && at <= knownUntil && seconds(at) >= from && seconds(at) <= to,
  );
  const page = pageOf(made.toReversed(), body, limitOf(body, 100, 50));
  return {
    group_msg_list: page.items.map((send) => ({
      msgid: send.id,
      create_time: String(seconds(send.at)),
      create_type: 0,
      ...(send.text === '' ? {} : { text: { content: send.text } }),
      attachments: send.attachments,
    })),
    next_cursor: page.nextCursor,
  };
}

function dispatched(stage: Stage, body: Record<string, unknown>): GroupSend {
  settleSends(stage);
  const id = textOf(body, 'msgid', 41046);
  const send = stage.world.groupSends.find((one) => one.id === id);
  if (!send) throw new Errcode(41047, 'invalid msgid');
  if (!send.isDispatched) throw new Errcode(41063, 'message is being dispatched');
  return send;
}
