import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { press, sees, useDesk } from './desk-page.ts';
import { examine, facesOf } from './examine.ts';
import { id } from './mock-part.ts';

const desk = useDesk();
const saved = () => desk.callsTo('PUT /api/settings/model').map(({ body }) => body);

test('nothing of the switches is saved without a reason', async () => {
  const page = await desk.open('#/model-settings');
  await page.getByLabel('人群规则草稿').check();
  await press(page, '保存');
  await page.getByRole('alert').waitFor();
  expect(saved()).toEqual([]);
  await page.getByLabel('修改原因').fill('市场部试用');
  await press(page, '保存');
  await sees(page, '已保存，马上生效');
  expect(saved()).toEqual([
    {
      on: true,
      useCases: { 'summarise-conversation': true, 'draft-reply': true, 'draft-segment': true },
      softYuan: 8,
      hardYuan: 10,
      reason: '市场部试用',
    },
  ]);
  expect(await page.getByRole('table', { name: '修改记录' }).getByRole('row').nth(1).innerText()).toContain(
    '市场部试用',
  );
});

test('the soft line lies below the hard one, and without one nothing is held back early', async () => {
  const page = await desk.open('#/model-settings');
  await page.getByLabel('修改原因').fill('调整预算');
  await page.getByLabel('软线').fill('12');
  await sees(page, '软线不能高于硬线。');
  await page.getByLabel('硬线').fill('-1');
  await sees(page, '请填 0 到 1,000,000 的数。');
  await press(page, '保存');
  expect(saved()).toEqual([]);
  await page.getByLabel('软线').fill('');
  await page.getByLabel('硬线').fill('20.5');
  await press(page, '保存');
  await expect.poll(saved).toMatchObject([{ softYuan: null, hardYuan: 20.5 }]);
});

test('saving what was not changed sends nothing', async () => {
  const page = await desk.open('#/model-settings');
  await page.getByLabel('修改原因').fill('没什么');
  await press(page, '保存');
  await sees(page, '没有改动。');
  expect(saved()).toEqual([]);
});

test('a source is opened to the model at once, by the same call as on the page of the sources', async () => {
  const page = await desk.open('#/model-settings');
  await page.getByLabel(/会话存档可以给模型读/).check();
  await sees(page, '已保存，马上生效');
  await expect
    .poll(() => desk.callsTo('PATCH /api/chat-sources/:id')[0])
    .toMatchObject({
      params: { id: id(1701) },
      body: { modelAllowed: true },
    });
});

test('a source that could not be switched is shown as it is', async () => {
  desk.product.refusals.set('PATCH /api/chat-sources/:id', { status: 500, code: 'internal' });
  const page = await desk.open('#/model-settings');
  const box = page.getByLabel(/会话存档可以给模型读/);
  await box.click();
  await page.getByRole('alert').waitFor();
  await expect.poll(() => box.isChecked()).toBe(false);
});

test('the log says who changed what, in words, and a reason stays text', async () => {
  const page = await desk.open('#/model-settings');
  const rows = page.getByRole('table', { name: '修改记录' }).getByRole('row');
  expect(await rows.nth(1).innerText()).toMatch(/李经理\s+人群规则草稿\s+关\s+先由人工建人群/);
  expect(await rows.nth(2).innerText()).toMatch(/硬线\s+¥10\.00\s+试用期 <b>省着用<\/b>/);
  expect(await rows.nth(3).innerText()).toMatch(/员工粘贴可以给模型读\s+开/);
  expect(await rows.nth(4).innerText()).toMatch(/系统\s+全公司\s+开/);
});

test('what was typed is not lost by a live update nor by leaving the page', async () => {
  const page = await desk.open('#/model-settings');
  await page.getByLabel('硬线').fill('33');
  desk.product.learning.settings.hardYuan = 50;
  desk.product.tell('usage');
  await expect.poll(() => desk.callsTo('GET /api/settings/model').length).toBeGreaterThan(1);
  expect(await page.getByLabel('硬线').inputValue()).toBe('33');
  await page.getByRole('link', { name: '用量' }).click();
  await press(page, '继续编辑');
  expect(await page.getByLabel('硬线').inputValue()).toBe('33');
});

test('offline nothing can be switched', async () => {
  const page = await desk.open('#/model-settings');
  await page.getByLabel('硬线').waitFor();
  await page.context().setOffline(true);
  await expect.poll(() => page.getByRole('button', { name: '保存' }).isDisabled()).toBe(true);
  expect(await page.getByLabel(/会话存档可以给模型读/).isDisabled()).toBe(true);
});

test('whoever is no admin has no switches', async () => {
  desk.product.me.role = 'director';
  const page = await desk.open('#/broadcasts');
  expect(await page.getByRole('link', { name: /模型开关|提示词|用量/ }).count()).toBe(0);
  await page.evaluate(() => (location.hash = '#/model-settings'));
  await sees(page, '你没有这个页面的权限。需要的话，请让管理员给你开通。');
  expect(desk.callsTo('GET /api/settings/model')).toEqual([]);
});

const states: { name: string; prepare?: () => void; reach?: (page: Page) => Promise<unknown> }[] = [
  { name: 'the switches' },
  {
    name: 'switches with what is wrong',
    reach: async (page) => {
      await page.locator('input[type=number]').first().fill('99');
      await page.locator('[type=submit]').click();
      await page.locator('.problem').first().waitFor();
    },
  },
  { name: 'switches without an endpoint', prepare: () => void (desk.product.learning.settings.configured = false) },
  {
    name: 'switches that cannot be read',
    prepare: () => desk.product.refusals.set('GET /api/settings/model', { status: 500, code: 'internal' }),
  },
  {
    name: 'nothing switched yet',
    prepare: () => Object.assign(desk.product.learning.settings, { changes: [], sources: [], on: false }),
  },
];
test.each(facesOf(states, [1280, 1024]))(
  'axe finds nothing on $name ($theme, $language, $width px)',
  async ({ prepare, reach, ...face }) => {
    prepare?.();
    const page = await desk.open('#/model-settings', face);
    await page.waitForFunction(() => document.querySelector('main .skeleton') === null);
    await reach?.(page);
    expect(await examine(page)).toEqual([]);
  },
);
