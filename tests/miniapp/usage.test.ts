import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { press, sees, useDesk } from './desk-page.ts';
import { examine, facesOf } from './examine.ts';
import { someUsage } from './mock-learning.ts';

const desk = useDesk();
const nothing = () => {
  const { total, drafts } = someUsage();
  desk.product.learning.usage = someUsage({
    total: { ...total, runs: 0, outcomes: {}, costYuan: 0, inputTokens: 0, p50Ms: null, p95Ms: null },
    days: [],
    useCases: [],
    customers: [],
    drafts: { ...drafts, shown: 0, distance: null },
  });
  desk.product.learning.runs = [];
};

test('today stands against its two lines, and what a line means is said', async () => {
  const page = await desk.open('#/usage');
  await page.getByRole('img', { name: '今天用了 ¥3.28，离软线 ¥8.00 还有 ¥4.72，硬线 ¥10.00。' }).waitFor();
  Object.assign(desk.product.learning.usage.today, { spentYuan: 8.4, line: 'soft' });
  desk.product.tell('usage');
  await sees(page, /已过软线 ¥8\.00：只回答有人在等的请求/);
  Object.assign(desk.product.learning.usage.today, { spentYuan: 10.02, line: 'hard' });
  desk.product.tell('usage');
  expect(await sees(page, /已到硬线 ¥10\.00：今天不再调用/)).toBe(true);
});

test('the days, the uses, the customers and the drafts are figures that can be read', async () => {
  const page = await desk.open('#/usage');
  await page.getByRole('img', { name: /每天的费用，最多的是 .*，¥3\.60/ }).waitFor();
  const uses = page.getByRole('table', { name: '用在哪里' });
  expect(await uses.getByRole('row', { name: /人群规则草稿/ }).innerText()).toMatch(/¥0\.2721\s+10\s+¥0\.0272/);
  expect(await uses.getByRole('row', { name: /会话摘要/ }).innerText()).toContain('超预算未问 12');
  const customers = page.getByRole('table', { name: '花在谁身上' });
  expect(await customers.getByRole('row', { name: /蓝海<img src=x onerror=a=1>物流/ }).count()).toBe(1);
  expect(await customers.getByRole('row', { name: /未绑定客户的联系人/ }).innerText()).toContain('¥9.80');
  await sees(page, '采纳率 77.1%');
  expect(await sees(page, '发出前平均改动了 18.4% 的文字。')).toBe(true);
});

test('another range of days is asked for, and one that ends before it begins is not', async () => {
  const page = await desk.open('#/usage');
  await page.getByRole('img', { name: /每天的费用/ }).waitFor();
  await page.getByLabel('时间范围').selectOption('own');
  await page.getByLabel('从', { exact: true }).fill('2026-10-01');
  await page.getByLabel('到', { exact: true }).fill('2026-09-01');
  await sees(page, '开始日期要早于结束日期，最多 366 天。');
  await page.getByLabel('到', { exact: true }).fill('2026-10-31');
  await expect
    .poll(() => desk.callsTo('GET /api/usage').map(({ query }) => query))
    .toContainEqual({ from: '2026-10-01', until: '2026-10-31' });
});

test('every call is listed, filtered by use and outcome, and page by page', async () => {
  const page = await desk.open('#/usage/runs');
  const rows = page.getByRole('table', { name: '调用明细' }).getByRole('row');
  await expect.poll(() => rows.count()).toBe(51);
  expect(await rows.nth(3).innerText()).toMatch(/接口没有回应\s+504 from the endpoint/);
  await press(page, '更多');
  await expect.poll(() => rows.count()).toBe(64);
  await page.getByLabel('用途').selectOption('draft-reply');
  await expect.poll(() => rows.count()).toBe(2);
  expect(await rows.nth(1).innerText()).toContain('丢弃 2');
  await page.getByLabel('结果').selectOption('unusable');
  await sees(page, '没有符合筛选的调用。');
  await press(page, '清除筛选');
  await expect.poll(() => rows.count()).toBe(64);
});

test('where nothing was asked the page says so instead of drawing nothing', async () => {
  nothing();
  const page = await desk.open('#/usage');
  await sees(page, '这段时间没有调用过。');
  await sees(page, '这段时间没有给出过回复草稿。');
  await page.getByRole('tab', { name: '明细' }).click();
  expect(await sees(page, '还没有调用过。')).toBe(true);
});

const states: { name: string; hash: string; prepare?: () => void; reach?: (page: Page) => Promise<unknown> }[] = [
  { name: 'the usage', hash: '#/usage', reach: (page) => page.locator('summary').click() },
  { name: 'the calls', hash: '#/usage/runs' },
  {
    name: 'a day beyond its hard line',
    hash: '#/usage',
    prepare: () => void (desk.product.learning.usage.today.line = 'hard'),
  },
  {
    name: 'a day beyond its soft line',
    hash: '#/usage',
    prepare: () => void (desk.product.learning.usage.today.line = 'soft'),
  },
  { name: 'a usage of nothing', hash: '#/usage', prepare: nothing },
  {
    name: 'a usage that cannot be read',
    hash: '#/usage',
    prepare: () => desk.product.refusals.set('GET /api/usage', { status: 500, code: 'internal' }),
  },
  { name: 'calls of nothing', hash: '#/usage/runs', prepare: nothing },
  {
    name: 'a range that is wrong',
    hash: '#/usage',
    reach: async (page) => {
      await page.locator('select').first().selectOption('own');
      await page.locator('input[type=date]').first().fill('2030-01-01');
    },
  },
];
test.each(facesOf(states, [1280, 1024]))(
  'axe finds nothing on $name ($theme, $language, $width px)',
  async ({ hash, prepare, reach, ...face }) => {
    prepare?.();
    const page = await desk.open(hash, face);
    await page.waitForFunction(() => document.querySelector('main .skeleton') === null);
    await reach?.(page);
    expect(await examine(page)).toEqual([]);
  },
);
