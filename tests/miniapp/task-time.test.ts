import { expect, test } from 'vitest';
import { groupTasks } from '#miniapp/sidebar/follow/task-groups.ts';
import { fromLocalInput, quickTime, toLocalInput } from '#miniapp/sidebar/task/quick-time.ts';
import type { TaskView } from '#server/task/task-api.ts';

const task = (id: string, changes: Partial<TaskView>): TaskView => ({
  id,
  title: id,
  state: 'open',
  contact: null,
  customer: null,
  assignee: { id: 'me', name: '王磊' },
  dueAt: null,
  overdue: false,
  quote: null,
  messageId: null,
  doneAt: null,
  version: 1,
  ...changes,
});

test('each open task stands in one group, soonest first, those without a time last', () => {
  const now = new Date(2026, 10, 20, 15, 0);
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).toISOString();
  const groups = groupTasks(
    [
      task('without a time', {}),
      task('next week', { dueAt: at(27, 9) }),
      task('tonight', { dueAt: at(20, 18) }),
      task('this morning', { dueAt: at(20, 9) }),
      task('yesterday', { dueAt: at(19, 9), overdue: true }),
      task('tomorrow', { dueAt: at(21, 9) }),
      task('promised', { state: 'proposed', dueAt: at(21, 9), messageId: '019f0000-0000-7000-8000-000000000009' }),
      task('from a series', { state: 'proposed', dueAt: at(21, 9) }),
      task('done', { state: 'done', dueAt: at(20, 9) }),
    ],
    now,
  );
  const titles = (tasks: TaskView[]) => tasks.map(({ title }) => title);
  expect(titles(groups.overdue)).toEqual(['yesterday', 'this morning']);
  expect(titles(groups.today)).toEqual(['tonight']);
  expect(titles(groups.later)).toEqual(['tomorrow', 'next week', 'without a time']);
  expect(titles(groups.proposed)).toEqual(['promised']);
  expect(titles(groups.planned)).toEqual(['from a series']);
});

test('“today” is this evening, and late in the day in an hour', () => {
  expect(quickTime('today', new Date(2026, 10, 20, 9, 0))).toEqual(new Date(2026, 10, 20, 18));
  expect(quickTime('today', new Date(2026, 10, 20, 17, 45, 30))).toEqual(new Date(2026, 10, 20, 18, 45));
});

test('“next Monday” said on a Monday is a week away', () => {
  const monday = new Date(2026, 10, 23, 9, 0);
  expect(quickTime('next_monday', monday)).toEqual(new Date(2026, 10, 30, 10));
  const sunday = new Date(2026, 10, 22, 9, 0);
  expect(quickTime('next_monday', sunday)).toEqual(new Date(2026, 10, 23, 10));
});

test('a time put into the field comes back as it was', () => {
  const moment = new Date(2026, 0, 5, 8, 5);
  expect(fromLocalInput(toLocalInput(moment))).toEqual(moment);
  expect(fromLocalInput('')).toBeNull();
  expect(fromLocalInput('nonsense')).toBeNull();
});
