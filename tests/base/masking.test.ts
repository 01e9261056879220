import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeMasking } from '#server/base/masking.ts';

const seed = Date.now() % 2 ** 31;
console.log(`masking seed ${seed}`);
const options = { seed, numRuns: 300 };

const names = ['陈丽华', '王明', 'Anna Li'];
const phone = fc
  .tuple(fc.integer({ min: 3, max: 9 }), fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 9, maxLength: 9 }))
  .map(([second, rest]) => `1${second}${rest.join('')}`);
const pieces = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.stringMatching(/^[0-9 \-.Xx@【】手机一二三零幺]{0,30}$/),
  phone,
  fc.constantFrom(
    '【手机1】',
    '【原文1】',
    '【姓名',
    '2】',
    '陈丽华',
    '王明亮',
    '微信abc_12345',
    '粤B12345',
    '科苑路15号3栋',
    '11010519491231002X',
  ),
);
const anyText = fc.array(pieces, { maxLength: 12 }).map((all) => all.join(''));

test('what was hidden comes back letter by letter, whatever the text', () => {
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 4 }), (texts) => {
      const masking = makeMasking(names);
      const hidden = texts.map((text) => masking.mask(text));
      expect(hidden.map((text) => masking.unmask(text))).toEqual(texts);
    }),
    options,
  );
});

test('no phone number leaves, wherever in a text it stands', () => {
  const written = fc.constantFrom(
    (digits: string) => digits,
    (digits: string) => `+86 ${digits}`,
    (digits: string) => `${digits.slice(0, 3)}-${digits.slice(3, 7)}-${digits.slice(7)}`,
    (digits: string) => `${digits.slice(0, 3)} ${digits.slice(3, 7)} ${digits.slice(7)}`,
    (digits: string) => digits.replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)),
    (digits: string) => digits.replace(/\d/g, (digit) => '零一二三四五六七八九'[Number(digit)] ?? ''),
  );
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      phone,
      written,
      fc.string({ unit: 'grapheme' }),
      (before, digits, write, after) => {
        const planted = write(digits);
        const hidden = makeMasking(names).mask(`${before}，${planted}。${after}`);
        expect(hidden).not.toContain(planted);
        expect(hidden).not.toContain(digits);
      },
    ),
    options,
  );
});

test('a bare phone number does not leave even between letters and other digits', () => {
  fc.assert(
    fc.property(anyText, phone, anyText, (before, digits, after) => {
      expect(makeMasking(names).mask(before + digits + after)).not.toContain(digits);
    }),
    options,
  );
});

test.each([
  ['一个手机号', '我电话13800138000，加我', '我电话【手机1】，加我'],
  ['带区号的手机号', '打 +86 138-0013-8000', '打 【手机1】'],
  ['身份证', '身份证 11010519491231002X 已发', '身份证 【证件1】 已发'],
  ['银行卡', '卡号 6222 0212 3456 7890 128', '卡号 【银行卡1】'],
  ['座机', '座机0755-86013388转8', '座机【电话1】转8'],
  ['邮箱', '发到 li.na@example.com.cn 吧', '发到 【邮箱1】 吧'],
  ['微信号', '我微信号：lina_2020，加一下', '我微信号：【微信1】，加一下'],
  ['车牌', '车牌粤B12345，要进园区', '车牌【车牌1】，要进园区'],
  ['地址', '寄到深圳市南山区科苑路15号3栋502室，谢谢', '寄到【地址1】，谢谢'],
  ['记录里的姓名', '我是陈丽华，王明的同事', '我是【姓名1】，【姓名2】的同事'],
])('%s is hidden', (_, text, hidden) => {
  expect(makeMasking(names).mask(text)).toBe(hidden);
});

test.each([
  '50 人版，预算 128000 元，周五前给报价',
  '2026-03-15 下午 3 点，第 2 期 3.5 万',
  '阿里云和腾讯云都看过，要 20 台，每台 4999',
  '编号 20260301 的合同',
])('prices, dates and quantities stay readable: %s', (text) => {
  expect(makeMasking(names).mask(text)).toBe(text);
});

test('the same number is the same placeholder in every message, another number another', () => {
  const masking = makeMasking([]);
  expect(masking.mask('13800138000 或 13900139000')).toBe('【手机1】 或 【手机2】');
  expect(masking.mask('还是 13900139000')).toBe('还是 【手机2】');
});

test('a placeholder the model made up stays as it is', () => {
  expect(makeMasking([]).unmask('打给【手机7】')).toBe('打给【手机7】');
});
