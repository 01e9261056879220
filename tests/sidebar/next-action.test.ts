import { describe, expect, test } from 'vitest';
import { nextActionOf, type Situation } from '#server/sidebar/next-action.ts';
import type { SummaryView } from '#server/summary/summary-api.ts';
import type { TaskView } from '#server/task/task-api.ts';

const now = new Date('2026-03-03T02:00:00.000Z'); // Tuesday 10:00 in Shanghai

function task(state: TaskView['state'], dueAt: string | null, title = '发报价单'): TaskView {
  const someone = { id: '019f0000-0000-7000-8000-000000000001', name: '王磊' };
  return {
    id: '019f0000-0000-7000-8000-000000000002',
    title,
    state,
    contact: null,
    customer: null,
    assignee: someone,
    dueAt,
    overdue: false,
    quote: null,
    messageId: null,
    doneAt: null,
    version: 1,
  };
}

function summary(...kinds: SummaryView['statements'][number]['kind'][]): SummaryView {
  const statements = kinds.map((kind) => ({
    kind,
    text: `关于${kind}`,
    quotes: [{ messageId: '019f0000-0000-7000-8000-000000000003', quote: '50 人版', at: now.toISOString() }],
  }));
  return {
    id: '019f0000-0000-7000-8000-000000000004',
    at: now.toISOString(),
    messageCount: 3,
    statements,
    suggestedTags: [],
    replyDraft: null,
    replyRisks: [],
    replySources: [],
  };
}

const calm: Situation = { now, tasks: [], summary: null, isBound: true, hasCandidates: false, lastMessage: null };

describe('what to do with a customer now', () => {
  test('what is overdue comes before everything else', () => {
    const tasks = [
      task('open', '2026-03-03T08:00:00.000Z', '今天的'),
      task('open', '2026-03-02T08:00:00.000Z', '昨天的'),
    ];
    expect(nextActionOf({ ...calm, tasks })).toMatchObject({ kind: 'task', reason: 'overdue', title: '昨天的' });
  });

  test('a task of today comes before a promise nobody has taken yet', () => {
    const tasks = [
      task('proposed', '2026-03-03T03:00:00.000Z', '承诺'),
      task('open', '2026-03-03T09:59:00.000Z', '今天的'),
    ];
    expect(nextActionOf({ ...calm, tasks })).toMatchObject({ reason: 'due_today', title: '今天的' });
  });

  test('a promise found in the chat is offered before somebody waiting for an answer', () => {
    const lastMessage = { sender: 'contact' as const, at: '2026-03-03T00:00:00.000Z' };
    const promise = { ...task('proposed', null), messageId: '019f0000-0000-7000-8000-000000000003' };
    expect(nextActionOf({ ...calm, tasks: [promise], lastMessage })).toMatchObject({
      kind: 'promise',
      reason: 'promised',
    });
  });

  test('what a series proposes is offered as that, not as a promise of the chat', () => {
    expect(nextActionOf({ ...calm, tasks: [task('proposed', null)] })).toMatchObject({
      kind: 'promise',
      reason: 'planned',
    });
  });

  test('a contact who waits half an hour for an answer is named; one who just wrote, or was answered, is not', () => {
    const wrote = (sender: 'contact' | 'member', at: string) => nextActionOf({ ...calm, lastMessage: { sender, at } });
    expect(wrote('contact', '2026-03-03T01:30:00.000Z')).toMatchObject({
      kind: 'reply',
      reason: 'unanswered',
      at: '2026-03-03T01:30:00.000Z',
    });
    expect(wrote('contact', '2026-03-03T01:31:00.000Z')).toMatchObject({ kind: 'none' });
    expect(wrote('member', '2026-03-01T01:31:00.000Z')).toMatchObject({ kind: 'none' });
  });

  test('an unbound contact with candidates is to be bound; the model’s suggestion and open questions come last', () => {
    expect(nextActionOf({ ...calm, isBound: false, hasCandidates: true, summary: summary('next_step') })).toMatchObject(
      { kind: 'bind' },
    );
    expect(nextActionOf({ ...calm, summary: summary('need', 'next_step') })).toMatchObject({
      kind: 'suggestion',
      title: '关于next_step',
      quote: '50 人版',
    });
    expect(nextActionOf({ ...calm, summary: summary('need') })).toMatchObject({
      kind: 'ask',
      facts: ['budget', 'decision_maker'],
    });
  });

  test('done and cancelled tasks ask for nothing', () => {
    expect(
      nextActionOf({ ...calm, tasks: [task('done', '2026-03-01T00:00:00.000Z'), task('cancelled', null)] }),
    ).toMatchObject({ kind: 'none' });
  });
});
