import { DAY_MS, MINUTE_MS } from '#server/base/duration.ts';
import { dayOf, endOf } from '#server/base/shanghai.ts';
import type { SummaryView } from '#server/summary/summary-api.ts';
import type { TaskView } from '#server/task/task-api.ts';
import type { NextAction } from './sidebar-api.ts';

export interface Situation {
  now: Date;
  /** Open and proposed tasks of this contact. */
  tasks: readonly TaskView[];
  summary: SummaryView | null;
  isBound: boolean;
  hasCandidates: boolean;
  lastMessage: { sender: 'contact' | 'member'; at: string } | null;
}

/** A contact who waited this long is asked for an answer before tasks of later days. */
const UNANSWERED_AFTER_MS = 30 * MINUTE_MS;
const SOON_MS = 7 * DAY_MS;
const factsToAsk = ['need', 'budget', 'decision_maker'] as const;

/** The one thing to do with this customer now: what is late, then what is due today, then who waits, then what is next. */
export function nextActionOf(situation: Situation): NextAction {
  const { now, tasks, summary, lastMessage } = situation;
  const open = tasks.filter((task) => task.state === 'open' && task.dueAt).toSorted(byDueTime);
  const before = (limit: number) => open.find((task) => task.dueAt && Date.parse(task.dueAt) <= limit);

  const overdue = before(now.getTime());
  if (overdue) return ofTask(overdue, 'overdue');
  const today = before(endOf(dayOf(now)).getTime());
  if (today) return ofTask(today, 'due_today');
  const promise = tasks.filter((task) => task.state === 'proposed').toSorted(byDueTime)[0];
  if (promise) return { ...ofTask(promise, promise.messageId ? 'promised' : 'planned'), kind: 'promise' };
  if (lastMessage?.sender === 'contact' && now.getTime() - Date.parse(lastMessage.at) >= UNANSWERED_AFTER_MS) {
    return { ...nothing, kind: 'reply', reason: 'unanswered', at: lastMessage.at };
  }
  const soon = before(now.getTime() + SOON_MS);
  if (soon) return ofTask(soon, 'due_soon');
  if (!situation.isBound && situation.hasCandidates) return { ...nothing, kind: 'bind', reason: 'unbound' };
  const suggestion = summary?.statements.find((statement) => statement.kind === 'next_step');
  if (suggestion)
    return {
      ...nothing,
      kind: 'suggestion',
      reason: 'suggested',
      title: suggestion.text,
      quote: suggestion.quotes[0]?.quote ?? null,
    };
  const unknown = summary
    ? factsToAsk.filter((fact) => !summary.statements.some((statement) => statement.kind === fact))
    : [];
  if (unknown.length > 0) return { ...nothing, kind: 'ask', reason: 'unknown_facts', facts: unknown };
  return nothing;
}

const nothing: NextAction = {
  kind: 'none',
  title: null,
  reason: 'nothing_owed',
  quote: null,
  facts: [],
  at: null,
  taskId: null,
};

function ofTask(task: TaskView, reason: NextAction['reason']): NextAction {
  return { ...nothing, kind: 'task', title: task.title, reason, quote: task.quote, at: task.dueAt, taskId: task.id };
}

function byDueTime(a: TaskView, b: TaskView): number {
  return (a.dueAt ? Date.parse(a.dueAt) : Infinity) - (b.dueAt ? Date.parse(b.dueAt) : Infinity);
}
