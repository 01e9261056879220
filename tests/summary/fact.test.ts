import { expect, test } from 'vitest';
import { proveFacts } from '#server/summary/fact.ts';
import { seededRandom, type Random } from '#tests/support/random.ts';

/** A Sunday morning in Shanghai. */
const at = new Date('2026-03-01T02:00:00Z');
const prove = (text: string, ...said: string[]) =>
  proveFacts(
    text,
    said.map((one) => ({ text: one, at })),
    { names: ['陈丽华', '王明'] },
  );

test.each([
  ['预算约20万元', '我们预算二十万左右'],
  ['预算 200,000 元', '预算20万'],
  ['预算２０万', '预算 200,000 元'],
  ['预算20万到30万', '预算20到30万'],
  ['预算3万到5万', '预算三到五万'],
  ['预算10万到15万', '十到十五万之间'],
  ['李伟拍板，财务决定付款', '李伟拍板，付款财务说了算'],
  ['董事会决定，高层审批', '要董事会决定，高层审批'],
  ['三万五以内', '35000以内可以'],
  ['约1.5万', '一万五左右'],
  ['3.5万元', '三点五万吧'],
  ['优惠到九折', '打9折可以吗'],
  ['希望降价 10%', '能不能降百分之十'],
  ['希望便宜三成', '便宜30%'],
  ['需要50人版', '50 人版多少钱'],
  ['需要五十个账号', '要50个账号'],
  ['希望两周内上线', '2周内能上线吗'],
  ['周五前给报价', '星期五前给您报价'],
  ['12月5日交付', '十二月五号交付行不行'],
  ['下午3点开会', '下午三点开会'],
  ['电话13800138000', '我电话 138-0013-8000'],
  ['想对接SAP系统', '能对接 sap 吗'],
  ['刘总拍板', '这个要刘总拍板'],
  ['陈女士关心价格', '价格多少'],
  ['给客户发一份报价', '报价发我'],
  ['希望统一管理，进一步了解', '想统一管起来'],
  ['一年费用', '按年怎么收费'],
  ['万一不满意可退', '不满意能退吗'],
  ['第一时间告诉客户，十分重视', '好的'],
  ['半个月内交付', '半个月能交付吗'],
  ['Q2 上线', '打算二季度上线'],
  ['二季度上线', '打算Q2上线'],
  ['第二季度末上线', '2季度底上线'],
  ['2026年第二季度上线', '2026年Q2上线'],
  ['二季度付20万元', 'q2付二十万'],
  ['上半年采购', '上半年要采购'],
  ['下半年采购', 'H2采购'],
  ['前三季度已采购', '前三季度都买过了'],
  ['按季付款', '每季度付款'],
])('%s is proven by: %s', (text, said) => {
  expect(prove(text, said)).toEqual({ isProven: true, computed: [] });
});

test.each([
  ['3月6日前给报价', ['周五前给您报价'], ['3月6日']],
  ['15:00 开会', ['下午三点开会'], ['15:00']],
  ['3月2日演示', ['明天给您演示'], ['3月2日']],
  ['14天内上线', ['两周内上线'], ['14天']],
  ['共80人', ['销售50人', '客服30人'], ['80人']],
  ['总价5万元', ['50个账号', '每个账号1000元'], ['5万元']],
  ['折后9000元', ['标准价10000元，打九折'], ['9000元']],
  ['15天内交付', ['半个月交付'], ['15天']],
  ['半个月交付', ['15 天内交付'], ['半个月']],
  ['半月交付', ['15日内交付'], ['半月']],
  ['45天交付', ['一个半月交付'], ['45天']],
  ['30天交付', ['一个月交付'], ['30天']],
  ['租期12个月', ['租一年'], ['12个月']],
  ['租期一年', ['租12个月'], ['一年']],
  ['合同一年', ['签12个月'], ['一年']],
  ['租期18个月', ['租一年半'], ['18个月']],
  ['租期一年半', ['租18个月'], ['一年半']],
  ['租期6个月', ['租半年'], ['6个月']],
  ['两周交付', ['14天交付'], ['两周']],
  ['90分钟演示', ['演示一个半小时'], ['90分钟']],
  ['两个季度交付', ['6个月交付'], ['两个季度']],
  ['二季度上线', ['4到6月上线'], ['二季度']],
  ['上半年采购', ['1-6月采购'], ['上半年']],
  ['四到六月上线', ['Q2上线'], ['四到六月']],
])('%s is worked out from: %s', (text, said, computed) => {
  expect(prove(text, ...said)).toEqual({ isProven: true, computed });
});

test.each([
  ['20天内交付', '半个月交付'],
  ['半个月交付', '20天交付'],
  ['半个月交付', '15日交付'],
  ['45天交付', '一个月交付'],
  ['三季度上线', 'Q2上线'],
  ['Q2 上线', '三季度上线'],
  ['Q2 上线', '两台，3月上线'],
  ['第二季度末上线', '二季度上线'],
  ['2025年Q2上线', '2026年Q2上线'],
  ['下半年采购', '上半年采购'],
  ['上半年采购', '半年内采购'],
  ['租半年', '上半年采购'],
  ['上半年采购', '7到12月采购'],
  ['二季度上线', '4到7月上线'],
  ['二季度上线', '两个季度上线'],
  ['要2台', '二季度上线'],
  ['租期13个月', '租一年'],
  ['租期12个月', '租一年半'],
  ['租期一年', '12月开始租'],
  ['租期三个月', '一季度开始租'],
  ['90天交付', '3月交付'],
  ['合同三年', '合同两年'],
  ['13天内上线', '两周内上线'],
  ['预算30万', '预算二十万'],
  ['预算20元', '预算20万'],
  ['需要50元的版本', '要50人版'],
  ['打八折', '打九折'],
  ['周四前给报价', '周五前给您报价'],
  ['3月7日前给报价', '周五前给您报价'],
  ['下下周五签合同', '周五签合同'],
  ['电话13900139000', '我电话13800138000'],
  ['想对接SAP', '想对接用友'],
  ['张总拍板', '这个要刘总拍板'],
  ['张伟拍板', '这事李伟拍板'],
  ['预算2万到5万', '预算三到五万'],
  ['找赵建国确认', '找领导确认'],
  ['云帆集团要采购', '我们要采购'],
  ['需要《安全白皮书》', '发我接口文档'],
  ['两个月内上线', '两周内上线'],
  ['需要三套', '需要两套'],
])('%s is not proven by: %s', (text, said) => {
  expect(prove(text, said)).toEqual({ isProven: false, computed: [] });
});

const hanDigits = '零一二三四五六七八九';

/** 12,345 is 一万二千三百四十五. Whole numbers below a hundred million. */
function inHan(value: number): string {
  if (value >= 10_000) {
    const rest = value % 10_000;
    return `${inHan(Math.floor(value / 10_000))}万${rest === 0 ? '' : (rest < 1000 ? '零' : '') + inHan(rest)}`;
  }
  let written = '';
  let hasGap = false;
  for (const [unit, word] of [
    [1000, '千'],
    [100, '百'],
    [10, '十'],
    [1, ''],
  ] as const) {
    const digit = Math.floor(value / unit) % 10;
    if (digit === 0) hasGap = written !== '';
    else {
      written += `${hasGap ? '零' : ''}${hanDigits[digit] ?? ''}${word}`;
      hasGap = false;
    }
  }
  return written.replace(/^一十/, '十');
}

const wide = (text: string) => text.replace(/[0-9%,.]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0));
const grouped = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

function amountForms(value: number): string[] {
  const forms = [
    `${value}元`,
    `${grouped(value)}元`,
    `${grouped(value)} 元`,
    `¥${grouped(value)}`,
    wide(`${value}元`),
    `${inHan(value)}元`,
  ];
  return value % 1000 === 0 && value >= 10_000
    ? [
        ...forms,
        `${value / 10_000}万`,
        `${value / 10_000}万元`,
        `${value / 10_000}w`,
        ...(value % 10_000 === 0 ? [`${inHan(value / 10_000)}万`] : []),
      ]
    : forms;
}
const countForms = (value: number) => [
  `${value}人`,
  `${value} 个人`,
  `${inHan(value)}个人`,
  wide(`${value}人`),
  `${value}个账号`,
];
const shareForms = (value: number) => [`${value}%`, `百分之${inHan(value)}`, wide(`${value}%`)];
const phoneForms = (value: string) => [
  value,
  `${value.slice(0, 3)}-${value.slice(3, 7)}-${value.slice(7)}`,
  `${value.slice(0, 3)} ${value.slice(3, 7)} ${value.slice(7)}`,
];
const dateForms = (month: number, date: number) => [
  `${month}月${date}日`,
  `${month}月${date}号`,
  `${inHan(month)}月${inHan(date)}号`,
  wide(`${month}`) + '月' + wide(`${date}`) + '日',
];

const amountOf = (random: Random) => random.pick([1, 10, 1000, 10_000]) * (1 + random.below(random.pick([9, 99, 999])));

test('what was said is proven in whatever form it is written, and what was not said in none', () => {
  const random = seededRandom();
  const kinds: (() => { forms: string[]; others: string[] })[] = [
    () => {
      const value = amountOf(random);
      return { forms: amountForms(value), others: amountForms(value + 1 + random.below(value)) };
    },
    () => {
      const value = 2 + random.below(500);
      return { forms: countForms(value), others: countForms(value + 1 + random.below(value)) };
    },
    () => {
      const value = 1 + random.below(98);
      return { forms: shareForms(value), others: shareForms(value + 1) };
    },
    () => {
      const value = `13${String(random.below(1e9)).padStart(9, '0')}`;
      return { forms: phoneForms(value), others: phoneForms(`15${value.slice(2)}`) };
    },
    () => {
      const [month, date] = [1 + random.below(12), 1 + random.below(27)];
      return { forms: dateForms(month, date), others: dateForms(month, date + 1) };
    },
  ];
  for (let round = 0; round < 2000; round += 1) {
    const { forms, others } = random.pick(kinds)();
    const [said, told, made] = [random.pick(forms), random.pick(forms), random.pick(others)];
    const message = `${random.pick(['我们', '你好，', '大概', '嗯，'])}${said}${random.pick(['吧', '，可以吗', '。'])}`;
    const where = `seed ${random.seed}: ${message}`;
    expect(prove(`客户说${told}`, message), `${where} says ${told}`).toEqual({ isProven: true, computed: [] });
    expect(prove(`客户说${made}`, message).isProven, `${where} does not say ${made}`).toBe(false);
  }
});

test('whatever is written, it is looked at and nothing breaks', () => {
  const random = seededRandom();
  const pieces = [
    '二',
    '十',
    '万',
    '3',
    ',',
    '.',
    '%',
    '月',
    '周',
    '五',
    '点',
    '《',
    '王',
    '总',
    'SAP',
    '-',
    ' ',
    '半',
    '个',
    '￥',
    '½',
    '\ud800',
    '😀',
  ];
  for (let round = 0; round < 300; round += 1) {
    const text = Array.from({ length: 200 }, () => random.pick(pieces)).join('');
    expect(typeof prove(text.slice(0, 120), text).isProven, `seed ${random.seed}`).toBe('boolean');
  }
});
