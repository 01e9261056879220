import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { SidebarView } from '#server/sidebar/sidebar-api.ts';
import { launchBrowser } from '#tests/support/browser.ts';
import { clientAgent, putBridge, type ClientBridge } from './client-bridge.ts';
import { examine, facesOf } from './examine.ts';
import { ownRequest, somePrefill, someSale } from './mock-opportunities.ts';
import { startMockProduct, type MockProduct } from './mock-product.ts';
import { contactKey, someMessages, someView } from './mock-view.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

interface State {
  name: string;
  view?: (view: SidebarView) => Partial<SidebarView>;
  bridge?: Partial<ClientBridge>;
  refuse?: [address: string, status: number, code: string];
  /** There when the page is ready. */
  ready?: string;
  reach?: (page: Page, product: MockProduct) => Promise<unknown>;
}

type Face = State & { theme: string; language: string; width: number };

const nothing = { title: null, quote: null, facts: [], at: null, taskId: null };
const open = async (page: Page, tab: string) => {
  await page.click(`#tab-${tab}`);
  await page.locator(`#panel-${tab} .card`).first().waitFor();
};
const sheet = (page: Page) => page.getByRole('dialog').waitFor();

const states: State[] = [
  { name: 'the first screen' },
  { name: 'the score with its reasons', reach: (page) => page.click('#score-toggle') },
  {
    name: 'changing the score',
    reach: async (page) => {
      await page.click('#score-toggle');
      await page.locator('#score-reasons .link').last().click();
      await sheet(page);
    },
  },
  {
    name: 'the tags',
    reach: async (page) => {
      await page.click('.add');
      await sheet(page);
    },
  },
  {
    name: 'more',
    reach: async (page) => {
      await page.click('.more');
      await sheet(page);
    },
  },
  {
    name: 'a cited message',
    reach: async (page) => {
      await page.locator('.statement .quote').first().click();
      await page.locator('[data-cited]').waitFor();
    },
  },
  {
    name: 'a task that is moved',
    reach: async (page) => {
      await page.locator('.next .button').nth(1).click();
      await sheet(page);
      await page.locator('.chip:visible').last().click();
    },
  },
  {
    name: 'a reply about to leave',
    reach: async (page) => {
      await page.locator('#reply').press('Control+Enter');
      await page.locator('.undo').waitFor();
    },
  },
  {
    name: 'a reply that did not leave',
    bridge: { send: 'fail_no permission' },
    reach: async (page) => {
      await page.locator('#reply').press('Control+Enter');
      await page.locator('.undo .link').click();
      await page.locator('.note.error').waitFor();
    },
  },
  { name: 'a summary being written', view: () => ({ summaryState: 'pending', summary: null, score: null }) },
  { name: 'a model that is not there', view: () => ({ summaryState: 'unavailable' }) },
  { name: 'a model that is not allowed', view: () => ({ summaryState: 'off', summary: null }) },
  {
    name: 'nothing said yet',
    view: () => ({
      summaryState: 'empty',
      summary: null,
      score: null,
      tasks: [],
      nextAction: { ...nothing, kind: 'none', reason: 'nothing_owed' },
    }),
    reach: async (page) => {
      await page.locator('.card .link').last().click();
      await sheet(page);
    },
  },
  { name: 'a contact a colleague follows', view: ({ contact }) => ({ contact: { ...contact, follow: null } }) },
  {
    name: 'the follow-ups',
    reach: async (page) => {
      await open(page, 'follow');
      await page.locator('.chip').last().click();
    },
  },
  {
    name: 'the profile',
    reach: async (page) => {
      await open(page, 'profile');
      await page.locator('.fact .link').first().click();
    },
  },
  {
    name: 'the opportunities',
    view: () => ({
      opportunities: [
        someSale({ approval: ownRequest(), expectedOn: '2020-03-31', stageDays: 9 }),
        someSale({ id: '00000000-0000-4000-8000-000000000602', discountBp: 1500, netAmountFen: 1_088_000 }),
      ],
    }),
    reach: (page) => open(page, 'opportunity'),
  },
  {
    name: 'no opportunity of nobody’s customer',
    view: () => ({ customer: null, bindings: [] }),
    reach: (page) => open(page, 'opportunity'),
  },
  {
    name: 'a new opportunity with what the chat says',
    reach: async (page, product) => {
      product.prefill = somePrefill();
      await open(page, 'opportunity');
      await page.locator('#panel-opportunity .head .button').click();
      await sheet(page);
      await page.locator('.found').first().waitFor();
    },
  },
  {
    name: 'a stage that is not open yet',
    view: () => ({ opportunities: [someSale()] }),
    reach: async (page) => {
      await open(page, 'opportunity');
      await page.locator('#panel-opportunity .deeds .button').first().click();
      await sheet(page);
      await page.getByRole('radio').nth(2).check();
    },
  },
  {
    name: 'why a sale was lost',
    view: () => ({ opportunities: [someSale()] }),
    reach: async (page) => {
      await open(page, 'opportunity');
      await page.locator('#panel-opportunity .deeds .button').first().click();
      await sheet(page);
      await page.getByRole('radio').last().check();
    },
  },
  {
    name: 'asking for a discount',
    view: () => ({ opportunities: [someSale()] }),
    reach: async (page) => {
      await open(page, 'opportunity');
      await page.locator('#panel-opportunity .deeds .button').nth(2).click();
      await sheet(page);
      await page.locator('.usual .pick').nth(2).click();
    },
  },
  {
    name: 'what was done to a sale',
    view: () => ({ opportunities: [someSale()] }),
    reach: async (page) => {
      await open(page, 'opportunity');
      await page.locator('#panel-opportunity .deeds .link').last().click();
      await sheet(page);
      await page.locator('.change').first().waitFor();
    },
  },
  {
    name: 'the progress of a request with a question',
    view: () => ({ opportunities: [someSale({ approval: ownRequest({ question: '竞品报多少？' }) })] }),
    reach: async (page, product) => {
      product.approvals.all.push(ownRequest({ question: '竞品报多少？', may: { ...ownRequest().may, answer: true } }));
      await open(page, 'opportunity');
      await page.locator('#panel-opportunity .chip').click();
      await sheet(page);
      await page.locator('.asked').waitFor();
    },
  },
  {
    name: 'candidates for binding',
    view: ({ customer }) => ({
      customer: null,
      bindings: [],
      candidates: [
        {
          customer: { id: customer?.id ?? '', name: customer?.name ?? '', kind: 'organisation', ownerName: null },
          points: 40,
          reasons: [{ rule: 'corp_name', name: '云帆科技', points: 40 }],
        },
      ],
    }),
    reach: (page) => open(page, 'profile'),
  },
  { name: 'the materials', reach: (page) => open(page, 'material') },
  {
    name: 'several materials about to leave',
    reach: async (page) => {
      await open(page, 'material');
      await page.locator('.select .link').click();
      await page.locator('.one .box').first().check();
      await page.locator('.select .button').click();
      await sheet(page);
    },
  },
  {
    name: 'no materials that can be read',
    refuse: ['GET /api/materials', 500, 'internal'],
    reach: (page) => open(page, 'material'),
  },
  {
    name: 'a series on its way',
    reach: async (page) => {
      await open(page, 'follow');
      await page.locator('.run').first().waitFor();
    },
  },
  {
    name: 'a session that ended',
    reach: async (page, product) => {
      product.isLoggedIn = false;
      product.tell('score');
      await page.locator('.strip.warning').waitFor();
    },
  },
  {
    name: 'offline',
    reach: async (page) => {
      await page.context().setOffline(true);
      await page.locator('.strip.warning').waitFor();
    },
  },
  { name: 'an unknown contact', refuse: ['GET /api/sidebar', 404, 'contact.unknown'], ready: '.note' },
  { name: 'an error', refuse: ['GET /api/sidebar', 500, 'internal'], ready: '.note' },
  { name: 'a group chat', bridge: { entry: 'group_chat_tools' }, ready: '.elsewhere' },
];

/** The header with the most it can have to say, in the narrowest pane. */
const fullHeaders = (['high', 'medium', 'low'] as const).flatMap((level) =>
  ['zh-CN', 'en'].map((language) => ({
    name: `a full header, ${level}`,
    view: ({ contact, score }: SidebarView) => ({
      contact: { ...contact, optedOutAt: contact.syncedAt },
      score: score && { ...score, value: 100, change: -100, level },
    }),
    theme: 'light',
    language,
    width: 300,
  })),
);

const faces: Face[] = [...facesOf(states, [300, 360, 420]), ...fullHeaders];

test.each(faces)('axe finds nothing on $name ($theme, $language, $width px)', async (face) => {
  const view = someView();
  const product = await startMockProduct({ ...view, ...face.view?.(view) }, someMessages());
  onTestFinished(() => product.close());
  if (face.refuse) product.refusals.set(face.refuse[0], { status: face.refuse[1], code: face.refuse[2] });
  const context = await browser.newContext({
    viewport: { width: face.width, height: 640 },
    userAgent: clientAgent,
    reducedMotion: 'reduce',
  });
  onTestFinished(() => context.close());
  await context.addInitScript(putBridge, {
    entry: 'single_chat_tools',
    contact: contactKey,
    send: 'ok',
    ...face.bridge,
  });
  const page = await context.newPage();
  await page.goto(`${product.url}/sidebar.html?theme=${face.theme}&lang=${face.language}`);
  await page
    .locator(face.ready ?? '#reply')
    .first()
    .waitFor();
  await face.reach?.(page, product);
  expect(await examine(page)).toEqual([]);
});
