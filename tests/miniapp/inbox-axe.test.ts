import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { launchBrowser } from '#tests/support/browser.ts';
import { clientAgent, dingtalkAgent, putDingtalkBridge } from './client-bridge.ts';
import { examine, facesOf } from './examine.ts';
import { someApprovals, type MockApprovals } from './mock-approvals.ts';
import { id, manager, rep } from './mock-part.ts';
import { startMockProduct, type MockProduct } from './mock-product.ts';
import { someMessages, someView } from './mock-view.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

interface State {
  name: string;
  at?: string;
  with?: (approvals: MockApprovals) => unknown;
  as?: 'rep';
  refuse?: [address: string, status: number, code: string];
  /** There when the page is ready. */
  ready?: string;
  reach?: (page: Page, product: MockProduct) => Promise<unknown>;
}

const detail = `#/approvals/${id(701)}`;
const approval = (approvals: MockApprovals, n: number) => approvals.all.find((one) => one.id === id(n)) ?? {};
/** Presses what carries this class within the bar below. */
const inBar = (nth: number) => (page: Page) => page.locator('.foot .bar button:visible').nth(nth).click();
const sheet = (page: Page) => page.getByRole('dialog').waitFor();

const states: State[] = [
  { name: 'the list' },
  { name: 'an approval of medium risk with files', at: detail, ready: '.screen .foot' },
  { name: 'an approval of high risk with an open question', at: `#/approvals/${id(705)}`, ready: '.screen .foot' },
  { name: 'what was decided', at: '#/approvals?box=decided', ready: 'article' },
  { name: 'a rejected one', at: `#/approvals/${id(711)}`, ready: '.screen .foot' },
  { name: 'one’s own request', at: `#/approvals/${id(720)}`, ready: '.screen .foot' },
  {
    name: 'rejecting without a reason',
    at: detail,
    reach: async (page) => {
      await page.locator('.foot .van-button--danger').click();
      await sheet(page);
      await page.getByRole('dialog').locator('.van-button--danger').click();
      await page.getByRole('dialog').getByRole('alert').waitFor();
    },
  },
  {
    name: 'passing on',
    at: detail,
    reach: async (page) => {
      await page.locator('.foot .more').click();
      await sheet(page);
      await page.locator('.choice').first().click();
      await page.getByRole('radio').first().waitFor();
    },
  },
  {
    name: 'a comment',
    at: detail,
    reach: async (page) => {
      await inBar(0)(page);
      await sheet(page);
    },
  },
  {
    name: 'a decision about to leave',
    at: detail,
    reach: async (page) => {
      await page.locator('.foot .yes').click();
      await page.locator('.bar .undo').waitFor();
    },
  },
  {
    name: 'a file',
    at: detail,
    reach: async (page) => {
      await page.locator('.file').first().click();
      await page.getByRole('dialog').locator('pre').waitFor();
    },
  },
  {
    name: 'changed meanwhile',
    at: detail,
    reach: async (page, product) => {
      // Beside the list the request itself is read a moment later.
      await page.locator('.foot .yes').waitFor();
      Object.assign(approval(product.approvals, 701), { revision: 2, reason: '客户又压价了。' });
      product.tell('approvals');
      await page.locator('.changed').waitFor();
    },
  },
  {
    name: 'several at once',
    reach: async (page) => {
      await page.locator('.filters .link').click();
      await page.locator('.hint .link').click();
      await page.locator('.bulk .van-button--primary').click();
      await sheet(page);
    },
  },
  {
    name: 'a decision that came too late',
    at: detail,
    refuse: ['POST /api/approvals/:id/decide', 409, 'approval.already_decided'],
    reach: async (page) => {
      await page.locator('.foot .yes').click();
      await page.locator('.bar .action').first().click();
      await page.locator('.screen .note.error').waitFor();
    },
  },
  {
    name: 'decided on the company’s form',
    at: detail,
    with: (approvals) => Object.assign(approval(approvals, 701), { mode: 'form' }),
    ready: '.screen .foot',
  },
  {
    name: 'nothing to do',
    with: (approvals) => (approvals.all = []),
    ready: '.empty',
  },
  {
    name: 'an unknown approval',
    at: `#/approvals/${id(799)}`,
    ready: '.screen .note',
  },
  { name: 'a list that did not come', refuse: ['GET /api/approvals', 500, 'internal'], ready: '.note' },
  {
    name: 'offline',
    at: detail,
    reach: async (page) => {
      await page.locator('.foot').waitFor();
      await page.context().setOffline(true);
      await page.locator('.strip').first().waitFor();
    },
  },
  {
    name: 'a session that ended',
    reach: async (page, product) => {
      await page.getByRole('article').first().waitFor();
      product.isLoggedIn = false;
      product.tell('approvals');
      await page.locator('.strip').first().waitFor();
    },
  },
  { name: 'the team', at: '#/team', ready: '.rep, .table' },
  { name: 'the team on a phone', at: '#/team', ready: '.rep, .table' },
  { name: 'one stage', at: '#/team/quoted', ready: '.deal' },
  { name: 'the overdue tasks', at: '#/team/overdue', ready: '.task' },
  { name: 'customers without contact', at: '#/team/silent', ready: '.item' },
  { name: 'the new opportunities', at: '#/team/new', ready: '.deal' },
  { name: 'the team of a rep', at: '#/team', as: 'rep', ready: '.note' },
];

test.each(facesOf(states, [375, 768, 1280]))(
  'axe finds nothing on $name ($theme, $language, $width px)',
  async (face) => {
    const approvals = someApprovals();
    face.with?.(approvals);
    const product = await startMockProduct(someView(), someMessages(), approvals);
    onTestFinished(() => product.close());
    Object.assign(product.me, face.as === 'rep' ? rep : { ...manager, role: 'manager' });
    if (face.refuse) product.refusals.set(face.refuse[0], { status: face.refuse[1], code: face.refuse[2] });
    const context = await browser.newContext({
      viewport: { width: face.width, height: 740 },
      // The colours of both clients are examined.
      userAgent: face.theme === 'dark' || face.width === 375 ? dingtalkAgent : clientAgent,
      reducedMotion: 'reduce',
    });
    onTestFinished(() => context.close());
    await context.addInitScript(putDingtalkBridge, { code: 'x' });
    const page = await context.newPage();
    await page.goto(`${product.url}/inbox.html?theme=${face.theme}&lang=${face.language}${face.at ?? ''}`);
    await page
      .locator(face.ready ?? 'article:visible')
      .first()
      .waitFor();
    await face.reach?.(page, product);
    expect(await examine(page)).toEqual([]);
  },
);
