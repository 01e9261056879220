import { expect, test } from 'vitest';
import { checkAnswer } from '#server/summary/check-answer.ts';
import { summaryAnswer, type SummaryAnswer } from '#server/summary/summary-answer.ts';
import type { ReadableMessage } from '#server/summary/summary.ts';

const id = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
/** A Sunday morning in Shanghai. */
const at = new Date('2026-03-01T02:00:00Z');
const said = (n: number, sender: 'contact' | 'member', text: string): [string, ReadableMessage] => [
  `m${n}`,
  { id: id(n), sender, at, text },
];
const byShortId = new Map([
  said(1, 'contact', '你好，50人版多少钱？我电话13800138000'),
  said(2, 'member', '您好，周五前给您报价'),
  said(3, 'contact', '好'),
]);
const check = (more: Partial<SummaryAnswer>) =>
  checkAnswer(
    { statements: [], signals: [], suggestedTags: [], replyDraft: null, ...more },
    {
      byShortId,
      tagNames: ['高意向', '价格敏感'],
      restore: (masked) => masked.replace('【手机1】', '13800138000'),
    },
  );
const need = (messageId: string, quote: string) => ({
  kind: 'need' as const,
  text: '需要50人版',
  quotes: [{ messageId, quote }],
  who: null,
  when: null,
});

test('a statement whose quote stands in its message is kept, with where it stands', () => {
  expect(check({ statements: [need('m1', '50人版多少钱')] })).toMatchObject({
    statements: [
      { kind: 'need', text: '需要50人版', quotes: [{ messageId: id(1), quote: '50人版多少钱', at: at.toISOString() }] },
    ],
    droppedCount: 0,
  });
});

test('a quote with hidden data is checked against what was really said', () => {
  expect(check({ statements: [need('m1', '我电话【手机1】')] }).statements[0]?.quotes[0]?.quote).toBe(
    '我电话13800138000',
  );
});

test.each([
  ['is of another message', need('m2', '50人版多少钱')],
  ['is changed by a word', need('m1', '50人版什么价')],
  ['joins two messages', need('m1', '你好，周五前')],
  ['names no message', need('m9', '你好')],
  ['is empty', need('m1', '  ')],
  ['is one letter out of many', need('m1', '人')],
  ['is nothing but signs', need('m1', '？')],
  ['is missing', { ...need('m1', ''), quotes: [] }],
])('a statement is dropped and counted when its quote %s', (_, statement) => {
  expect(check({ statements: [statement] })).toMatchObject({ statements: [], droppedCount: 1 });
});

test('a false quote beside a true one is left out, and the statement stays', () => {
  const statement = {
    ...need('m1', '50人版'),
    quotes: [
      { messageId: 'm1', quote: '50人版' },
      { messageId: 'm1', quote: '预算不限' },
    ],
  };
  const checked = check({ statements: [statement] });
  expect(checked.statements[0]?.quotes.map(({ quote }) => quote)).toEqual(['50人版']);
  expect(checked.droppedCount).toBe(0);
});

test('a promise is of the side whose words it quotes, and due when they say', () => {
  const promise = {
    kind: 'promise' as const,
    text: '给报价',
    quotes: [{ messageId: 'm2', quote: '周五前给您报价' }],
    who: 'member' as const,
    when: '周五前',
  };
  expect(check({ statements: [promise] }).statements).toMatchObject([
    { who: 'member', dueAt: '2026-03-06T10:00:00.000Z' },
  ]);
  expect(check({ statements: [{ ...promise, when: null }] }).statements).toMatchObject([
    { dueAt: '2026-03-06T10:00:00.000Z' },
  ]);
  expect(check({ statements: [{ ...promise, when: '三十年后' }] }).statements).toMatchObject([
    { dueAt: '2026-03-06T10:00:00.000Z' },
  ]);
  expect(check({ statements: [{ ...promise, who: 'contact' }] })).toMatchObject({ statements: [], droppedCount: 1 });
});

test('a buying signal is what the customer said, never what we said', () => {
  const signal = { signal: 'positive' as const, quotes: [{ messageId: 'm2', quote: '给您报价' }] };
  expect(check({ signals: [signal] })).toMatchObject({ signals: [], droppedCount: 1 });
  const asked = { signal: 'asks_price' as const, quotes: [{ messageId: 'm1', quote: '50人版多少钱' }] };
  expect(check({ signals: [asked] }).signals).toHaveLength(1);
});

test('only tags of the company are suggested', () => {
  expect(check({ suggestedTags: ['超级VIP', '高意向', '高意向'] }).tagNames).toEqual(['高意向']);
});

test('the same statement twice is shown once', () => {
  expect(check({ statements: [need('m1', '50人版'), need('m1', '多少钱')] }).statements).toHaveLength(1);
});

test('hidden data comes back in texts and in the reply', () => {
  const checked = check({
    statements: [{ ...need('m1', '50人版'), text: '回电【手机1】' }],
    replyDraft: '稍后打给您【手机1】',
  });
  expect(checked.statements[0]?.text).toBe('回电13800138000');
  expect(checked.replyDraft).toBe('稍后打给您13800138000');
});

test('an answer that leaves out who and when of a need is read all the same', () => {
  const told = { kind: 'need', text: '要报价', quotes: [] };
  expect(
    summaryAnswer.parse({ statements: [told], signals: [], suggestedTags: [], replyDraft: null }).statements,
  ).toEqual([{ ...told, who: null, when: null }]);
});
