import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { press, sees, useDesk } from './desk-page.ts';
import { examine, facesOf } from './examine.ts';
import { id } from './mock-part.ts';

const desk = useDesk('marketing');
const png = { name: '新品.png', mimeType: 'image/png', buffer: Buffer.from('a picture') };

test('materials are found by folder, kind and title, and a filter that leaves nothing is cleared in one press', async () => {
  const page = await desk.open('#/materials');
  const names = () => page.locator('.tile .name').allInnerTexts();
  await expect.poll(names).toHaveLength(5);
  await page.getByRole('navigation', { name: '文件夹' }).getByRole('button', { name: /^产品/ }).click();
  await expect.poll(names).toHaveLength(3);
  await page.getByLabel('类型').selectOption('file');
  await expect.poll(names).toEqual(['50 人版报价单']);
  await page.getByRole('searchbox').fill('没有的');
  await sees(page, '没有符合条件的素材。');
  await press(page, '清除筛选');
  await expect.poll(names).toHaveLength(5);
  expect(await page.evaluate('window.wasHacked')).toBe(undefined);
});

test('a text is written with names of its own, shown as the customer sees it, and saved with folder and tags', async () => {
  const page = await desk.open('#/materials/new?kind=text');
  await press(page, '保存');
  await sees(page, '请填写。');
  await page.getByLabel('标题').fill('回访');
  await page.getByLabel('文字内容').fill('您好，我是');
  await press(page, '员工姓名');
  await page.getByRole('group', { name: '客户看到的样子' }).getByText('您好，我是李经理').waitFor();
  await page.getByLabel('文件夹').fill('话术/售后');
  await page.getByLabel('标签').fill('回访，常用');
  await page.keyboard.press('Control+s');
  await sees(page, '素材已保存');
  await expect
    .poll(() => desk.callsTo('POST /api/materials').map(({ body }) => body))
    .toEqual([
      {
        title: '回访',
        folder: '话术/售后',
        tags: ['回访', '常用'],
        content: { kind: 'text', text: '您好，我是{member}' },
        requestKey: expect.any(String),
      },
    ]);
});

test('a forbidden word, an unknown name in braces and a risky word are each said where they are written', async () => {
  const page = await desk.open('#/materials/new?kind=text');
  await page.getByLabel('文字内容').fill('{name}，这是最好的绝密方案');
  await sees(page, '「绝密」是公司禁用的词，不能发送。');
  await sees(page, '「最好」可能违反广告法，建议改写。');
  expect(await sees(page, /\{name\} 不是可用的变量/)).toBe(true);
});

test('a picture is dropped or chosen; one too large or of another type is refused before it is sent', async () => {
  const page = await desk.open('#/materials/new?kind=image');
  await sees(page, 'JPEG、PNG，最大 10 MB');
  const input = page.locator('input[type=file]');
  await input.setInputFiles({ ...png, name: 'a.gif', mimeType: 'image/gif' });
  await sees(page, '这个类型不能发，请换成 JPEG、PNG。');
  await input.setInputFiles({ ...png, buffer: Buffer.alloc(10_485_761) });
  await sees(page, /最大 10 MB。请压缩后再传。/);
  await input.setInputFiles({ ...png, buffer: Buffer.alloc(0) });
  await sees(page, '这个文件是空的，请换一个。');
  expect(desk.callsTo('POST /api/material-files')).toEqual([]);
  await page.locator('.drop').evaluate((zone) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['a picture'], '海报.png', { type: 'image/png' }));
    zone.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  });
  await page.getByRole('status').getByText('已上传 海报.png').waitFor({ state: 'attached' });
  await expect
    .poll(() => desk.callsTo('POST /api/material-files')[0]?.query)
    .toEqual({ kind: 'image', name: '海报.png' });
  // Its name is the title until somebody writes another.
  expect(await page.getByLabel('标题').inputValue()).toBe('海报');
  await press(page, '保存');
  await expect.poll(() => desk.callsTo('POST /api/materials')[0]?.body).toMatchObject({ content: { kind: 'image' } });
});

test('an upload the server refuses says why, and the rest of the form stays', async () => {
  desk.product.refusals.set('POST /api/material-files', { status: 413, code: 'material.file_too_large' });
  const page = await desk.open('#/materials/new?kind=file');
  await page.getByLabel('标题').fill('方案');
  await page.locator('input[type=file]').setInputFiles(png);
  await page
    .getByRole('alert')
    .getByText(/文件太大/)
    .waitFor();
  expect(await page.getByLabel('标题').inputValue()).toBe('方案');
});

test('a material somebody else changed is not overwritten, and what was typed is asked about before it is left', async () => {
  const page = await desk.open(`#/materials/${id(1001)}`);
  desk.product.refusals.set('PUT /api/materials/:id', { status: 409, code: 'material.stale' });
  await page.getByLabel('标题').fill('新开场白');
  await press(page, '保存');
  await page
    .getByRole('alert')
    .getByText(/刚才有人改了这个素材/)
    .waitFor();
  await page.getByRole('link', { name: '返回素材库' }).click();
  await page.getByRole('dialog', { name: '有未保存的修改' }).waitFor();
  expect(await page.getByLabel('标题').inputValue()).toBe('新开场白');
  await press(page, '不保存，离开');
  await page.getByRole('heading', { name: '素材库' }).waitFor();
});

test('an archived material leaves the list, can be undone at once and restored later', async () => {
  const page = await desk.open('#/materials');
  await press(page, '归档 春季展台');
  await sees(page, '已归档「春季展台」');
  await press(page, '撤销');
  await page.getByRole('link', { name: '春季展台' }).waitFor();
  await press(page, '归档 春季展台');
  await page.getByLabel('看已归档的').check();
  await press(page, '恢复 春季展台');
  expect(await sees(page, '没有已归档的素材。')).toBe(true);
});

test('the company’s own words are kept one in a line, and tried out beside the list', async () => {
  const page = await desk.open('#/sensitive-words');
  await page.getByLabel(/公司禁用的词/).fill('绝密\n 底价 \n\n绝密');
  await press(page, '保存');
  await expect
    .poll(() => desk.callsTo('PUT /api/settings/sensitive-words')[0]?.body)
    .toEqual({ forbidden: ['绝密', '底价'], allowed: ['第一'] });
  await page.getByLabel('粘贴一段文字').fill('这是底价');
  expect(await sees(page, '「底价」是公司禁用的词，不能发送。')).toBe(true);
});

const states: { name: string; hash: string; reach?: (page: Page) => Promise<unknown>; prepare?: () => void }[] = [
  { name: 'the library', hash: '#/materials' },
  { name: 'the list', hash: '#/materials', reach: (page) => page.locator('.layout').last().click() },
  { name: 'a preview', hash: '#/materials', reach: (page) => page.locator('.tile .link').first().click() },
  { name: 'a text', hash: `#/materials/${id(1001)}` },
  { name: 'a picture', hash: `#/materials/${id(1002)}` },
  { name: 'a link', hash: `#/materials/${id(1004)}` },
  {
    name: 'a mini program with nothing filled in',
    hash: '#/materials/new?kind=app',
    reach: (page) => page.locator('[type=submit]').click(),
  },
  { name: 'the words', hash: '#/sensitive-words' },
  {
    name: 'a library that cannot be read',
    hash: '#/materials',
    prepare: () => desk.product.refusals.set('GET /api/materials', { status: 500, code: 'internal' }),
  },
  { name: 'no materials yet', hash: '#/materials', prepare: () => (desk.product.materials.all = []) },
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
