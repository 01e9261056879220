import type { z } from 'zod';
import { DeedRefused } from './deed-refused.ts';
import type { ActResult } from './sandbox-api.ts';
import type { SandboxGroupSend, SendOutcome, sendActs } from './wecom-send-api.ts';
import { followOf, type GroupSend, type SendTask, type Stage } from './stage.ts';
import { deliverContent } from './wecom-content.ts';

const dayMs = 86_400_000;
/** However many customers there are. */
const sendingMsMax = 30_000;

/** What time brings: members see a new message, and customers get the ones that were confirmed, one after another. */
export function settleSends(stage: Stage): void {
  const { groupSends, settings } = stage.world;
  const now = stage.now();
  for (const send of groupSends) {
    if (!send.isDispatched && now >= send.at + settings.sendDispatchMs) {
      send.isDispatched = true;
      stage.changed();
      for (const task of send.tasks) touched(stage, send, task);
    }
    for (const task of send.tasks) if (task.state === 'sending') sendDue(stage, send, task, now);
  }
}

function sendDue(stage: Stage, send: GroupSend, task: SendTask, now: number): void {
  const due = task.contacts.filter(({ outcome, at }) => outcome === 'waiting' && at !== null && at <= now);
  const got = due.length > 0 ? receivedBy(stage) : new Map<string, number[]>();
  for (const row of due) {
    row.outcome = outcomeOf(stage, task.member, row.contact, got.get(row.contact) ?? []);
    row.at = now;
    if (row.outcome === 'delivered')
      deliverContent(stage, { member: task.member, contact: row.contact }, send, 'broadcast');
  }
  const isSent = task.contacts.every(({ outcome }) => outcome !== 'waiting');
  if (isSent) task.state = 'sent';
  if (due.length > 0 || isSent) touched(stage, send, task);
}

/** When each customer got group messages. */
function receivedBy(stage: Stage): Map<string, number[]> {
  const got = new Map<string, number[]>();
  for (const { contact, outcome, at } of stage.world.groupSends.flatMap((send) =>
    send.tasks.flatMap((task) => task.contacts),
  )) {
    if (outcome === 'delivered' && at !== null) got.set(contact, [...(got.get(contact) ?? []), at]);
  }
  return got;
}

function outcomeOf(stage: Stage, member: string, contact: string, got: readonly number[]): SendOutcome {
  const { world } = stage;
  if (!world.members[member]?.active) return 'not_connected';
  if (followOf(world, member, contact)?.relation !== 'friend') return 'not_connected';
  const { sendsPerDayMax, sendsPerWeekMax, sendsPerMonthMax } = world.settings;
  const isOver = (max: number | null, periodOf: (at: number) => string | number) =>
    max !== null && got.filter((at) => periodOf(at) === periodOf(stage.now())).length >= max;
  return isOver(sendsPerDayMax, dayOf) || isOver(sendsPerWeekMax, weekOf) || isOver(sendsPerMonthMax, monthOf)
    ? 'over_quota'
    : 'delivered';
}

/** Days begin at midnight in China, weeks on Monday. */
const chinaMs = 8 * 3_600_000;
const dayOf = (at: number): number => Math.floor((at + chinaMs) / dayMs);
const weekOf = (at: number): number => Math.floor((dayOf(at) + 3) / 7);
const monthOf = (at: number): string => new Date(at + chinaMs).toISOString().slice(0, 7);

export function touched(stage: Stage, send: GroupSend, task: SendTask): void {
  stage.changed();
  stage.tell({ type: 'group_send', member: task.member, send: send.id });
}

type SendDeed = Extract<z.output<(typeof sendActs)[number]>, { kind: `send${string}` }>;

/** What members do in their assistant. */
export function performSend(stage: Stage, deed: SendDeed): ActResult {
  settleSends(stage);
  switch (deed.kind) {
    case 'send_confirmed': {
      const [send, task] = taskOf(stage, deed);
      return { settled: confirm(stage, send, task) };
    }
    case 'send_declined': {
      const [send, task] = taskOf(stage, deed);
      task.state = 'declined';
      touched(stage, send, task);
      return {};
    }
    case 'sends_confirmed': {
      const waiting = stage.world.groupSends
        .filter((send) => send.isDispatched && (deed.send === null || send.id === deed.send))
        .flatMap((send) => send.tasks.filter(isOpen).map((task) => ({ send, task })));
      if (waiting.length === 0) throw new DeedRefused('sandbox.nothing_to_send', '没有等待发送的群发任务。');
      for (const { send, task } of waiting) confirm(stage, send, task);
      return { settled: waiting.length };
    }
  }
}

const isOpen = ({ state }: SendTask): boolean => state === 'waiting' || state === 'declined';

function taskOf(stage: Stage, of: { member: string; send: string }): [GroupSend, SendTask] {
  const send = stage.world.groupSends.find((one) => one.isDispatched && one.id === of.send);
  const task = send?.tasks.find(({ member }) => member === of.member);
  if (!send || !task) throw new DeedRefused('sandbox.send_unknown', '没有这个群发任务。', 404);
  if (task.state === 'cancelled') throw new DeedRefused('sandbox.send_cancelled', '管理员已停止这次群发。');
  if (!isOpen(task)) throw new DeedRefused('sandbox.send_done', '这次群发已经发送。');
  return [send, task];
}

function confirm(stage: Stage, send: GroupSend, task: SendTask): number {
  const now = stage.now();
  const stepMs = Math.min(stage.world.settings.sendStepMs, sendingMsMax / task.contacts.length);
  task.state = 'sending';
  task.confirmedAt = now;
  task.contacts.forEach((row, place) => {
    row.at = now + Math.round(place * stepMs);
  });
  touched(stage, send, task);
  settleSends(stage);
  return task.contacts.length;
}

/** Newest first, as the members' assistant lists them. */
export function groupSendsOf(stage: Stage, member: string | null): SandboxGroupSend[] {
  settleSends(stage);
  return stage.world.groupSends
    .filter((send) => send.isDispatched)
    .flatMap((send) =>
      send.tasks
        .filter((task) => member === null || task.member === member)
        .map((task) => ({
          id: send.id,
          member: task.member,
          at: send.at,
          text: send.text,
          cards: send.cards,
          contactCount: task.contacts.length,
          state: task.state,
          outcomes: outcomesOf(task),
          confirmedAt: task.confirmedAt,
          remindedAt: send.remindedAt.at(-1) ?? null,
        })),
    )
    .toReversed();
}

function outcomesOf({ contacts }: SendTask): Record<SendOutcome, number> {
  const counts = { waiting: 0, delivered: 0, not_connected: 0, over_quota: 0 };
  for (const { outcome } of contacts) counts[outcome] += 1;
  return counts;
}
