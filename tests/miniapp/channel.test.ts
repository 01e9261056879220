import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { press, sees, useDesk } from './desk-page.ts';
import { examine, facesOf } from './examine.ts';
import { id, manager, rep } from './mock-part.ts';

const desk = useDesk();

async function choose(page: Page, name: string): Promise<void> {
  await page
    .getByRole('dialog')
    .getByRole('radio', { name: new RegExp(name) })
    .click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

test('each channel shows its code or link, what it brought, who is on duty and whether the platform has it', async () => {
  const page = await desk.open('#/channels');
  const row = page.getByRole('row', { name: /春季展会/ });
  await row.getByRole('img', { name: '春季展会 的二维码' }).waitFor();
  expect(await row.innerText()).toMatch(/6[^]*113 \/ 128（88%）[^]*王磊[^]*正常/);
  expect(await row.getByRole('link', { name: '下载图片 春季展会' }).getAttribute('download')).toBe('春季展会.png');
  const link = page.getByRole('row', { name: /官网/ });
  expect(await link.innerText()).toMatch(/没有同步成功[^]*84074/);
  await link.getByRole('button', { name: /^复制/ }).click();
  await sees(page, /已复制|请手动复制/);
  expect(await page.getByRole('row', { name: /新店开业/ }).innerText()).toContain('等待生成');
});

test('a channel is made with members by shift, spare members, a limit, tags and a welcome for some hours', async () => {
  desk.product.tags = [{ name: '来源', tags: [{ id: id(1301), name: '展会', group: '来源' }] }];
  const page = await desk.open('#/channels/new');
  await press(page, '保存');
  await sees(page, '请选至少一位成员。');
  expect(desk.callsTo('POST /api/channels')).toEqual([]);
  await page.getByLabel('渠道名称').fill('秋季展会');
  await page.getByLabel('按班次接待').check();
  await press(page, '添加：接待成员');
  await choose(page, '王磊');
  await sees(page, '班次没有盖住整周，其余时间没有人接待。请加班次或备用成员。');
  await page.getByLabel('每人每天最多新增').fill('30');
  await press(page, '选择标签');
  await page.getByRole('dialog').getByLabel('展会').check();
  await page.keyboard.press('Escape');
  await press(page, '加一条欢迎语');
  const welcome = page.getByRole('group', { name: /欢迎语 1/ }).first();
  await welcome.getByLabel('只在这些时间').check();
  await welcome.getByLabel('文字', { exact: true }).fill('您好{contact}');
  await welcome.getByText('您好陈女士').waitFor();
  await welcome.getByRole('button', { name: '从素材库选' }).click();
  await page
    .getByRole('dialog')
    .getByLabel(/50 人版报价单/)
    .check();
  await press(page, '选好了（1）');
  await press(page, '保存');
  await sees(page, '渠道已保存，几秒内同步到平台');
  await expect
    .poll(() => desk.callsTo('POST /api/channels')[0]?.body)
    .toMatchObject({
      name: '秋季展会',
      kind: 'code',
      source: null,
      skipVerify: true,
      duty: { shifts: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00', memberIds: [rep.id] }], spareIds: [] },
      dailyMax: 30,
      tagIds: [id(1301)],
      welcomes: [
        {
          hours: { days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' },
          content: { text: '您好{contact}', attachments: [{ materialId: id(1003) }] },
        },
      ],
      expiresAt: null,
    });
});

test('a change is saved over the version that was seen, and a welcome nobody would ever get is pointed out', async () => {
  const page = await desk.open(`#/channels/${id(1202)}`);
  await press(page, '移除班次 2');
  await sees(page, '班次没有盖住整周，其余时间由备用成员接待。');
  const first = page.getByRole('group', { name: /欢迎语 1/ }).first();
  await first.getByLabel('任何时间').check();
  await sees(page, '前面已有一条任何时间都用的欢迎语，这一条不会用到。');
  await press(page, '移除欢迎语 2');
  await press(page, '保存');
  await expect
    .poll(() => desk.callsTo('PUT /api/channels/:id')[0]?.body)
    .toMatchObject({
      version: 3,
      duty: { shifts: [{ memberIds: [rep.id] }], spareIds: [manager.id] },
      welcomes: [{ hours: null }],
    });
});

test('archiving is asked once more, for it cannot be taken back', async () => {
  const page = await desk.open('#/channels');
  await press(page, '归档 春季展会');
  await sees(page, /归档后二维码或链接立即失效/);
  expect(desk.callsTo('POST /api/channels/:id/archive')).toEqual([]);
  await press(page, '确定归档');
  await sees(page, '已归档「春季展会」');
  await page.getByLabel('看已归档的').check();
  await page.getByRole('link', { name: '春季展会', exact: true }).click();
  expect(await sees(page, '这个渠道已归档，不能再修改。')).toBe(true);
});

test('the board says what each channel brought, and its numbers leave as a table for a spreadsheet', async () => {
  const page = await desk.open('#/channel-board');
  await page.getByRole('img', { name: /渠道共带来 140 人，留存 125，开口 84，成交 14/ }).waitFor();
  await page
    .getByRole('row', { name: /春季展会/ })
    .getByText('113（88%）')
    .waitFor();
  await page.getByText('看表格').click();
  await page.getByRole('table', { name: '每天新增' }).waitFor();
  const saving = page.waitForEvent('download');
  await press(page, '导出 CSV');
  const text = await readFile(await (await saving).path(), 'utf8');
  expect(text.charCodeAt(0)).toBe(0xfeff);
  expect(text.split('\r\n')[1]).toMatch(/^春季展会,活码,128,113,77,13,66560,/);
  await page.getByLabel('渠道', { exact: true }).selectOption({ label: '春季展会' });
  await page.getByRole('img', { name: /渠道共带来 128 人/ }).waitFor();
  await page.getByLabel('时间范围').selectOption('own');
  await page.getByLabel('从', { exact: true }).fill('2026-12-01');
  await page.getByLabel('到', { exact: true }).fill('2026-11-01');
  expect(await sees(page, '开始日期要早于结束日期，最多 366 天。')).toBe(true);
});

test('limits, quiet hours and the welcome of the company are checked before they are saved', async () => {
  const page = await desk.open('#/broadcast-rules');
  await page.getByLabel('最多群发次数').fill('0');
  await sees(page, '填 1 到 100 的整数。');
  await press(page, '保存');
  expect(desk.callsTo('PUT /api/settings/broadcast-rules')).toEqual([]);
  await page.getByLabel('最多群发次数').fill('3');
  await page.getByLabel('每月上限').selectOption('times');
  await page.getByLabel('免打扰时段').uncheck();
  await press(page, '保存');
  await expect
    .poll(() => desk.callsTo('PUT /api/settings/broadcast-rules')[0]?.body)
    .toEqual({
      perDay: 1,
      perWeek: null,
      perMonth: 4,
      fatigue: { max: 3, days: 7 },
      quiet: null,
      confirmDays: 3,
      windowDays: 7,
    });
  await page.getByRole('link', { name: '欢迎语' }).click();
  const text = page.getByLabel('欢迎语', { exact: true });
  await text.fill('{member}');
  await press(page, '保存');
  await sees(page, '请写欢迎语，只有姓名变量不算。');
  await text.fill('您好{nobody}');
  await press(page, '保存');
  await sees(page, /\{nobody\} 不是可用的变量/);
  await text.fill('您好，我是{member}');
  await press(page, '保存');
  await expect
    .poll(() => desk.callsTo('PUT /api/settings/welcome').map(({ body }) => body))
    .toEqual([{ enabled: true, text: '您好，我是{member}' }]);
});

const states: { name: string; hash: string; reach?: (page: Page) => Promise<unknown>; prepare?: () => void }[] = [
  { name: 'the channels', hash: '#/channels' },
  { name: 'a channel by shifts', hash: `#/channels/${id(1202)}` },
  { name: 'a channel with its code', hash: `#/channels/${id(1201)}` },
  {
    name: 'a new channel with nothing filled in',
    hash: '#/channels/new',
    reach: (page) => page.locator('[type=submit]').click(),
  },
  { name: 'the board', hash: '#/channel-board', reach: (page) => page.locator('summary').click() },
  { name: 'a board of nothing', hash: '#/channel-board', prepare: () => (desk.product.channels.all = []) },
  { name: 'the rules', hash: '#/broadcast-rules' },
  { name: 'the welcome', hash: '#/welcome' },
  {
    name: 'the words to unsubscribe',
    hash: '#/opt-out',
    reach: (page) => page.locator('textarea').last().fill('退订'),
  },
  {
    name: 'channels that cannot be read',
    hash: '#/channels',
    prepare: () => desk.product.refusals.set('GET /api/channels', { status: 500, code: 'internal' }),
  },
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
