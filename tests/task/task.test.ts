import { describe, expect, test } from 'vitest';
import { Refusal } from '#server/base/refusal.ts';
import {
  accept,
  cancel,
  complete,
  dismiss,
  dueBounds,
  edit,
  isOverdue,
  reopen,
  snooze,
  type Task,
  type TaskState,
} from '#server/task/task.ts';
import { dueNotice } from '#server/task/due-notice.ts';

const NOW = new Date('2026-03-04T02:00:00.000Z');
const LATER = new Date('2026-03-04T10:00:00.000Z');
const BEFORE = new Date('2026-03-03T10:00:00.000Z');

const make = (given: Partial<Task>): Task => ({
  id: 'a',
  title: '发报价',
  state: 'open',
  contactId: null,
  customerId: null,
  assigneeId: 'm',
  createdBy: null,
  dueAt: LATER,
  remindAt: null,
  quote: null,
  messageId: null,
  doneAt: null,
  version: 1,
  ...given,
});

const verbs = {
  accept: (task: Task) => accept(task, NOW),
  dismiss,
  complete: (task: Task) => complete(task, NOW),
  reopen: (task: Task) => reopen(task, NOW),
  snooze: (task: Task) => snooze(task, LATER, NOW),
  cancel,
  edit: (task: Task) => edit(task, { title: '别的' }, NOW),
};
const states: TaskState[] = ['proposed', 'open', 'done', 'cancelled', 'dismissed'];
const allowed: Record<keyof typeof verbs, TaskState[]> = {
  accept: ['proposed'],
  dismiss: ['proposed'],
  complete: ['proposed', 'open'],
  reopen: ['done', 'cancelled'],
  snooze: ['open'],
  cancel: ['open'],
  edit: ['proposed', 'open'],
};

function outcome(act: () => unknown): string {
  try {
    act();
    return 'done';
  } catch (error) {
    return error instanceof Refusal ? error.code : 'broken';
  }
}

describe('a task goes only where its state lets it', () => {
  const cases = Object.entries(allowed) as [keyof typeof verbs, TaskState[]][];
  test.each(cases)('%s only a task that is %s', (verb, from) => {
    const goes = states.filter((state) => outcome(() => verbs[verb](make({ state }))) === 'done');
    const refused = states.filter((state) => outcome(() => verbs[verb](make({ state }))) === 'task.state');
    expect(goes.sort()).toEqual(from.sort());
    expect(refused).toHaveLength(states.length - from.length);
  });
});

test('only an open task reminds, and only of a time that is still to come', () => {
  expect(accept(make({ state: 'proposed' }), NOW)).toEqual({ state: 'open', remindAt: LATER });
  expect(accept(make({ state: 'proposed', dueAt: BEFORE }), NOW)).toEqual({ state: 'open', remindAt: null });
  expect(complete(make({ remindAt: LATER }), NOW)).toEqual({ state: 'done', doneAt: NOW, remindAt: null });
  expect(cancel(make({ remindAt: LATER })).remindAt).toBeNull();
  expect(edit(make({ state: 'proposed' }), { dueAt: BEFORE }, NOW)).toEqual({ dueAt: BEFORE, remindAt: null });
  expect(edit(make({ dueAt: null }), { dueAt: LATER }, NOW)).toEqual({ dueAt: LATER, remindAt: LATER });
  expect(edit(make({}), { dueAt: null }, NOW)).toEqual({ dueAt: null, remindAt: null });
});

test('an edit that does not move the due time does not remind again', () => {
  expect(edit(make({}), { title: '寄样品', dueAt: new Date(LATER) }, NOW)).toEqual({ title: '寄样品' });
});

test('a task cannot be put off into the past', () => {
  expect(() => snooze(make({}), BEFORE, NOW)).toThrow(expect.objectContaining({ code: 'task.until_past' }));
});

test('a task is overdue when it is open and its time is over', () => {
  expect(isOverdue(make({ dueAt: BEFORE }), NOW)).toBe(true);
  expect(isOverdue(make({ dueAt: LATER }), NOW)).toBe(false);
  expect(isOverdue(make({ dueAt: null }), NOW)).toBe(false);
  expect(isOverdue(make({ dueAt: BEFORE, state: 'done' }), NOW)).toBe(false);
});

test('today ends at midnight in Shanghai', () => {
  expect(dueBounds('today', NOW)).toEqual({ from: NOW, until: new Date('2026-03-04T16:00:00.000Z') });
});

test('a reminder speaks the member’s language and tells the time in Shanghai', () => {
  const about = { title: '发报价', contactName: '陈女士', customerName: '华东机械', dueAt: LATER };
  expect(dueNotice('zh-CN', about)).toBe('跟进提醒：发报价\n客户：陈女士 · 华东机械\n到期：2026-03-04 18:00');
  expect(dueNotice('en', { ...about, contactName: null, customerName: null })).toBe(
    'Follow-up due: 发报价\nDue: 2026-03-04 18:00',
  );
});
