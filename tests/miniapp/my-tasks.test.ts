import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { axeFindings } from '#tests/support/axe.ts';
import { launchBrowser } from '#tests/support/browser.ts';
import { someApprovals } from './mock-approvals.ts';
import { startMockProduct, type MockProduct } from './mock-product.ts';
import { someMessages, someView } from './mock-view.ts';

let browser: Browser;
let product: MockProduct;
let context: BrowserContext;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  product = await startMockProduct(someView(), someMessages(), someApprovals());
});
afterEach(async () => {
  await context.close();
  await product.close();
});

async function openTasks(part = ''): Promise<Page> {
  context = await browser.newContext({
    viewport: { width: 375, height: 740 },
    locale: 'zh-CN',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto(`${product.url}/inbox.html#/tasks${part}`);
  await page.getByRole('heading', { name: '逾期' }).waitFor();
  return page;
}

test('a todo leads to the task it is of, which is done there in one press, and undone', async () => {
  const late = product.view.tasks.find(({ state }) => state === 'open');
  if (!late) throw new Error('The mock has no open task.');
  const page = await openTasks(`/${late.id}`);
  const asked = page.locator('li[aria-current]');
  await asked.waitFor();
  expect(await asked.textContent()).toContain(late.title);
  await asked.getByRole('button', { name: `完成：${late.title}` }).click();
  await page.getByRole('button', { name: '撤销' }).click();
  await page.getByText('已恢复').waitFor();
  expect(late.state).toBe('open');
});

test('a task that is no longer one’s own is said to be so', async () => {
  const page = await openTasks('/00000000-0000-4000-8000-000000000999');
  expect(await page.locator('p[role=status]').textContent()).toBe('这条跟进已经完成、取消，或交给了别人。');
});

test('the list has no fault a reader of screens would meet', async () => {
  const page = await openTasks();
  expect(await axeFindings(page, { themes: ['light', 'dark'] })).toEqual([]);
});
