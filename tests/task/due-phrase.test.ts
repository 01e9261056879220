import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { resolveDuePhrase } from '#server/task/due-phrase.ts';

/** Shanghai wall clock → instant. */
const at = (wallClock: string) => new Date(`${wallClock.replace(' ', 'T')}:00+08:00`);
const shown = (instant: Date | null) =>
  instant && new Date(instant.getTime() + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');

/** A Wednesday morning. */
const WEDNESDAY = '2026-03-04 10:00';

describe('a promise said on Wednesday 4 March at 10:00 is due', () => {
  test.each([
    ['今天', '2026-03-04 18:00'],
    ['今天下午', '2026-03-04 15:00'],
    ['今晚', '2026-03-04 20:00'],
    ['今晚8点前', '2026-03-04 20:00'],
    ['下班前', '2026-03-04 18:00'],
    ['明天', '2026-03-05 18:00'],
    ['明天前', '2026-03-05 18:00'],
    ['明天上午', '2026-03-05 10:00'],
    ['明天上午之前', '2026-03-05 12:00'],
    ['明天中午', '2026-03-05 12:00'],
    ['明天下午', '2026-03-05 15:00'],
    ['明天晚上', '2026-03-05 20:00'],
    ['明早', '2026-03-05 09:00'],
    ['明早九点', '2026-03-05 09:00'],
    ['明天三点半', '2026-03-05 15:30'],
    ['明天下午3点一刻', '2026-03-05 15:15'],
    ['明天凌晨', '2026-03-05 02:00'],
    ['最晚明天中午', '2026-03-05 12:00'],
    ['今明两天', '2026-03-05 18:00'],
    ['后天', '2026-03-06 18:00'],
    ['明后天', '2026-03-06 18:00'],
    ['大后天上午', '2026-03-07 10:00'],
    ['周三', '2026-03-04 18:00'],
    ['这周三', '2026-03-04 18:00'],
    ['周五', '2026-03-06 18:00'],
    ['周五前', '2026-03-06 18:00'],
    ['周五下班前', '2026-03-06 18:00'],
    ['这周五晚上八点', '2026-03-06 20:00'],
    ['周五下午三点半之前', '2026-03-06 15:30'],
    ['周二', '2026-03-10 18:00'],
    ['星期天', '2026-03-08 18:00'],
    ['礼拜六', '2026-03-07 18:00'],
    ['周末', '2026-03-08 18:00'],
    ['周末前', '2026-03-06 18:00'],
    ['本周内', '2026-03-06 18:00'],
    ['下周一', '2026-03-09 18:00'],
    ['下周三上午', '2026-03-11 10:00'],
    ['下周', '2026-03-13 18:00'],
    ['下下周五', '2026-03-20 18:00'],
    ['月底前', '2026-03-31 18:00'],
    ['月中', '2026-03-15 18:00'],
    ['本月内', '2026-03-31 18:00'],
    ['下个月', '2026-04-30 18:00'],
    ['下月初', '2026-04-05 18:00'],
    ['下个月5号', '2026-04-05 18:00'],
    ['季度末', '2026-03-31 18:00'],
    ['年底前', '2026-12-31 18:00'],
    ['5号之前', '2026-03-05 18:00'],
    ['3号', '2026-04-03 18:00'],
    ['31号', '2026-03-31 18:00'],
    ['二十五号', '2026-03-25 18:00'],
    ['12月5号', '2026-12-05 18:00'],
    ['十二月五日上午十点', '2026-12-05 10:00'],
    ['12/5', '2026-12-05 18:00'],
    ['12.5前', '2026-12-05 18:00'],
    ['2月1日', '2027-02-01 18:00'],
    ['12月底', '2026-12-31 18:00'],
    ['3月初', '2026-03-05 18:00'],
    ['2026-03-20', '2026-03-20 18:00'],
    ['2027年1月5日', '2027-01-05 18:00'],
    ['明年3月5日', '2027-03-05 18:00'],
    ['两小时后', '2026-03-04 12:00'],
    ['半小时后', '2026-03-04 10:30'],
    ['一个半小时后', '2026-03-04 11:30'],
    ['一刻钟后', '2026-03-04 10:15'],
    ['24小时内', '2026-03-05 10:00'],
    ['半天内', '2026-03-04 14:00'],
    ['3天内', '2026-03-07 18:00'],
    ['三天后下午', '2026-03-07 15:00'],
    ['两三天内', '2026-03-07 18:00'],
    ['这两天', '2026-03-06 18:00'],
    ['一周内', '2026-03-11 18:00'],
    ['两个礼拜后', '2026-03-18 18:00'],
    ['半个月内', '2026-03-19 18:00'],
    ['1个月内', '2026-04-04 18:00'],
    ['3个工作日内', '2026-03-09 18:00'],
    ['下一个工作日', '2026-03-05 18:00'],
    ['下午', '2026-03-04 15:00'],
    ['三点', '2026-03-04 15:00'],
    ['15:30', '2026-03-04 15:30'],
    ['09:00', '2026-03-05 09:00'],
    ['晚上12点', '2026-03-05 00:00'],
    ['１２月５日', '2026-12-05 18:00'],
  ])('“%s” at %s', (phrase, due) => {
    expect(shown(resolveDuePhrase(phrase, at(WEDNESDAY)))).toBe(due);
  });
});

describe('what is near its end when it is said', () => {
  test.each([
    ['今天', '2026-03-04 18:30', '2026-03-04 23:59', 'today lasts until midnight'],
    ['下班前', '2026-03-04 18:30', '2026-03-04 23:59', 'after work today lasts until midnight'],
    ['周三', '2026-03-04 18:30', '2026-03-11 18:00', 'a weekday that is over is the next of that name'],
    ['本周内', '2026-03-06 18:30', '2026-03-08 18:00', 'a week after Friday evening ends on Sunday'],
    ['5号', '2026-03-05 19:00', '2026-04-05 18:00', 'a date that is over is the next month’s'],
    ['31号', '2026-01-31 19:00', '2026-03-31 18:00', 'a month without a 31st is passed over'],
    ['三点', '2026-03-04 16:00', '2026-03-05 15:00', 'an hour that is over is tomorrow’s'],
    ['八点', '2026-03-04 10:00', '2026-03-04 20:00', 'an hour that is over in the morning is the evening’s'],
    ['月底', '2026-02-10 10:00', '2026-02-28 18:00', 'February ends on the 28th'],
    ['1个月内', '2026-01-31 10:00', '2026-02-28 18:00', 'a month from the 31st ends with the shorter month'],
    ['12月底', '2026-12-31 19:00', '2027-12-31 18:00', 'a month that is over is the next year’s'],
    ['明天', '2026-03-04 23:59', '2026-03-05 18:00', 'the day changes at midnight in Shanghai'],
    ['今天', '2026-03-05 00:00', '2026-03-05 18:00', 'the day begins at midnight in Shanghai'],
  ])('“%s” said on %s is due %s: %s', (phrase, said, due) => {
    expect(shown(resolveDuePhrase(phrase, at(said)))).toBe(due);
  });
});

test.each([
  '尽快',
  '尽早',
  '早点',
  '晚点',
  '马上',
  '一会儿',
  '回头',
  '过几天',
  '过十几天',
  '改天',
  '五号楼',
  '2月30号',
  '昨天',
  '上周五',
  '三天前',
  '这周一',
  '',
  '99月99日',
  '25点',
  '9999999999天内',
])('“%s” names no time that is to come', (phrase) => {
  expect(resolveDuePhrase(phrase, at(WEDNESDAY))).toBeNull();
});

describe('whatever is said whenever', () => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31);
  const number = fc.oneof(
    fc.integer({ min: 0, max: 40 }).map(String),
    fc.constantFrom('一', '两', '三', '十', '十五', '半'),
  );
  const word = fc.oneof(
    number,
    fc.constantFrom(
      ...'今 明 后 大后 天 周 下 本 这 个 月 底 初 号 日 年 / - : . 上午 中午 下午 晚上 早'.split(' '),
      ...'凌晨 点 半 分 前 内 之前 后 小时 工作日 末 季度'.split(' '),
    ),
  );
  const phrase = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(''));
  const moment = fc.date({
    min: new Date('2020-01-01T00:00:00Z'),
    max: new Date('2035-12-31T00:00:00Z'),
    noInvalidDate: true,
  });
  const zone = process.env['TZ'];
  afterEach(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });

  test(`a due time never lies before the promise (seed ${seed})`, () => {
    fc.assert(
      fc.property(phrase, moment, (said, saidAt) => {
        const due = resolveDuePhrase(said, saidAt);
        expect(due === null || due.getTime() >= saidAt.getTime()).toBe(true);
      }),
      { seed, numRuns: 5000 },
    );
  });

  test(`a due time does not depend on where the server stands (seed ${seed})`, () => {
    fc.assert(
      fc.property(phrase, moment, (said, saidAt) => {
        const dues = ['UTC', 'America/New_York', 'Asia/Shanghai', 'Pacific/Kiritimati'].map((name) => {
          process.env['TZ'] = name;
          return resolveDuePhrase(said, saidAt)?.getTime() ?? null;
        });
        expect(new Set(dues).size).toBe(1);
      }),
      { seed, numRuns: 1000 },
    );
  });
});
