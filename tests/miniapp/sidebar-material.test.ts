import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchBrowser } from '#tests/support/browser.ts';
import { clientAgent, putBridge, type ClientBridge } from './client-bridge.ts';
import { press, sees } from './desk-page.ts';
import { picture } from './mock-materials.ts';
import { startMockProduct, type MockProduct } from './mock-product.ts';
import { contactKey, someMessages, someView } from './mock-view.ts';

let browser: Browser;
let product: MockProduct;
let context: BrowserContext;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  product = await startMockProduct(someView(), someMessages());
});
afterEach(async () => {
  await context.close();
  await product.close();
});

async function openTab(tab: string, bridge: Partial<ClientBridge> = {}): Promise<Page> {
  context = await browser.newContext({
    viewport: { width: 360, height: 640 },
    userAgent: clientAgent,
    reducedMotion: 'reduce',
  });
  await context.addInitScript(putBridge, { entry: 'single_chat_tools', contact: contactKey, send: 'ok', ...bridge });
  const page = await context.newPage();
  await page.goto(`${product.url}/sidebar.html?lang=zh-CN`);
  await page.locator('#reply').waitFor();
  await page.click(`#tab-${tab}`);
  await page.locator(`#panel-${tab} .card`).first().waitFor();
  return page;
}
const sentBy = (page: Page) =>
  page.evaluate(() =>
    (window as unknown as { asked: { name: string; params: Record<string, unknown> }[] }).asked
      .filter(({ name }) => name === 'sendChatMessage')
      .map(({ params }) => params[String(params['msgtype'])]),
  );
const uses = () => product.calls.filter(({ address }) => address === 'POST /api/materials/:id/use').length;

test('a text leaves with the names filled in, a file by the key the platform keeps it by, and each use is counted', async () => {
  const page = await openTab('material');
  await press(page, '发送 开场白');
  await sees(page, '已发送「开场白」');
  await press(page, '发送 春季展台');
  await sees(page, '已发送「春季展台」');
  expect(await sentBy(page)).toEqual([
    { content: '您好，我是王磊，有任何问题随时找我。' },
    { mediaid: `media-${picture.id}` },
  ]);
  await expect.poll(uses).toBe(2);
  expect(await page.getByRole('button', { name: '发送 预约演示' }).count()).toBe(0);
  expect(await sees(page, '小程序在这里发不了，可用于群发和欢迎语。')).toBe(true);
});

test('several are seen together before the first one leaves; one that fails ends it, and the rest stays chosen', async () => {
  const page = await openTab('material');
  await press(page, '多选');
  for (const name of ['开场白', '春季展台', '50 人版报价单']) await page.getByLabel(`选择 ${name}`).check();
  await press(page, '发送 3 条');
  const dialog = page.getByRole('dialog', { name: '依次发送 3 条' });
  await dialog.waitFor();
  expect(await sentBy(page)).toEqual([]);
  product.refusals.set('POST /api/materials/:id/use', { status: 503, code: 'internal' });
  await press(page, '开始发送');
  await sees(page, '已停止，发出 1 条，还有 2 条没发。');
  product.refusals.clear();
  await press(page, '开始发送');
  await sees(page, '已发送 2 条');
  expect(await sentBy(page)).toHaveLength(3);
});

test('where the client allows no sending, what can be copied is copied, and it is said', async () => {
  const page = await openTab('material', { send: 'fail_no permission' });
  await press(page, '发送 开场白');
  await sees(page, /当前入口不能发送/);
  await press(page, '发送 春季展台');
  expect(await sees(page, '当前入口不能发送「春季展台」。')).toBe(true);
});

test('offline nothing is sent, and it is said why', async () => {
  const page = await openTab('material');
  await page.getByRole('button', { name: '发送 开场白' }).waitFor();
  await context.setOffline(true);
  await sees(page, '离线，联网后再发送。');
  expect(await page.getByRole('button', { name: '发送 开场白' }).isDisabled()).toBe(true);
});

test('a rep sees what a series did for the contact and pauses it', async () => {
  const page = await openTab('follow');
  await sees(page, '建议发送：您好，手册看过了吗？');
  await sees(page, /已做/);
  await press(page, '暂停 展会新客 7 天');
  await page.getByRole('button', { name: '继续 展会新客 7 天' }).waitFor();
  const moved = product.calls.filter(({ address }) => address === 'POST /api/series-runs/:id/state');
  expect(moved.map(({ sent }) => sent.body)).toEqual([{ state: 'paused' }]);
});
