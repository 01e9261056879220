import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitPaste } from '#server/conversation/chat-paste.ts';

/** Sunday 1 March 2026, 15:00 in Shanghai. */
const NOW = new Date('2026-03-01T07:00:00.000Z');
const names = { contact: ['陈静', '陈女士'], member: ['王磊'] };
const read = (text: string) =>
  splitPaste(text, names, NOW).map(
    ({ sender, at, text }) =>
      `${sender} ${new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')} ${text}`,
  );

describe('copied chat text is told apart', () => {
  test.each([
    [
      'name and time above the text',
      '陈女士 10:02\n您好，报价发我一下\n王磊 10:05\n好的',
      ['contact 2026-03-01 10:02:00 您好，报价发我一下', 'member 2026-03-01 10:05:00 好的'],
    ],
    [
      'name, date and time above the text, with blank lines between',
      '陈女士 2026/2/27 10:02:11\n您好\n\n要 50 套\n\n王磊 2026/2/27 10:02:30\n好的\n',
      ['contact 2026-02-27 10:02:11 您好\n\n要 50 套', 'member 2026-02-27 10:02:30 好的'],
    ],
    [
      'the text on the line of name and time',
      '陈女士 10:02 你好\n王磊 10:03 您好',
      ['contact 2026-03-01 10:02:00 你好', 'member 2026-03-01 10:03:00 您好'],
    ],
    [
      'the time before the name',
      '[2026-02-27 10:02] 陈女士：你好\n[2026-02-27 10:03] 王磊：您好',
      ['contact 2026-02-27 10:02:00 你好', 'member 2026-02-27 10:03:00 您好'],
    ],
    [
      'the mark of a WeChat user behind the name',
      '陈女士@微信 2/27 10:02:11\n你好\n王磊 2/27 10:03:00\n您好',
      ['contact 2026-02-27 10:02:11 你好', 'member 2026-02-27 10:03:00 您好'],
    ],
    [
      'yesterday, and the afternoon in words',
      '陈女士 昨天 下午 3:20\n到货了吗\n王磊 昨天 晚上 8:00\n到了',
      ['contact 2026-02-28 15:20:00 到货了吗', 'member 2026-02-28 20:00:00 到了'],
    ],
    ['a weekday is the last of its name', '陈女士 星期五 10:02\n你好', ['contact 2026-02-27 10:02:00 你好']],
    ['a time still to come today was yesterday', '陈女士 23:50\n还在吗', ['contact 2026-02-28 23:50:00 还在吗']],
    ['a date still to come was last year', '陈女士 12/5 10:02\n你好', ['contact 2025-12-05 10:02:00 你好']],
    [
      'a line with the day alone',
      '—— 2026年2月20日 ——\n陈女士 10:02\n你好\n王磊 10:03\n您好',
      ['contact 2026-02-20 10:02:00 你好', 'member 2026-02-20 10:03:00 您好'],
    ],
  ])('%s', (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test('names without a time keep their order, up to now', () => {
    const messages = splitPaste('陈女士：在吗\n王磊：在的\n陈女士:\n价格多少？', names, NOW);
    expect(messages.map(({ sender, text }) => [sender, text])).toEqual([
      ['contact', '在吗'],
      ['member', '在的'],
      ['contact', '价格多少？'],
    ]);
    expect(messages.every(({ at }, n) => at <= NOW && (n === 0 || at > (messages[n - 1]?.at ?? NOW)))).toBe(true);
  });

  test('text without names is one message of the contact', () => {
    expect(splitPaste('我们预算 20 万\n周五前给报价', names, NOW)).toMatchObject([
      { sender: 'contact', text: '我们预算 20 万\n周五前给报价', stated: '' },
    ]);
  });

  test('a word before a colon is no speaker', () => {
    expect(read('陈女士 10:02\n注意：周五交货\n见 https://example.com/a\n我们约明天 10:30 见面')).toEqual([
      'contact 2026-03-01 10:02:00 注意：周五交货\n见 https://example.com/a\n我们约明天 10:30 见面',
    ]);
  });

  test('whoever is not the contact, who is known by name, is the member', () => {
    expect(read('陈静 10:02\n你好\nLeo 10:03\n您好')).toEqual([
      'contact 2026-03-01 10:02:00 你好',
      'member 2026-03-01 10:03:00 您好',
    ]);
  });

  test('a stranger is the contact when the member is known by name', () => {
    expect(read('Jing Chen 10:02\n你好\n王磊 10:03\n您好')).toEqual([
      'contact 2026-03-01 10:02:00 你好',
      'member 2026-03-01 10:03:00 您好',
    ]);
  });

  test('messages of one minute keep their order', () => {
    const messages = splitPaste('陈女士 10:02\n一\n陈女士 10:02\n二\n陈女士 10:02\n三', names, NOW);
    expect(messages.map(({ text }) => text)).toEqual(['一', '二', '三']);
    expect(new Set(messages.map(({ at }) => at.getTime())).size).toBe(3);
  });
});

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31);
test(`whatever is pasted, no message is empty and none is of the future (seed ${seed})`, () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '陈女士',
      '王磊',
      ' ',
      '\n',
      '：',
      ':',
      '10:02',
      '2026/3/1',
      '昨天',
      '[',
      ']',
      '你好',
      '@微信',
      '25:99',
      '13/45',
    ),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('');
      const messages = splitPaste(text, names, NOW);
      expect(messages.every(({ at }) => at.getTime() <= NOW.getTime() + messages.length)).toBe(true);
      expect(messages.every((message) => message.text !== '')).toBe(true);
    }),
    { seed, numRuns: 3000 },
  );
});
