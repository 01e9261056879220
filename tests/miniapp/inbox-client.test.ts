import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchBrowser } from '#tests/support/browser.ts';
import { launchOldBrowser } from '#tests/support/old-browser.ts';
import { clientAgent, dingtalkAgent, putDingtalkBridge } from './client-bridge.ts';
import { someApprovals } from './mock-approvals.ts';
import { id, manager, rep } from './mock-part.ts';
import { startMockProduct, type MockProduct } from './mock-product.ts';
import { someMessages, someView } from './mock-view.ts';

let browser: Browser;
let product: MockProduct;
let context: BrowserContext | undefined;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  product = await startMockProduct(someView(), someMessages(), someApprovals());
  Object.assign(product.me, manager, { role: 'manager' });
});
afterEach(async () => {
  await context?.close();
  context = undefined;
  await product.close();
});

async function openIn(userAgent: string, bridge: Parameters<typeof putDingtalkBridge>[0] | null): Promise<Page> {
  context = await browser.newContext({ viewport: { width: 375, height: 740 }, locale: 'zh-CN', userAgent });
  if (bridge) await context.addInitScript(putDingtalkBridge, bridge);
  const page = await context.newPage();
  await page.goto(`${product.url}/inbox.html`);
  return page;
}
const callsTo = (address: string) => product.calls.filter((call) => call.address === address).map(({ sent }) => sent);
const asked = (page: Page) =>
  page.evaluate(() => (window as unknown as { asked: { name: string; params: Record<string, unknown> }[] }).asked);

test('DingTalk lets its user in without leaving the page, and is told the title', async () => {
  product.isLoggedIn = false;
  const page = await openIn(dingtalkAgent, { code: 'from-dingtalk' });
  await page.getByRole('article').first().waitFor();
  await expect
    .poll(() => callsTo('POST /api/login').map(({ body }) => body))
    .toEqual([{ platform: 'dingtalk', code: 'from-dingtalk' }]);
  const calls = await asked(page);
  expect(calls.find(({ name }) => name === 'runtime.permission.requestAuthCodeV2')?.params).toMatchObject({
    corpId: 'dingcorp',
    clientId: 'dingapp',
  });
  await expect
    .poll(async () => (await asked(page)).find(({ name }) => name === 'biz.navigation.setTitle')?.params)
    .toMatchObject({ title: '审批' });
  await expect
    .poll(async () => (await asked(page)).find(({ name }) => name === 'runtime.permission.requestJsApis')?.params)
    .toMatchObject({ corpId: 'dingcorp', agentId: '1', nonceStr: 'nonce', signature: 'signature' });
  expect(await page.evaluate(() => document.documentElement.dataset['host'])).toBe('dingtalk');
});

test('a DingTalk client in dark colours gets a dark page', async () => {
  const page = await openIn(dingtalkAgent.replace('colorScheme/light', 'colorScheme/dark'), { code: 'x' });
  await page.getByRole('article').first().waitFor();
  expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
});

test('a page of ours that is another is opened by DingTalk, and this one is closed by it', async () => {
  const page = await openIn(dingtalkAgent, { code: 'x' });
  await page.getByRole('link', { name: '团队' }).click();
  await page.getByRole('link', { name: rep.name }).click();
  await page.getByRole('button', { name: '交接名下客户' }).click();
  await expect
    .poll(async () => (await asked(page)).find(({ name }) => name === 'biz.util.openLink')?.params)
    .toMatchObject({ url: `${product.url}/desk.html#/handovers/new?from=${rep.id}` });

  await page.goto(`${product.url}/inbox.html#/approvals/${id(711)}`);
  await page.getByRole('button', { name: '关闭页面' }).click();
  await expect.poll(async () => (await asked(page)).map(({ name }) => name)).toContain('biz.navigation.close');
});

test('where DingTalk gives no code the user is told, and can try again', async () => {
  product.isLoggedIn = false;
  const page = await openIn(dingtalkAgent, { code: null });
  await page.getByText('钉钉没有回应本页面').waitFor();
  expect(callsTo('POST /api/login')).toEqual([]);
  product.isLoggedIn = true;
  await page.getByRole('button', { name: '重试' }).click();
  expect(await page.getByRole('article').first().innerText()).toContain('恒达精密');
});

test('a session that ends in DingTalk is opened again by itself, once', async () => {
  const page = await openIn(dingtalkAgent, { code: 'again' });
  await page.getByRole('article').first().waitFor();
  product.isLoggedIn = false;
  product.tell('approvals');
  await expect.poll(() => callsTo('POST /api/login').length).toBe(1);
  await expect.poll(() => page.getByText('登录已过期').count()).toBe(0);
});

test('of calls that were refused together, one whose answer comes after the new login does not end that', async () => {
  const page = await openIn(dingtalkAgent, { code: 'again' });
  await page.getByRole('link', { name: '团队' }).click();
  await page.getByRole('link', { name: rep.name }).waitFor();
  const entered = page.waitForEvent('requestfinished', (request) => request.url().endsWith('/api/login'));
  const [refused, late] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await page.route('**/api/team/pipeline*', async (route) => {
    const response = await route.fetch();
    const isRefused = response.status() === 401;
    if (isRefused) {
      refused.resolve();
      await entered;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    await route.fulfill({ response });
    if (isRefused) late.resolve();
  });
  await page.route('**/api/login', async (route) => {
    await refused.promise;
    await route.continue();
  });
  product.isLoggedIn = false;
  product.tell('tasks');
  await late.promise;
  await page.getByRole('link', { name: rep.name }).waitFor();
  await expect.poll(() => page.getByText('登录已过期').count()).toBe(0);
  await expect.poll(() => callsTo('POST /api/login')).toHaveLength(1);
});

test.each([
  ['WeCom', clientAgent],
  ['an ordinary browser', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36'],
])('the page works in %s, whose login page it uses', async (_, userAgent) => {
  product.isLoggedIn = false;
  const page = await openIn(userAgent, null);
  await page.getByRole('article').first().waitFor();
  await expect
    .poll(() => callsTo('POST /api/login')[0]?.body)
    .toEqual({ platform: 'wecom', code: 'good', state: 'ours' });
});

test.each(['chromium-69', 'chromium-107'] as const)('an approval is decided in the kernel of %s', async (kernel) => {
  const old = await launchOldBrowser(kernel);
  try {
    await old.beforePages(`
      Object.defineProperty(navigator, 'userAgent', { get: () => ${JSON.stringify(dingtalkAgent)} });
      Object.defineProperty(navigator, 'language', { get: () => 'zh-CN' });
      (${putDingtalkBridge.toString()})({ code: 'x' });
    `);
    await old.goTo(`${product.url}/inbox.html#/approvals/${id(701)}`);
    await expect.poll(() => old.evaluate('document.body.innerText')).toContain('变更对比');
    await old.evaluate(`[...document.querySelectorAll('button')].filter((b) => b.innerText === '同意').pop().click()`);
    await expect.poll(() => old.evaluate('document.body.innerText')).toContain('已由李经理同意');
    expect(old.faults).toEqual([]);
  } finally {
    await old.close();
  }
});
