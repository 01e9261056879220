import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchBrowser } from '#tests/support/browser.ts';
import { clientAgent, putBridge } from './client-bridge.ts';

import { ownRequest, someSale, somePrefill } from './mock-opportunities.ts';
import { manager } from './mock-part.ts';
import { startMockProduct, type MockProduct } from './mock-product.ts';
import { contactKey, someMessages, someView } from './mock-view.ts';

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
  faults = [];
});
afterEach(async () => {
  await context.close();
  await product.close();
  if (faults.length > 0) throw new Error(`The page threw: ${faults.join('; ')}`);
});

/** The tab of opportunities, beside the chat with the contact. */
async function openTab(): Promise<Page> {
  context = await browser.newContext({
    viewport: { width: 360, height: 640 },
    locale: 'zh-CN',
    userAgent: clientAgent,
    reducedMotion: 'reduce',
  });
  await context.addInitScript(putBridge, { entry: 'single_chat_tools', contact: contactKey, send: 'ok' });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(`${product.url}/sidebar.html`);
  await page.getByRole('tab', { name: '商机' }).click();
  await page.locator('#panel-opportunity .card').first().waitFor();
  return page;
}

const callsTo = (address: string) => product.calls.filter((call) => call.address === address).map(({ sent }) => sent);
const button = (from: Page | Locator, name: string | RegExp) => from.getByRole('button', { name, exact: true });
const sheet = (page: Page, name: string) => page.getByRole('dialog', { name });
async function isSeen(locator: Locator): Promise<boolean> {
  await locator.first().waitFor();
  return true;
}
async function openSheet(page: Page, press: string, name: string): Promise<Locator> {
  await button(page, press).click();
  await sheet(page, name).waitFor();
  return sheet(page, name);
}
const discount = (page: Page) => openSheet(page, '申请折扣', '申请折扣');

test('a sale says what for, how much, after which discount, by when and how long it stands still', async () => {
  product.view.opportunities = [
    someSale({ discountBp: 1500, netAmountFen: 1_088_000, expectedOn: '2020-03-31', stageDays: 9 }),
  ];
  const page = await openTab();
  const text = await page.locator('#panel-opportunity').innerText();
  for (const word of ['恒达精密 50 人版', '¥12,800', '折后 ¥10,880', '优惠 15%', '已过预计日期', '停滞 9 天', '报价'])
    expect(text).toContain(word);
  expect(await isSeen(page.getByRole('img', { name: '阶段：报价，第 3 步，共 4 步' }))).toBe(true);
  expect(await page.getByRole('tab', { name: '商机' }).innerText()).toContain('1');
});

describe('without a sale', () => {
  test('the tab offers one', async () => {
    const page = await openTab();
    expect(await isSeen(page.getByText('还没有商机。'))).toBe(true);
    expect(await isSeen(await openSheet(page, '新建商机', '新建商机'))).toBe(true);
  });

  test('of a contact who is bound to no customer, it says to bind first', async () => {
    product.view.customer = null;
    product.view.bindings = [];
    const page = await openTab();
    await button(page, '去绑定').click();
    expect(await isSeen(page.locator('#panel-profile'))).toBe(true);
  });

  test('the next action becomes one in one press', async () => {
    const page = await openTab();
    await page.getByRole('tab', { name: '助手' }).click();
    await button(page, '转商机').click();
    expect(await isSeen(sheet(page, '新建商机'))).toBe(true);
  });
});

describe('a new sale', () => {
  test('holds what the chat says only where the rep takes it over, with the words it rests on', async () => {
    product.prefill = somePrefill();
    const page = await openTab();
    const dialog = await openSheet(page, '新建商机', '新建商机');
    await button(dialog, '采纳卖什么').click();
    await button(dialog, '采纳金额（元，标价）').click();
    await button(dialog, '忽略需求').click();
    expect(await dialog.getByLabel('卖什么').inputValue()).toBe('50 人版');
    expect(await dialog.getByLabel('需求').inputValue()).toBe('');
    expect(await isSeen(dialog.getByText('下个月要定下来'))).toBe(true);
    await dialog.getByLabel('决策人').fill('刘总');
    await button(dialog, '保存').click();
    await dialog.waitFor({ state: 'hidden' });
    await expect
      .poll(() => callsTo('POST /api/opportunities'))
      .toEqual([
        {
          params: {},
          query: {},
          body: {
            title: '50 人版',
            amountFen: 1_280_000,
            decisionMaker: '刘总',
            customerId: product.view.customer?.id,
            contactId: product.view.contact.id,
            requestKey: expect.any(String),
          },
        },
      ]);
    expect(await isSeen(page.getByRole('heading', { name: '50 人版' }))).toBe(true);
  });

  test('with an amount that is none, or without a name, is not sent, and the field says why', async () => {
    const page = await openTab();
    const dialog = await openSheet(page, '新建商机', '新建商机');
    for (const amount of ['一万二', '-5', '12.345', '20000000000']) {
      await dialog.getByLabel('金额').fill(amount);
      expect(await dialog.getByLabel('金额').getAttribute('aria-invalid')).toBe('true');
    }
    await button(dialog, '保存').click();
    expect(await isSeen(dialog.getByText('请填写'))).toBe(true);
    expect(callsTo('POST /api/opportunities')).toEqual([]);
  });

  test('that the server refuses keeps what was typed', async () => {
    product.refusals.set('POST /api/opportunities', {
      status: 400,
      code: 'request.invalid',
      detail: { problems: [{ path: 'body.amountFen', message: 'Too big' }] },
    });
    const page = await openTab();
    const dialog = await openSheet(page, '新建商机', '新建商机');
    await dialog.getByLabel('卖什么').fill('100 人版');
    await dialog.getByLabel('金额').fill('12,800.50');
    await button(dialog, '保存').click();
    expect(await isSeen(dialog.getByText('填写有误', { exact: true }))).toBe(true);
    product.refusals.clear();
    await button(dialog, '保存').click();
    await dialog.waitFor({ state: 'hidden' });
    await expect
      .poll(() => callsTo('POST /api/opportunities').at(-1)?.body)
      .toMatchObject({ title: '100 人版', amountFen: 1_280_050 });
  });
});

test('an edit sends only what was touched; of one somebody changed, mine is sent again only when the rep says so', async () => {
  product.view.opportunities = [someSale()];
  const page = await openTab();
  const dialog = await openSheet(page, '编辑', '编辑商机');
  await dialog.getByLabel('预算').fill('两万');
  const changes = [
    { at: new Date().toISOString(), by: '李雷', approvalId: null, field: 'amountFen', before: 1, after: 2 },
  ];
  const stale = { status: 409, code: 'opportunity.stale', detail: { current: someSale({ version: 7 }), changes } };
  product.refusals.set('PATCH /api/opportunities/:id', stale);
  await button(dialog, '保存').click();
  expect(await isSeen(dialog.getByText('李雷 刚刚改了金额'))).toBe(true);
  await expect.poll(() => callsTo('PATCH /api/opportunities/:id')).toHaveLength(1);
  product.refusals.clear();
  await button(dialog, '仍用我的').click();
  await dialog.waitFor({ state: 'hidden' });
  await expect.poll(() => callsTo('PATCH /api/opportunities/:id').at(-1)?.body).toEqual({ budget: '两万', version: 7 });
});

test.each([
  ['the field itself', { facts: { ...someSale().facts, budget: '三万' } }, 3],
  ['another field', { title: '200 人版' }, 4],
])('while a rep types a colleague changes %s: nothing is written over unseen', async (_which, changed, version) => {
  product.view.opportunities = [someSale({ version: 3 })];
  const page = await openTab();
  const dialog = await openSheet(page, '编辑', '编辑商机');
  await dialog.getByLabel('预算').fill('两万');
  product.view.opportunities = [someSale({ version: 4, ...changed })];
  if (product.view.customer) product.view.customer.stage = 'won';
  product.tell('customer');
  // What stands behind the sheet is not for readers of screens now.
  await expect.poll(() => page.locator('.stage .select').inputValue()).toBe('won');
  await button(dialog, '保存').click();
  await expect
    .poll(() => callsTo('PATCH /api/opportunities/:id').map(({ body }) => body))
    .toEqual([{ budget: '两万', version }]);
});

describe('the stage', () => {
  beforeEach(() => {
    product.view.opportunities = [someSale()];
  });
  const choose = async (page: Page, stage: string) => {
    const dialog = await openSheet(page, '改阶段', '改阶段');
    await dialog.getByRole('radio', { name: new RegExp(`^${stage}`) }).check();
    return dialog;
  };

  test('changes by keyboard alone', async () => {
    const page = await openTab();
    await button(page, '改阶段').focus();
    await page.keyboard.press('Enter');
    const dialog = sheet(page, '改阶段');
    await dialog.waitFor();
    await dialog.getByRole('radio').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    await expect
      .poll(() => callsTo('POST /api/opportunities/:id/stage')[0]?.body)
      .toEqual({ version: 3, stage: 'solution' });
  });

  test('whose gate is shut says what is missing; an exception is asked for with a reason', async () => {
    const page = await openTab();
    const dialog = await choose(page, '谈判');
    expect(await isSeen(dialog.getByText('还缺：预计成交日期'))).toBe(true);
    expect(await button(dialog, '申请例外').isDisabled()).toBe(true);
    await dialog.getByLabel('为什么要例外').fill('客户今天要谈');
    await button(dialog, '申请例外').click();
    await dialog.waitFor({ state: 'hidden' });
    await expect
      .poll(() => callsTo('POST /api/opportunities/:id/stage')[0]?.body)
      .toMatchObject({
        stage: 'negotiation',
        exceptionReason: '客户今天要谈',
        requestKey: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      });
    expect(await isSeen(page.getByText(/阶段例外.*待 李经理 审批/))).toBe(true);
  });

  test('whose gate is shut leads to the field that is missing', async () => {
    const page = await openTab();
    const dialog = await choose(page, '谈判');
    await button(dialog, '去填写').click();
    expect(await isSeen(sheet(page, '编辑商机'))).toBe(true);
  });

  test('won or lost needs the reason, and takes the sale out of the open ones', async () => {
    const page = await openTab();
    const dialog = await choose(page, '输单');
    expect(await button(dialog, '改为「输单」').isDisabled()).toBe(true);
    await button(dialog, '选了别家').click();
    await button(dialog, '改为「输单」').click();
    await dialog.waitFor({ state: 'hidden' });
    await expect
      .poll(() => callsTo('POST /api/opportunities/:id/stage')[0]?.body)
      .toEqual({
        version: 3,
        stage: 'lost',
        outcome: '选了别家',
      });
  });

  test('of a closed sale is for those who may reopen it', async () => {
    product.closedSales = [someSale({ stage: 'won', outcome: '产品合适', gates: [] })];
    product.view.opportunities = [];
    const page = await openTab();
    await button(page, '已结束的商机').click();
    expect(await isSeen(page.getByText('原因：产品合适'))).toBe(true);
    const dialog = await openSheet(page, '重新打开', '重新打开');
    expect(await isSeen(dialog.getByText('赢单由经理、总监或管理员重新打开'))).toBe(true);
  });
});

describe('a discount', () => {
  beforeEach(() => {
    product.view.opportunities = [someSale()];
  });

  test('shows what is left and who decides before it is sent, and asks once however often it is pressed', async () => {
    const page = await openTab();
    const dialog = await discount(page);
    await button(dialog, '10%').click();
    expect(await isSeen(dialog.getByText('在规则内，提交后直接生效'))).toBe(true);
    await dialog.getByLabel('优惠多少（%）', { exact: true }).last().fill('15');
    expect(await isSeen(dialog.getByText('¥12,800 → ¥10,880，少收 ¥1,920'))).toBe(true);
    expect(await isSeen(dialog.getByText('李经理 审批'))).toBe(true);
    expect(await button(dialog, '提交审批').isDisabled()).toBe(true);
    await button(dialog, '对手报价更低').click();
    // Both presses on the button itself, however fast the sheet is gone.
    await button(dialog, '提交审批').evaluate((submit: HTMLElement) => {
      submit.click();
      submit.click();
    });
    await dialog.waitFor({ state: 'hidden' });
    await expect.poll(() => callsTo('POST /api/opportunities/:id/discount')).toHaveLength(1);
    await expect
      .poll(() => callsTo('POST /api/opportunities/:id/discount')[0]?.body)
      .toMatchObject({
        discountBp: 1500,
        reason: '对手报价更低',
      });
    expect(await isSeen(page.getByText('折扣 15% · 待 李经理 审批'))).toBe(true);
  });

  test('that may not have arrived is sent again as the same request', async () => {
    product.refusals.set('POST /api/opportunities/:id/discount', { status: 503, code: 'platform.busy' });
    const page = await openTab();
    const dialog = await discount(page);
    await button(dialog, '15%').click();
    await button(dialog, '量大').click();
    await button(dialog, '提交审批').click();
    await dialog.getByRole('alert').waitFor();
    product.refusals.clear();
    await button(dialog, '提交审批').click();
    await dialog.waitFor({ state: 'hidden' });
    const keys = callsTo('POST /api/opportunities/:id/discount').map(({ body }) => body['requestKey']);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  test('while one waits leads to that one', async () => {
    const waiting = ownRequest();
    product.approvals.all.push(waiting);
    product.refusals.set('POST /api/opportunities/:id/discount', {
      status: 409,
      code: 'opportunity.request_pending',
      detail: { approval: { id: waiting.id } },
    });
    const page = await openTab();
    const dialog = await discount(page);
    await button(dialog, '15%').click();
    await button(dialog, '量大').click();
    await button(dialog, '提交审批').click();
    await button(dialog, '看进度').click();
    expect(await isSeen(sheet(page, '审批进度').getByText('赵总监'))).toBe(true);
  });

  test('that is no percentage is not sent', async () => {
    const page = await openTab();
    const dialog = await discount(page);
    await button(dialog, '量大').click();
    for (const typed of ['0', '101', '12.345', '十五']) {
      await dialog.getByLabel('优惠多少（%）', { exact: true }).last().fill(typed);
      expect(await isSeen(dialog.getByText(/请填 0.01 到 100/))).toBe(true);
      expect(await button(dialog, '提交审批').isDisabled()).toBe(true);
    }
  });

  test('off no amount asks for the amount first', async () => {
    product.view.opportunities = [someSale({ amountFen: null, netAmountFen: null })];
    const page = await openTab();
    const dialog = await discount(page);
    await button(dialog, '去填写').click();
    expect(await isSeen(sheet(page, '编辑商机'))).toBe(true);
  });
});

test('what was done to a sale is there to read, with what an approval set free', async () => {
  product.view.opportunities = [someSale()];
  const page = await openTab();
  const dialog = await openSheet(page, '记录', '商机记录');
  await dialog.getByText('经审批').waitFor();
  const text = await dialog.innerText();
  for (const word of ['折扣：优惠 0% → 优惠 15%', '阶段：方案 → 报价', '：未填 → ¥12,800', '王磊'])
    expect(text).toContain(word);
});

test('terms are asked for with a reason', async () => {
  product.view.opportunities = [someSale()];
  const page = await openTab();
  const dialog = await openSheet(page, '申请条款', '申请合同条款');
  await dialog.getByLabel('条款').fill('验收后 60 天付清');
  await dialog.getByLabel('理由').fill('客户财务要求');
  await button(dialog, '提交审批').click();
  await dialog.waitFor({ state: 'hidden' });
  await expect
    .poll(() => callsTo('POST /api/opportunities/:id/terms')[0]?.body)
    .toMatchObject({
      terms: '验收后 60 天付清',
      reason: '客户财务要求',
    });
});

test('the chip of a request follows what becomes of it, by itself', async () => {
  const past = { decidedAt: new Date().toISOString() };
  const become: [Parameters<typeof ownRequest>[0], string][] = [
    [{ mode: 'form', levels: [] }, '待公司表单审批'],
    [{ question: '为什么？' }, '李经理 问了你'],
    [{ ...past, state: 'approved', effect: 'waiting' }, '已同意，生效中'],
    [{ ...past, state: 'approved', effect: 'done' }, '已同意'],
    [{ ...past, state: 'approved', effect: 'failed' }, '已同意，但没有生效'],
    [{ ...past, state: 'rejected', verdict: '毛利不足' }, '已拒绝：毛利不足'],
    [{ ...past, state: 'withdrawn' }, '已撤回'],
    [{ ...past, state: 'expired' }, '已过期'],
  ];
  product.view.opportunities = [someSale({ approval: ownRequest() })];
  const page = await openTab();
  expect(await isSeen(page.getByText('折扣 15% · 待 李经理 审批'))).toBe(true);
  for (const [changes, said] of become) {
    product.view.opportunities = [someSale({ approval: ownRequest(changes) })];
    product.tell('approvals');
    expect(await isSeen(page.getByText(`折扣 15% · ${said}`, { exact: true }))).toBe(true);
  }
});

describe('the progress of a request', () => {
  const show = async (changes: Parameters<typeof ownRequest>[0] = {}) => {
    const approval = ownRequest(changes);
    product.approvals.all.push(approval);
    product.view.opportunities = [someSale({ approval })];
    const page = await openTab();
    await page.getByRole('button', { name: /^看进度/ }).click();
    const dialog = sheet(page, '审批进度');
    await dialog.getByText('第 1 级').waitFor();
    return { page, dialog };
  };

  test('shows who decides on each level and what happened', async () => {
    const { dialog } = await show();
    const text = await dialog.innerText();
    for (const word of ['对手报价更低', '第 2 级', '赵总监', '还没轮到', '王磊 提交申请', '客户周五前要答复。'])
      expect(text).toContain(word);
  });

  test('is reminded of, and withdrawn after a second press', async () => {
    const { dialog } = await show();
    await button(dialog, '催办').click();
    expect(await isSeen(dialog.getByText('王磊 催办'))).toBe(true);
    await button(dialog, '撤回').click();
    expect(callsTo('POST /api/approvals/:id/withdraw')).toEqual([]);
    await button(dialog, '确定撤回').click();
    expect(await isSeen(dialog.getByText('折扣 15% · 已撤回'))).toBe(true);
    expect(await button(dialog, '催办').count()).toBe(0);
  });

  test('lets a question be answered and a comment be written', async () => {
    const { may } = ownRequest();
    const { dialog } = await show({ question: '竞品报多少？', may: { ...may, answer: true } });
    await dialog.getByLabel('你的回答').fill('10,900 元');
    await button(dialog, '回答').click();
    expect(await isSeen(dialog.getByText('王磊 已补充'))).toBe(true);
    await dialog.getByLabel('写一条评论').fill('合同已备好');
    await button(dialog, '发送').click();
    expect(await isSeen(dialog.getByText('合同已备好'))).toBe(true);
    await expect.poll(() => callsTo('POST /api/approvals/:id/answer')[0]?.body).toEqual({ text: '10,900 元' });
  });

  test('that somebody else decided meanwhile is shown as it is now', async () => {
    const { dialog } = await show();
    const [approval] = product.approvals.all;
    if (approval)
      Object.assign(approval, {
        state: 'approved',
        effect: 'done',
        decidedBy: manager,
        decidedAt: new Date().toISOString(),
      });
    product.refusals.set('POST /api/approvals/:id/remind', { status: 409, code: 'approval.already_decided' });
    await button(dialog, '催办').click();
    expect(await isSeen(dialog.getByText('折扣 15% · 已同意'))).toBe(true);
  });

  test('that is not theirs to see is said in place', async () => {
    product.view.opportunities = [someSale({ approval: ownRequest() })];
    const page = await openTab();
    await page.getByRole('button', { name: /^看进度/ }).click();
    expect(await isSeen(sheet(page, '审批进度').getByText('找不到这个审批'))).toBe(true);
  });
});

test('what an older page kept of this contact is not shown: it knows of no sales', async () => {
  const page = await openTab();
  await page.evaluate(() => {
    const key = Object.keys(sessionStorage).find((name) => name.startsWith('zhike.view.')) ?? '';
    const { at, view } = JSON.parse(sessionStorage.getItem(key) ?? '{}') as { at: number; view: object };
    sessionStorage.setItem(key, JSON.stringify({ at, view: { ...view, opportunities: undefined } }));
  });
  product.view.opportunities = [someSale()];
  await page.reload();
  expect(await isSeen(page.getByRole('heading', { name: '恒达精密 50 人版' }))).toBe(true);
});

test('offline everything is there to read, and nothing can be changed', async () => {
  product.view.opportunities = [someSale()];
  const page = await openTab();
  await context.setOffline(true);
  await page.getByText('离线，联网后再操作。').waitFor();
  for (const name of ['改阶段', '编辑', '申请折扣', '申请条款', '新建商机'])
    expect(await button(page, name).isDisabled()).toBe(true);
  await context.setOffline(false);
  await expect.poll(() => button(page, '改阶段').isEnabled()).toBe(true);
});
