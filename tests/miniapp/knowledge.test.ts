import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { press, sees, useDesk } from './desk-page.ts';
import { examine, facesOf } from './examine.ts';
import { id } from './mock-part.ts';

const desk = useDesk('marketing');

const choose = (page: Page, files: { name: string; buffer: Buffer }[]) =>
  page
    .locator('input[type=file]')
    .first()
    .setInputFiles(files.map((file) => ({ ...file, mimeType: 'application/octet-stream' })));
const row = (page: Page, name: RegExp) => page.getByRole('row', { name });
async function act(page: Page, title: RegExp, deed: string): Promise<void> {
  await row(page, title).getByRole('button', { name: /^操作/ }).click();
  await page.getByRole('menuitem', { name: deed }).click();
}

test('each document says whether it is in use, and one that cannot be read says why and what stays', async () => {
  const page = await desk.open('#/knowledge');
  expect(await row(page, /价格表/).innerText()).toMatch(
    /Word · 2026 价格表.docx · 47 KB[^]*可用[^]*12[^]*34[^]*李经理/,
  );
  expect(await row(page, /合同/).innerText()).toMatch(/读不了[^]*可能是扫描件[^]*上次读到的内容仍在使用/);
  expect(await sees(page, '目前按字词查找。装有向量扩展并配置向量模型后，也按含义查找。')).toBe(true);
  expect(await page.evaluate(() => 'wasHacked' in window)).toBe(false);
  desk.product.knowledge.byMeaning = true;
  await page.reload();
  expect(await sees(page, '按字词和含义查找。')).toBe(true);
});

test('files are uploaded one after the other, are seen being read, and one that cannot be taken says why', async () => {
  const page = await desk.open('#/knowledge');
  await choose(page, [
    { name: '常见问题.md', buffer: Buffer.from('# 退款\n七天内可退。') },
    { name: '报价.xlsx', buffer: Buffer.from('PK') },
    { name: '空.txt', buffer: Buffer.alloc(0) },
  ]);
  expect(await sees(page, '「常见问题」已上传，正在读取')).toBe(true);
  expect(await sees(page, /报价.xlsx：这种文件读不了/)).toBe(true);
  expect(await sees(page, /空.txt：文件是空的/)).toBe(true);
  await expect.poll(() => desk.product.knowledge.all[0]?.state).toBe('ready');
  desk.product.tell('knowledge');
  await expect.poll(() => row(page, /常见问题/).innerText()).toMatch(/可用[^]*2/);
  await expect
    .poll(() => desk.callsTo('POST /api/knowledge').map(({ query }) => query))
    .toEqual([{ name: '常见问题.md' }]);

  desk.product.refusals.set('POST /api/knowledge', { status: 409, code: 'knowledge.name_taken' });
  await choose(page, [{ name: '别的.md', buffer: Buffer.from('别的') }]);
  expect(await sees(page, '已有另一份文档用这个文件名。请改名后再上传。')).toBe(true);
});

test('a new version takes the place of the document it is uploaded for', async () => {
  const page = await desk.open('#/knowledge');
  const chooser = page.waitForEvent('filechooser');
  await act(page, /合同/, '上传新版本');
  await (
    await chooser
  ).setFiles({ name: '合同（文字版）.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-') });
  await expect
    .poll(() => desk.callsTo('POST /api/knowledge').map(({ query }) => query))
    .toEqual([{ name: '合同（文字版）.pdf', id: id(2002) }]);
});

test('a document is read in its passages, given another title over the version that was seen, and deleted after asking', async () => {
  const page = await desk.open('#/knowledge');
  await press(page, '2026 价格表');
  const drawer = page.getByRole('dialog', { name: '段落：2026 价格表' });
  await drawer.getByText('版本：标准版；价格：19,800 元/年').waitFor();
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'hidden' });

  await act(page, /价格表/, '改标题');
  await page.getByLabel('标题', { exact: true }).fill('2027 价格表');
  await press(page, '保存');
  await expect
    .poll(() => desk.callsTo('PATCH /api/knowledge/:id')[0]?.body)
    .toEqual({ version: 2, title: '2027 价格表' });
  await row(page, /2027 价格表/).waitFor();

  await act(page, /2027/, '删除');
  expect(desk.callsTo('DELETE /api/knowledge/:id')).toEqual([]);
  await press(page, '确定删除');
  expect(await sees(page, '已删除「2027 价格表」')).toBe(true);
  await row(page, /2027/).waitFor({ state: 'detached' });
});

test('a question shows what a draft would be given to read, or that there is nothing', async () => {
  const page = await desk.open('#/knowledge');
  await page.getByLabel('客户的问题').fill('50 人版一年多少钱');
  await press(page, '试一下');
  expect(await sees(page, '2026 价格表 › 产品价格 › 按人数计费')).toBe(true);
  await expect
    .poll(() => desk.callsTo('GET /api/knowledge/passages')[0]?.query)
    .toEqual({ question: '50 人版一年多少钱' });
  desk.product.knowledge.found = [];
  await page.getByLabel('客户的问题').fill('有食堂吗');
  await press(page, '试一下');
  expect(await sees(page, /没有找到相关段落/)).toBe(true);
});

test('without documents the page says what to do, without an answer what went wrong, and offline nothing is uploaded', async () => {
  desk.product.knowledge.all = [];
  const page = await desk.open('#/knowledge');
  expect(await sees(page, /还没有文档/)).toBe(true);
  await page.context().setOffline(true);
  expect(await sees(page, '离线时不能上传。')).toBe(true);
  expect(await page.getByRole('button', { name: '选择文件' }).isDisabled()).toBe(true);
  await page.context().setOffline(false);
  desk.product.refusals.set('GET /api/knowledge', { status: 500, code: 'internal' });
  await page.reload();
  await page.getByRole('button', { name: '重试' }).first().waitFor();
});

const states = [
  { name: 'the list', prepare: async () => {} },
  { name: 'the passages', prepare: (page: Page) => page.getByRole('row').nth(1).getByRole('button').first().click() },
  {
    name: 'what was found',
    async prepare(page: Page) {
      await page.locator('form input').last().fill('50');
      await page.locator('form').last().press('Enter');
      await page.locator('form').last().getByRole('button').click();
      await page.locator('ol').waitFor();
    },
  },
  {
    name: 'an upload refused',
    async prepare(page: Page) {
      await choose(page, [{ name: 'a.exe', buffer: Buffer.from('x') }]);
      await page.getByText(/a\.exe/).waitFor();
    },
  },
];

test.each(facesOf(states, [1280]))(
  '$name reads well for everybody ($theme, $language, $width px)',
  async ({ prepare, ...face }) => {
    const page = await desk.open('#/knowledge', face);
    await page.getByRole('row').nth(2).waitFor();
    await prepare(page);
    expect(await examine(page)).toEqual([]);
  },
);
