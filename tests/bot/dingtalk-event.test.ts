import { expect, test } from 'vitest';
import { readCallback } from '#bot/dingtalk/dingtalk-callback.ts';
import { platformEvent } from '#server/platform/event.ts';
import { fixture } from '#tests/bot/dingtalk-double.ts';
import { eventRequest, rules, signedAt } from '#tests/bot/dingtalk-sealed.ts';

const at = { occurredAt: '2023-11-14T22:13:17.000Z' };
const told = (name: string) => readCallback(rules, eventRequest(fixture(`event/${name}`))).events;

test.each([
  ['user-add-org', [{ kind: 'member_joined', member: 'zhangsan', occurredAt: '2023-11-14T22:13:18.000Z' }]],
  [
    'user-leave-org-legacy',
    [
      { kind: 'member_left', member: 'lisi', ...at },
      { kind: 'member_left', member: 'wangjl', ...at },
    ],
  ],
  ['user-modify-org', [{ kind: 'member_changed', member: 'wangjl', ...at }]],
  ['org-dept-modify', [{ kind: 'department_changed', department: '37125001', ...at }]],
  ['org-dept-remove', [{ kind: 'department_removed', department: '37125003', ...at }]],
  ['bpms-instance-change', [{ kind: 'form_changed', form: 'pi-0001', occurredAt: '2023-11-14T22:13:01.000Z' }]],
  ['bpms-task-change', [{ kind: 'form_changed', form: 'pi-0001', occurredAt: signedAt.toISOString() }]],
  [
    'todo-task-update',
    [{ kind: 'todo_changed', todo: 'taskb4e5xxxx', members: ['zhangsan'], occurredAt: signedAt.toISOString() }],
  ],
  ['chat-add-member', [{ kind: 'unknown', name: 'chat_add_member', ...at }]],
])('%s is told in the words of the port', (name, expected) => {
  const events = told(name);
  expect(events.map(({ event }) => event)).toEqual(expected);
  for (const { event } of events) expect(platformEvent.parse(event)).toEqual(event);
});

test('people named in one event are events of their own, the same ones however often it is told', () => {
  const [first, second] = [told('user-leave-org-legacy'), told('user-leave-org-legacy')];
  expect(new Set(first.map(({ body }) => body.toString())).size).toBe(2);
  expect(second).toEqual(first);
});

test('what lacks what it should carry is kept by its name', () => {
  const { events } = readCallback(rules, eventRequest({ EventType: 'bpms_task_change', eventId: 'e9' }));
  expect(events[0]?.event).toMatchObject({ kind: 'unknown', name: 'bpms_task_change incomplete' });
});
