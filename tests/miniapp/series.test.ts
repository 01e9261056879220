import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { press, sees, useDesk } from './desk-page.ts';
import { examine, facesOf } from './examine.ts';
import { id } from './mock-part.ts';

const desk = useDesk('marketing');

test('a series is written step by step, saved in order of time, and started', async () => {
  const page = await desk.open('#/series/new');
  await press(page, '保存');
  await sees(page, '有没填好的地方，请检查红色提示。');
  await page.getByLabel('名称').fill('新客 7 天');
  await page.locator('select').filter({ hasText: '春季展会' }).selectOption(id(1201));
  const step = (n: number) => page.getByRole('group', { name: `步骤 ${n}` });
  await step(1).getByLabel('进入后几天').fill('5');
  await step(1).getByLabel('任务标题').fill('打电话');
  await press(page, '加一步');
  await step(2).getByLabel('进入后几天').fill('2');
  await step(2).getByLabel('做什么').selectOption('message');
  await step(2).getByLabel('建议的话').fill('手册看过了吗？');
  await press(page, '保存');
  await sees(page, '已保存');
  await expect
    .poll(() => desk.callsTo('POST /api/series')[0]?.body)
    .toEqual({
      requestKey: expect.any(String),
      name: '新客 7 天',
      entry: { kind: 'channel', channelId: id(1201) },
      steps: [
        {
          afterDays: 2,
          at: '09:30',
          when: 'not_replied',
          action: { kind: 'message', text: '手册看过了吗？', materialId: null },
        },
        { afterDays: 5, at: '09:30', when: 'not_replied', action: { kind: 'task', title: '打电话', dueInDays: 1 } },
      ],
      endOnReply: true,
    });
  await press(page, '启动');
  await sees(page, '已启动');
  await expect.poll(() => desk.callsTo('POST /api/series/:id/state')[0]?.body).toEqual({ state: 'running' });
});

test('who is on the way is shown with what each step did and why, and is paused one by one', async () => {
  const page = await desk.open(`#/series/${id(1401)}`);
  const runs = page.getByRole('table', { name: '谁在里面' });
  await runs
    .getByRole('row', { name: /吴先生/ })
    .getByText('客户回复了')
    .waitFor();
  await runs.getByRole('button', { name: /^吴先生.*的经过$/ }).click();
  await page
    .getByRole('dialog')
    .getByText(/跳过 .* 客户回复了/)
    .waitFor();
  await page.keyboard.press('Escape');
  await press(page, '暂停 陈小燕');
  await expect.poll(() => desk.callsTo('POST /api/series-runs/:id/state')[0]?.body).toEqual({ state: 'paused' });
  await page.getByRole('button', { name: '继续 陈小燕' }).waitFor();
  expect(await page.evaluate('window.wasHacked')).toBe(undefined);
});

test('ending a series says how many leave, and is asked once more', async () => {
  const page = await desk.open(`#/series/${id(1401)}`);
  await press(page, '结束');
  await sees(page, '还在进行中的 18 位客户会全部退出，不能恢复。');
  expect(desk.callsTo('POST /api/series/:id/state')).toEqual([]);
  await press(page, '确定结束');
  await sees(page, '已结束');
  await expect.poll(() => desk.callsTo('POST /api/series/:id/state')[0]?.body).toEqual({ state: 'ended' });
});

test('no word stands for unsubscribing and for coming back at once', async () => {
  const page = await desk.open('#/opt-out');
  await page.getByLabel('重新订阅').fill('td');
  await sees(page, '「td」两边都有，请只留一边。');
  await press(page, '保存');
  expect(desk.callsTo('PUT /api/settings/opt-out')).toEqual([]);
  await page.getByLabel('重新订阅').fill('订阅\n回来');
  await press(page, '保存');
  await expect
    .poll(() => desk.callsTo('PUT /api/settings/opt-out')[0]?.body)
    .toEqual({ keywords: ['退订', 'TD'], backKeywords: ['订阅', '回来'] });
});

const states: { name: string; hash: string; reach?: (page: Page) => Promise<unknown>; prepare?: () => void }[] = [
  { name: 'the series', hash: '#/series' },
  { name: 'a running series', hash: `#/series/${id(1401)}` },
  {
    name: 'a new one with nothing filled in',
    hash: '#/series/new',
    reach: (page) => page.locator('[type=submit]').click(),
  },
  {
    name: 'what happened with a contact',
    hash: `#/series/${id(1401)}`,
    reach: async (page) => {
      await page.locator('td .link').first().click();
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'no series yet', hash: '#/series', prepare: () => (desk.product.series.all = []) },
];
test.each(facesOf(states, [1280, 1024]))(
  'axe finds nothing on $name ($theme, $language, $width px)',
  async ({ hash, reach, prepare, ...face }) => {
    prepare?.();
    const page = await desk.open(hash, face);
    await page.locator('main h2').first().waitFor();
    await page.waitForFunction(() => document.querySelector('main .skeleton') === null);
    await reach?.(page);
    expect(await examine(page)).toEqual([]);
  },
);
