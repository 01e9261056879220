import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchBrowser } from '#tests/support/browser.ts';
import { partly, second, someHandover, someItems, taker } from './mock-handovers.ts';
import { id, manager, rep } from './mock-part.ts';
import { startMockProduct, type MockProduct } from './mock-product.ts';
import { someMessages, someView } from './mock-view.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let browser: Browser;
let product: MockProduct;
let context: BrowserContext;
let faults: string[];

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  product = await startMockProduct(someView(), someMessages());
  Object.assign(product.me, manager, { role: 'manager' });
  faults = [];
});
afterEach(async () => {
  await context.close();
  await product.close();
  if (faults.length > 0) throw new Error(`The page threw: ${faults.join('; ')}`);
});

async function openDesk(
  hash: string,
  about: { width?: number; language?: string; theme?: string } = {},
): Promise<Page> {
  const { width = 1280, language = 'zh-CN', theme = 'light' } = about;
  context = await browser.newContext({ viewport: { width, height: 800 }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(`${product.url}/desk.html?lang=${language}&theme=${theme}${hash}`);
  await page.locator('section.card, form.card').first().waitFor();
  return page;
}

const callsTo = (address: string) => product.calls.filter((call) => call.address === address).map(({ sent }) => sent);
const menu = (page: Page) => page.getByRole('navigation').getByRole('link').allInnerTexts();
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).first().click();
const sees = (page: Page, text: string | RegExp) =>
  page
    .getByText(text)
    .filter({ visible: true })
    .first()
    .waitFor()
    .then(() => true);

test('a manager plans who gets what, sees what cannot go and why, and saves it as a draft', async () => {
  const page = await openDesk('#/handovers/new');
  await page.getByRole('radio', { name: new RegExp(rep.name) }).check();
  await sees(page, '名下有：联系人 4 · 客户 1 · 商机 1 · 任务 1');
  await page.getByRole('checkbox', { name: new RegExp(taker.name) }).check();
  await page.getByRole('checkbox', { name: new RegExp(second.name) }).check();
  await sees(page, '1 项现在不能交接');
  await sees(page, '客户已删除这位成员');
  await expect
    .poll(() => callsTo('POST /api/handovers/preview').at(-1)?.body)
    .toMatchObject({ fromMemberId: rep.id, rule: { by: 'spread', to: [taker.id, second.id] } });

  await press(page, '保存计划');
  await sees(page, '请写明原因，审批人要看。');
  expect(callsTo('POST /api/handovers')).toEqual([]);
  await page.getByLabel('交接原因').fill('调到华南区');
  await press(page, '保存计划');
  await sees(page, '交接明细');
  await expect.poll(() => callsTo('POST /api/handovers')[0]?.body).toMatchObject({ reason: '调到华南区', message: '' });
});

test('a leaver’s hand-over opens with the leaver chosen', async () => {
  product.handovers.leavers = [
    {
      member: rep,
      leftAt: new Date().toISOString(),
      counts: { contact: 4, customer: 1, opportunity: 0, task: 0, approval: 0 },
    },
  ];
  const page = await openDesk('#/handovers');
  await page.getByRole('button', { name: '交接 王磊 的客户' }).click();
  await sees(page, '王磊 的交接');
  await sees(page, '名下有：');
  expect(await page.getByRole('radio').count()).toBe(0);
});

test('in a draft single items get another taker or stay, and it is asked for as it was seen', async () => {
  product.handovers.all = [someHandover(600, { version: 3 })];
  product.handovers.items = someItems();
  const page = await openDesk(`#/handovers/${id(600)}`);
  await page.getByLabel('陈小燕 的接手人').selectOption(second.id);
  await expect
    .poll(() => callsTo('PATCH /api/handovers/:id')[0]?.body)
    .toEqual({
      version: 3,
      items: [{ id: id(801), toMemberId: second.id }],
    });
  await page.getByRole('button', { name: '不交接 苏州恒达精密机械有限公司' }).click();
  await expect
    .poll(() => callsTo('PATCH /api/handovers/:id')[1]?.body)
    .toEqual({
      version: 4,
      items: [{ id: id(803), toMemberId: null }],
    });
  await press(page, '提交审批');
  await sees(page, '等待审批。通过后自动开始。');
  await expect.poll(() => callsTo('POST /api/handovers/:id/submit')[0]?.body).toEqual({ version: 5 });
  expect(await page.evaluate('window.wasHacked')).toBe(undefined);
});

test('whoever submits right after a change submits what the change left', async () => {
  product.handovers.all = [someHandover(600, { version: 3 })];
  product.handovers.items = someItems();
  const page = await openDesk(`#/handovers/${id(600)}`);
  const leave = page.getByRole('button', { name: '不交接 苏州恒达精密机械有限公司' });
  await leave.waitFor();
  await page.route(`**/api/handovers/${id(600)}`, async (route) => {
    if (route.request().method() === 'GET') await new Promise((resolve) => setTimeout(resolve, 500));
    await route.continue();
  });
  await leave.click();
  await press(page, '提交审批');
  await expect.poll(() => callsTo('POST /api/handovers/:id/submit').map(({ body }) => body)).toEqual([{ version: 4 }]);
});

test('what failed says why in words and with the platform’s code, and is tried again', async () => {
  product.handovers.all = [partly(600)];
  const [first, ...rest] = someItems('done');
  product.handovers.items = first
    ? [{ ...first, state: 'refused', reason: 'too_often', code: '40128' }, ...rest]
    : rest;
  const page = await openDesk(`#/handovers/${id(600)}`);
  await sees(page, '90 天内已转接过两次，到期后再试');
  await sees(page, '错误码 40128');
  await sees(page, '已完成 5，等待中 0，保留 1，未成功 1');
  await page.getByRole('button', { name: '重试 陈小燕' }).click();
  await expect.poll(() => callsTo('POST /api/handovers/:id/retry')[0]?.body).toEqual({ itemIds: [id(801)] });
  await sees(page, '交接中');
});

test('a filter that leaves nothing says so, and one press clears it', async () => {
  product.handovers.all = [someHandover(600)];
  const page = await openDesk('#/handovers');
  await page.getByRole('table', { name: '交接' }).waitFor();
  await page.getByLabel('状态').selectOption('rejected');
  await sees(page, '没有符合条件的内容。');
  await press(page, '清除筛选');
  await page.getByRole('table', { name: '交接' }).getByRole('link', { name: rep.name }).waitFor();
  expect(await page.getByLabel('状态').inputValue()).toBe('');
});

test('taking it back is asked once more, and says what goes back', async () => {
  product.handovers.all = [someHandover(600)];
  product.handovers.items = someItems();
  const page = await openDesk(`#/handovers/${id(600)}`);
  await press(page, '撤回交接');
  await sees(page, /已在转接中的联系人不能撤回/);
  expect(callsTo('POST /api/handovers/:id/withdraw')).toEqual([]);
  await press(page, '确定撤回');
  await sees(page, '已撤回');
});

test('a refusal is said in words, and the page shows what holds now', async () => {
  product.handovers.all = [someHandover(600)];
  product.handovers.items = someItems();
  product.refusals.set('POST /api/handovers/:id/submit', { status: 409, code: 'handover.stale' });
  const page = await openDesk(`#/handovers/${id(600)}`);
  await press(page, '提交审批');
  expect(await sees(page, '刚才有人改了这个交接，请看最新内容再决定。')).toBe(true);
});

test('who leads finds the hand-overs only, an admin beside the rest, a rep nothing', async () => {
  const page = await openDesk('#/handovers');
  expect(await menu(page)).toContain('客户交接');
  expect(await menu(page)).not.toContain('成员与角色');
  product.me.role = 'admin';
  await page.reload();
  await page.getByRole('link', { name: '同步' }).waitFor();
  await page.getByRole('link', { name: '客户交接' }).click();
  await sees(page, '还没有交接。成员调岗或离职时，从这里把客户交给同事。');
  await page.getByRole('link', { name: '收到的事件' }).click();
  await page.locator('nav [aria-current=page]').filter({ hasText: '收到的事件' }).waitFor();
  await sees(page, '平台告诉我们的事件');
  product.me.role = 'rep';
  await page.reload();
  await sees(page, /这里供市场、经理、总监和管理员使用/);
});

test('a link to a hand-over still leads to it after the login', async () => {
  product.handovers.all = [someHandover(600)];
  product.handovers.items = someItems();
  product.isLoggedIn = false;
  const page = await openDesk(`#/handovers/${id(600)}`);
  expect(await sees(page, '王磊 的交接')).toBe(true);
  expect(callsTo('GET /api/handovers/:id')).not.toEqual([]);
});

const states: [name: string, hash: string, prepare: () => void, ready: string][] = [
  ['the empty list', '#/handovers', () => {}, '.quiet'],
  [
    'the list',
    '#/handovers',
    () => {
      product.handovers.all = [someHandover(600), partly(601), someHandover(602, { state: 'rejected' })];
      product.handovers.leavers = [{ member: rep, leftAt: null, counts: someHandover(0).counts }];
    },
    '.table',
  ],
  ['a new one', '#/handovers/new', () => {}, '.list'],
  ['one for a leaver', `#/handovers/new?from=${id(1)}`, () => {}, '.takers .one'],
  [
    'a draft',
    `#/handovers/${id(600)}`,
    () => {
      product.handovers.all = [someHandover(600)];
      product.handovers.items = someItems();
    },
    '.table select',
  ],
  [
    'one that is partly done',
    `#/handovers/${id(600)}`,
    () => {
      product.handovers.all = [partly(600)];
      product.handovers.items = someItems('refused').map((one) => ({ ...one, reason: 'taker_full', code: '40099' }));
    },
    '.table .refused',
  ],
  ['an unknown one', `#/handovers/${id(699)}`, () => {}, '.note'],
  [
    'a list that cannot be read',
    '#/handovers',
    () => void product.refusals.set('GET /api/handovers', { status: 500, code: 'internal' }),
    '.note',
  ],
];
const faces = states.map(([name, hash, prepare, ready], index) => ({
  name,
  hash,
  prepare,
  ready,
  theme: index % 2 === 0 ? 'light' : 'dark',
  language: Math.floor(index / 2) % 2 === 0 ? 'zh-CN' : 'en',
  width: index % 3 === 0 ? 375 : 1280,
}));

test.each(faces)('axe finds nothing on $name ($theme, $language, $width px)', async (face) => {
  face.prepare();
  const page = await openDesk(face.hash, face);
  await page.locator(face.ready).first().waitFor();
  await page.evaluate(`${axe};0`);
  const { violations } = (await page.evaluate('axe.run(document)')) as AxeResults;
  expect(violations.map(({ id: rule, nodes }) => `${rule}: ${nodes[0]?.html}`)).toEqual([]);
  const isWider = await page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  );
  expect(isWider).toBe(false);
});
