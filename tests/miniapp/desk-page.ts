import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { launchBrowser } from '#tests/support/browser.ts';
import { manager, type Asked } from './mock-part.ts';
import { startMockProduct, type MockProduct } from './mock-product.ts';
import { someMessages, someView } from './mock-view.ts';

export interface Face {
  theme: string;
  language: string;
  width: number;
}

interface Way extends Face {
  /** Another of the pages, and what is asked of it. */
  page: string;
  search: string;
}

/** The desk over the mock product, anew for each test; what a page throws fails the test. */
export interface DeskPage {
  readonly product: MockProduct;
  open(hash: string, way?: Partial<Way>): Promise<Page>;
  callsTo(address: string): Asked[];
}

export function useDesk(role: MockProduct['me']['role'] = 'admin'): DeskPage {
  let browser: Browser;
  let product: MockProduct;
  let context: BrowserContext | null;
  let faults: string[];
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    product = await startMockProduct(someView(), someMessages());
    Object.assign(product.me, manager, { role });
    context = null;
    faults = [];
  });
  afterEach(async () => {
    await context?.close();
    await product.close();
    if (faults.length > 0) throw new Error(`The page threw: ${faults.join('; ')}`);
  });
  return {
    get product() {
      return product;
    },
    async open(
      hash,
      { theme = 'light', language = 'zh-CN', width = 1280, page: file = 'desk.html', search = '' } = {},
    ) {
      context = await browser.newContext({
        viewport: { width, height: 800 },
        locale: 'zh-CN',
        timezoneId: 'Asia/Shanghai',
        reducedMotion: 'reduce',
        acceptDownloads: true,
      });
      const page = await context.newPage();
      page.on('pageerror', (error) => faults.push(error.message));
      await page.goto(`${product.url}/${file}?theme=${theme}&lang=${language}&${search}${hash}`);
      await page.locator('main .card, main .note').first().waitFor();
      return page;
    },
    callsTo: (address) => product.calls.filter((call) => call.address === address).map(({ sent }) => sent),
  };
}

export const press = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name, exact: true }).first().click();

/** Waits until it is there. */
export const sees = (page: Page, text: string | RegExp): Promise<boolean> =>
  page
    .getByText(text)
    .filter({ visible: true })
    .first()
    .waitFor()
    .then(() => true);
