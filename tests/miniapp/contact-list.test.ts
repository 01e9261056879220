import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { textOf } from '#miniapp/desk/segment/list-text.ts';
import { press, sees, useDesk } from './desk-page.ts';
import { examine, facesOf } from './examine.ts';
import { id } from './mock-part.ts';
import { someList, someSegment } from './mock-segments.ts';

const desk = useDesk('marketing');
const { open, callsTo } = desk;

const paste = (page: Page, text: string) => page.getByRole('textbox', { name: '联系人，每行一个' }).fill(text);
const used = { kind: 'segment' as const, id: id(700), name: '报价后没下文' };
const menuOf = (page: Page, name: string) => page.getByRole('button', { name: `「${name}」的更多操作` }).click();

test('a marketer pastes contacts, sees line by line who was not found, and saves the rest as a list', async () => {
  const page = await open('#/lists/new');
  await press(page, '核对名单');
  await sees(page, '请粘贴联系人或选择文件。');
  await paste(page, '陈晓\n查无此人\n李雷');
  await press(page, '核对名单');
  await sees(page, '3 行中找到 2 人，保存后加入名单。');
  await page.getByRole('row', { name: /2\s+查无此人\s+找不到，或不在你可见的范围/ }).waitFor();
  await press(page, '保存名单（2 人）');
  await sees(page, '请填写名单名称。');
  expect(callsTo('POST /api/contact-lists')).toEqual([]);
  await page.getByLabel('名单名称').fill('展会报名');
  await press(page, '保存名单（2 人）');
  await page.getByRole('row', { name: /展会报名\s+2/ }).waitFor();
  await expect
    .poll(() => callsTo('POST /api/contact-lists')[0]?.body)
    .toEqual({
      name: '展会报名',
      contactIds: [id(600), id(602)],
      requestKey: expect.any(String),
    });
});

test('what is typed after the lines were looked at is looked at again before anything is saved', async () => {
  const page = await open('#/lists/new');
  await paste(page, '陈晓');
  await press(page, '核对名单');
  await page.getByRole('button', { name: '保存名单（1 人）' }).waitFor();
  await paste(page, '陈晓\n李雷');
  await press(page, '核对名单');
  await page.getByRole('button', { name: '保存名单（2 人）' }).waitFor();
  await expect
    .poll(() => callsTo('POST /api/contact-lists/match').map(({ body }) => body))
    .toEqual([{ text: '陈晓' }, { text: '陈晓\n李雷' }]);
});

test('a file is read as a spreadsheet of a Chinese Windows writes it, and one that is no text is refused', async () => {
  const page = await open('#/lists/new');
  const take = (name: string, buffer: Buffer) =>
    page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer });
  // 陈晓
  await take('名单.csv', Buffer.from([0xb3, 0xc2, 0xcf, 0xfe]));
  await page.waitForFunction(() => document.querySelector('textarea')?.value === '陈晓');
  await take('名单.xlsx', Buffer.from([0x50, 0x4b, 0x03, 0x04, 0x00, 0x00]));
  await sees(page, /读不出文字/);
  expect(textOf(new TextEncoder().encode('李雷').buffer)).toBe('李雷');
});

test('a list becomes a segment, and a copy of a segment becomes a list', async () => {
  desk.product.segments.all = [someSegment(700)];
  const page = await open('#/lists');
  await menuOf(page, '展会名片');
  await page.getByRole('menuitem', { name: '用它建人群' }).click();
  await page.getByLabel('人群名称').waitFor();
  await expect
    .poll(() => callsTo('POST /api/segments')[0]?.body)
    .toMatchObject({
      name: '展会名片',
      rule: { all: [{ field: 'list.member', operator: 'is_any', value: [id(501)] }] },
    });
  await page.evaluate(() => (location.hash = '#/lists/new'));
  await page.getByLabel('名单名称').fill('今天的');
  await page.getByRole('radio', { name: '人群当前的成员' }).check();
  await page.getByRole('combobox', { name: '人群' }).selectOption({ label: '报价后没下文' });
  await press(page, '保存名单');
  await page.getByRole('row', { name: /今天的/ }).waitFor();
  await expect
    .poll(() => callsTo('POST /api/contact-lists')[0]?.body)
    .toEqual({
      name: '今天的',
      segmentId: id(700),
      requestKey: expect.any(String),
    });
});

test('a list in use is not deleted and it is said where; one that is free goes', async () => {
  desk.product.segments.lists = [someList(501, { usedBy: [used] }), someList(502, { name: '旧名单' })];
  const page = await open('#/lists');
  await menuOf(page, '展会名片');
  await page.getByRole('menuitem', { name: '删除' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('link', { name: '报价后没下文' }).waitFor();
  expect(await sheet.getByRole('button', { name: '确认删除' }).count()).toBe(0);
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'hidden' });
  await menuOf(page, '旧名单');
  await page.getByRole('menuitem', { name: '删除' }).click();
  await sheet.getByRole('button', { name: '确认删除' }).click();
  await sees(page, '已删除「旧名单」');
  await page.getByRole('row', { name: /旧名单/ }).waitFor({ state: 'detached' });
});

test('a list somebody began to use meanwhile stays, and it is said where', async () => {
  const page = await open('#/lists');
  await page.getByRole('row', { name: /展会名片/ }).waitFor();
  desk.product.segments.lists = [someList(501, { usedBy: [used] })];
  await menuOf(page, '展会名片');
  await page.getByRole('menuitem', { name: '删除' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '确认删除' }).click();
  await page.getByRole('dialog').getByRole('link', { name: '报价后没下文' }).waitFor();
  expect(desk.product.segments.lists.length).toBe(1);
});

const looked = async (page: Page) => {
  await page.locator('textarea').fill('陈晓\n查无此人');
  await page.locator('button[type=submit]').click();
  await page.locator('.table').waitFor();
};
const states: {
  name: string;
  hash: string;
  ready: string;
  prepare?: () => void;
  reach?: (page: Page) => Promise<void>;
}[] = [
  {
    name: 'a list of a segment',
    hash: '#/lists/new',
    ready: 'textarea',
    reach: async (page) => {
      await page.getByRole('radio').last().check();
      await page.locator('button[type=submit]').click();
      await page.locator('.problem').first().waitFor();
    },
  },
  { name: 'lines that were looked at', hash: '#/lists/new', ready: 'textarea', reach: looked },
  { name: 'the lists', hash: '#/lists', ready: 'td' },
  {
    name: 'a list in use',
    hash: '#/lists',
    ready: 'td a',
    prepare: () => {
      desk.product.segments.lists = [someList(501, { usedBy: [used] })];
    },
    reach: async (page) => {
      await page.locator('.row-deeds button').click();
      await page.getByRole('menuitem').last().click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'no list',
    hash: '#/lists',
    ready: '.nothing',
    prepare: () => {
      desk.product.segments.lists = [];
    },
  },
];
// The third is seen narrow, where the desk is only read.
test.each(facesOf(states, [1280, 1024, 375]))(
  'axe finds nothing on $name ($theme, $language, $width px)',
  async (face) => {
    face.prepare?.();
    const page = await open(face.hash, face);
    await page.locator(face.ready).first().waitFor();
    await face.reach?.(page);
    expect(await examine(page)).toEqual([]);
  },
);
