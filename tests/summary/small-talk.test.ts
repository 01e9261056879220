import { expect, test } from 'vitest';
import { isCourtesy, isGreeting } from '#server/summary/small-talk.ts';

const names = ['陈丽华', '王明'];

test.each([
  '你好',
  '您好！',
  '在吗？',
  '在的，您好',
  '谢谢您～',
  '[微笑][握手]',
  '😊🙏',
  '王总早上好',
  '陈丽华您好，请问有什么可以帮您？',
  '我通过了你的朋友验证请求，现在我们可以开始聊天了',
  '哈哈哈哈',
  'Hello',
  '不客气，再见',
  '辛苦了，新年快乐',
  '。。。',
])('“%s” is a greeting', (text) => {
  expect(isGreeting(text, names)).toBe(true);
  expect(isCourtesy(text, names)).toBe(true);
});

test.each(['好的', '嗯嗯，收到', 'OK', '没问题，谢谢'])('“%s” is courtesy, but may say yes to something', (text) => {
  expect(isGreeting(text, names)).toBe(false);
  expect(isCourtesy(text, names)).toBe(true);
});

test.each([
  '你好，50人版多少钱',
  '在吗，想试用一下',
  '您好像不太满意',
  '谢谢，不需要',
  '周五可以',
  '2',
  '不行',
  '好贵',
  '早点发我',
  '您好，我是云帆物流的',
])('“%s” says something', (text) => {
  expect(isCourtesy(text, names)).toBe(false);
});

test('a very long text is told apart too', () => {
  expect(isCourtesy(`${'哈'.repeat(100_000)}多少钱`)).toBe(false);
  expect(isCourtesy('谢谢您您'.repeat(20_000))).toBe(false);
});
