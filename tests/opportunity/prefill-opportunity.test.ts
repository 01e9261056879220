import { expect, test } from 'vitest';
import { prefillFrom } from '#server/opportunity/prefill-opportunity.ts';
import type { SummaryView } from '#server/summary/summary-api.ts';

type Statement = SummaryView['statements'][number];

/** Said on Monday, 2 March 2026, in Shanghai. */
const AT = '2026-03-02T02:00:00.000Z';
const message = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const says = (kind: Statement['kind'], text: string, ...quotes: string[]): Statement => ({
  kind,
  text,
  quotes: quotes.map((quote, n) => ({ messageId: message(n + 1), quote, at: AT })),
});

test('what the chat says of a sale is proposed, each value with the words it rests on', () => {
  const found = prefillFrom([
    says('need', '50 人版，要能接现有系统', '我们 50 个人用，要接现在的系统'),
    says('budget', '预算 20 万左右', '预算二十万左右'),
    says('decision_maker', '采购由刘总拍板', '这个要刘总定'),
    says('next_step', '3 月底前签合同', '最好 3 月 31 号前把合同签了'),
  ]);
  expect(found).toEqual({
    title: '50 人版',
    need: '50 人版，要能接现有系统',
    budget: '预算 20 万左右',
    amountFen: 20_000_000,
    decisionMaker: '采购由刘总拍板',
    expectedOn: '2026-03-31',
    quotes: {
      title: { messageId: message(1), quote: '我们 50 个人用，要接现在的系统' },
      need: { messageId: message(1), quote: '我们 50 个人用，要接现在的系统' },
      budget: { messageId: message(1), quote: '预算二十万左右' },
      amountFen: { messageId: message(1), quote: '预算二十万左右' },
      decisionMaker: { messageId: message(1), quote: '这个要刘总定' },
      expectedOn: { messageId: message(1), quote: '最好 3 月 31 号前把合同签了' },
    },
  });
});

test('nothing said is nothing proposed', () => {
  const nothing = { title: null, need: null, budget: null, amountFen: null, decisionMaker: null, expectedOn: null };
  expect(prefillFrom([])).toEqual({ ...nothing, quotes: {} });
  expect(prefillFrom([{ kind: 'need', text: '没有出处', quotes: [] }])).toEqual({ ...nothing, quotes: {} });
});

test.each([
  ['two sums are named', says('budget', '预算 5 万到 8 万', '原来 5 万', '现在 8 万')],
  ['the summary names another sum than the chat', says('budget', '预算 50 万', '预算 5 万')],
  ['only the summary names it', says('budget', '预算 50 万', '预算够的')],
])('no amount is proposed where %s', (_, statement) => {
  expect(prefillFrom([statement])).toMatchObject({ amountFen: null, budget: statement.text });
});

test.each([
  ['下个月上线', '2026-04-30'],
  ['周五之前要定下来', '2026-03-06'],
  ['先聊聊，月底采购', '2026-03-31'],
  ['周三你们来一趟', null],
  ['采购一年的多少钱', null],
  ['尽快签', null],
])('“%s” is the day of the deal: %s', (quote, expected) => {
  expect(prefillFrom([says('next_step', '…', quote)]).expectedOn).toBe(expected);
});

test('our own promise of a quotation is not the day the customer buys', () => {
  const ours: Statement = { ...says('promise', '发合同', '明天把合同发您'), who: 'member' };
  const theirs: Statement = { ...says('promise', '付款', '周五付款'), who: 'contact' };
  expect(prefillFrom([ours]).expectedOn).toBeNull();
  expect(prefillFrom([theirs]).expectedOn).toBe('2026-03-06');
  expect(prefillFrom([theirs, says('need', '下周二上线', '下周二上线')]).expectedOn).toBeNull();
});
