import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchBrowser } from '#tests/support/browser.ts';
import { someApprovals } from './mock-approvals.ts';
import { id, manager, rep } from './mock-part.ts';
import { startMockProduct, type MockProduct } from './mock-product.ts';
import { someMessages, someView } from './mock-view.ts';

let browser: Browser;
let product: MockProduct;
let context: BrowserContext;
let faults: string[];

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  product = await startMockProduct(someView(), someMessages(), someApprovals());
  Object.assign(product.me, manager, { role: 'manager' });
  faults = [];
});
afterEach(async () => {
  await context.close();
  await product.close();
  if (faults.length > 0) throw new Error(`The page threw: ${faults.join('; ')}`);
});

/** The manager's page on a phone. Time stands still until it is moved. */
async function openInbox(hash = '', width = 375): Promise<Page> {
  context = await browser.newContext({
    viewport: { width, height: 740 },
    locale: 'zh-CN',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  await page.clock.install();
  await page.goto(`${product.url}/inbox.html${hash}`);
  await page.getByRole('article').first().waitFor();
  return page;
}
const detailOf = (n: number, width?: number) => openInbox(`#/approvals/${id(n)}`, width);

const callsTo = (address: string) => product.calls.filter((call) => call.address === address).map(({ sent }) => sent);
const decided = () =>
  callsTo('POST /api/approvals/:id/decide').map(({ params, body }) => ({ id: params['id'], ...body }));
const approval = (n: number) => {
  const found = product.approvals.all.find((one) => one.id === id(n));
  if (!found) throw new Error('no such approval');
  return found;
};
const card = (page: Page, title: string) => page.getByRole('article', { name: title });
const press = (within: Page | Locator, name: string) =>
  within.getByRole('button', { name, exact: true }).last().click();
const isDisabled = (within: Page | Locator, name: string) =>
  within.getByRole('button', { name, exact: true }).last().isDisabled();
/** Waits until it is there. */
async function sees(within: Page | Locator, text: string | RegExp): Promise<boolean> {
  await within.getByText(text).filter({ visible: true }).first().waitFor();
  return true;
}

test('the list says what is asked, by whom, how much, for how long it waits, how risky it is and why', async () => {
  const page = await openInbox();
  const text = await card(page, '恒达精密 50 人版 优惠 15%').innerText();
  for (const word of ['折扣', '中风险', '已等 3 小时', '王磊', '苏州恒达', '优惠 15%', '¥12,800', '本周内能签']) {
    expect(text).toContain(word);
  }
});

test('only what is of low risk can be approved without opening it', async () => {
  const page = await openInbox();
  const approvable = await page
    .getByRole('article')
    .filter({ has: page.getByRole('button', { name: '同意', exact: true }) })
    .locator('h2')
    .allInnerTexts();
  expect(approvable).toEqual(['蓝海物流 优惠 3%', '远东仪器 优惠 2%', '查看 陈小燕 的完整电话 24 小时']);
});

test('a decision leaves five seconds after the press, and an undone one never', async () => {
  const page = await openInbox();
  const low = card(page, '蓝海物流 优惠 3%');
  await press(low, '同意');
  await page.clock.runFor(4000);
  await sees(low, '1 秒后同意');
  await press(low, '撤销');
  await page.clock.runFor(60_000);
  expect(decided()).toEqual([]);

  await press(low, '同意');
  await page.clock.runFor(5000);
  await expect.poll(decided).toEqual([{ id: id(702), revision: 1, decision: 'approve' }]);
  await low.waitFor({ state: 'detached' });
});

test('leaving the page within the five seconds sends nothing, and the next opening says so', async () => {
  const page = await detailOf(701);
  await press(page, '同意');
  await page.clock.runFor(2000);
  await page.reload();
  await sees(page, /有 1 条决定还在 5 秒撤销期内，没有提交/);
  await page.clock.runFor(60_000);
  expect(decided()).toEqual([]);
});

test('a page that slept through the five seconds decides nothing when it wakes', async () => {
  const page = await detailOf(701);
  await press(page, '同意');
  await page.clock.fastForward(600_000);
  await sees(page, /没有提交/);
  expect(decided()).toEqual([]);
});

test('offline nothing is sent, now or later, and the page says so', async () => {
  const page = await detailOf(701);
  await press(page, '同意');
  await context.setOffline(true);
  await page.clock.runFor(6000);
  await sees(page, /离线，1 条决定没有提交/);
  expect(await isDisabled(page, '同意')).toBe(true);
  expect(await isDisabled(page, '拒绝')).toBe(true);
  await sees(page, '离线，联网后再处理');
  await context.setOffline(false);
  await page.clock.runFor(60_000);
  expect(decided()).toEqual([]);
  expect(await isDisabled(page, '同意')).toBe(false);
});

test('a rejection without a reason is not sent', async () => {
  const page = await detailOf(701);
  await press(page, '拒绝');
  await press(page.getByRole('dialog'), '拒绝');
  await sees(page, '请写明拒绝理由');
  await page.clock.runFor(60_000);
  expect(decided()).toEqual([]);

  await press(page, '毛利不足');
  await press(page.getByRole('dialog'), '拒绝');
  await page.clock.runFor(5000);
  await expect.poll(decided).toEqual([{ id: id(701), revision: 1, decision: 'reject', reason: '毛利不足' }]);
  await sees(page, /已由李经理拒绝 .*理由：毛利不足/);
});

test('whoever comes second is told who decided and when, and sees it decided', async () => {
  const page = await detailOf(701);
  await press(page, '同意');
  Object.assign(approval(701), {
    state: 'rejected',
    decidedBy: { id: id(3), name: '赵总监' },
    decidedAt: new Date().toISOString(),
    may: { ...approval(701).may, decide: false },
  });
  await page.clock.runFor(5000);
  await sees(page, /你的决定没有生效。已由赵总监拒绝 · 今天/);
  expect(await page.getByRole('button', { name: '同意', exact: true }).count()).toBe(0);
});

test('what changed since it was opened must be read again before it can be decided', async () => {
  const page = await detailOf(701);
  await page.getByRole('button', { name: '同意', exact: true }).last().waitFor();
  Object.assign(approval(701), {
    revision: 2,
    measure: 18,
    changes: [
      { field: 'discount', format: 'percent', before: 5, after: 18 },
      { field: 'amount', format: 'money', before: 1_216_000, after: 1_088_000 },
    ],
  });
  await press(page, '同意');
  await page.clock.runFor(5000);
  await sees(page, '内容变了，请重新阅读');
  expect(await page.getByRole('alert', { name: '内容变了' }).innerText()).toMatch(/折扣 15% → 18%/);
  expect(await isDisabled(page, '同意')).toBe(true);

  await press(page, '已重新阅读');
  await press(page, '同意');
  await page.clock.runFor(5000);
  await sees(page, /已由李经理同意/);
  await expect
    .poll(() => callsTo('POST /api/approvals/:id/decide').map(({ body }) => body['revision']))
    .toEqual([1, 2]);
});

test('several are approved at once only of one kind and low risk, after they were shown as a list', async () => {
  const page = await openInbox();
  await press(page, '批量');
  await press(page, '全选');
  await sees(page, '已选 2 条');
  await press(page, '同意所选…');
  const sheet = page.getByRole('dialog');
  await sees(sheet, '蓝海物流 优惠 3%');
  await sees(sheet, '远东仪器 优惠 2%');
  Object.assign(approval(703), { state: 'approved', decidedBy: { id: id(3), name: '赵总监' } });
  await press(sheet, '同意这 2 条');
  expect(callsTo('POST /api/approvals/decide')).toEqual([]);
  await page.clock.runFor(5000);
  await expect
    .poll(() => callsTo('POST /api/approvals/decide')[0]?.body)
    .toEqual({
      kind: 'discount',
      items: [
        { id: id(702), revision: 1 },
        { id: id(703), revision: 1 },
      ],
    });
  await sees(page, /1 条没有成功/);
});

test('a live update brings a decision of somebody else to the open page', async () => {
  const page = await detailOf(701);
  Object.assign(approval(701), {
    state: 'approved',
    decidedBy: { id: id(3), name: '赵总监' },
    decidedAt: new Date().toISOString(),
  });
  product.tell('approvals');
  await page.clock.runFor(1000);
  expect(await sees(page, /已由赵总监同意/)).toBe(true);
});

test.each([
  ['withdrawn', /王磊已撤回/],
  ['expired', /已过期 · .*重新发起/],
] as const)('what is %s says so and cannot be decided', async (state, said) => {
  Object.assign(approval(701), { state, decidedAt: new Date().toISOString(), may: { ...approval(720).may } });
  const page = await detailOf(701);
  await sees(page, said);
  expect(await page.getByRole('button', { name: '同意', exact: true }).count()).toBe(0);
});

test('a file that was not viewed carries a mark until it is', async () => {
  const page = await detailOf(701);
  await sees(page, '还有 1 个附件没看');
  await page.getByRole('button', { name: /竞品报价\.txt/ }).click();
  await sees(page.getByRole('dialog'), '竞品报价 10,900 元');
  await page.getByRole('button', { name: '关闭' }).click();
  await page.getByText('还有 1 个附件没看').waitFor({ state: 'detached' });
  expect(approval(701).attachments.map(({ viewedByMe }) => viewedByMe)).toEqual([true, true]);
});

test('where the company’s form decides, the page says where and offers no decision of its own', async () => {
  Object.assign(approval(701), { mode: 'form', may: { ...approval(720).may, withdraw: false } });
  const page = await detailOf(701);
  await sees(page, /由公司的审批单决定/);
  expect(await page.getByRole('button', { name: '同意', exact: true }).count()).toBe(0);
});

test('a request can be passed on, asked about and commented', async () => {
  const page = await detailOf(701);
  await press(page, '评论');
  await page.getByRole('dialog').getByRole('textbox').fill('客户是老客户吗？');
  await press(page, '发表');
  await sees(page.getByRole('article'), '客户是老客户吗？');

  await press(page, '更多');
  await page.getByRole('button', { name: /^要求补充/ }).click();
  await page.getByRole('dialog').getByRole('textbox').fill('毛利是多少？');
  await press(page, '发出');
  await sees(page, '等待申请人补充：毛利是多少？');

  await press(page, '更多');
  await page.getByRole('button', { name: /^转交/ }).click();
  await page.getByRole('radio', { name: /赵总监/ }).check();
  await press(page.getByRole('dialog'), '转交');
  await expect
    .poll(() => callsTo('POST /api/approvals/:id/transfer')[0]?.body)
    .toEqual({ revision: 1, toMemberId: id(3) });
});

test('who asked sees how far it is, reminds, answers what was asked and takes it back', async () => {
  Object.assign(product.me, rep, { role: 'rep' });
  Object.assign(approval(701), {
    question: '毛利是多少？',
    may: { ...approval(720).may, answer: true },
  });
  const page = await openInbox('#/approvals?box=mine');
  await page.getByRole('link', { name: '恒达精密 50 人版 优惠 15%' }).click();
  await press(page, '催办');
  await sees(page, '已催办');
  await press(page, '回答');
  await page.getByRole('dialog').getByRole('textbox').first().fill('41%');
  await press(page, '提交');
  await expect.poll(() => callsTo('POST /api/approvals/:id/answer')[0]?.body).toEqual({ text: '41%' });
  await press(page, '撤回');
  await press(page.getByRole('dialog'), '撤回');
  await sees(page, /王磊已撤回/);
});

test('on a wide screen the list and what is open of it stand side by side', async () => {
  const page = await openInbox('', 1024);
  await page.getByRole('link', { name: '蓝海物流 优惠 3%' }).click();
  await sees(page, '变更对比');
  expect(await card(page, '远东仪器 优惠 2%').isVisible()).toBe(true);
});

test('a session that ends says so and keeps the page', async () => {
  const page = await openInbox();
  product.isLoggedIn = false;
  product.tell('approvals');
  await page.clock.runFor(1000);
  await sees(page, '登录已过期，请重新登录。');
  expect(await card(page, '蓝海物流 优惠 3%').isVisible()).toBe(true);
});

test('the first line counts what there is to do, and each number leads there', async () => {
  const page = await openInbox();
  const numbers = page.getByRole('list', { name: '现在要做的' });
  await expect
    .poll(async () => (await numbers.innerText()).replace(/\s+/g, ' '))
    .toBe('5 待审批 5 逾期跟进 2 本周新增商机');
  await numbers.getByRole('link', { name: /逾期跟进/ }).click();
  await sees(page, '答复优惠与交期');
  await numbers.getByRole('link', { name: /本周新增商机/ }).click();
  await sees(page, '新建产线');
  expect(await page.getByText('50 人版 三年').count()).toBe(0);
});

test('a lead sees the funnel, what stalls, who is late and how the tool is used', async () => {
  const page = await openInbox();
  await page.getByRole('link', { name: '团队' }).click();
  await sees(page, '停滞 3');
  const text = () => page.getByRole('region', { name: '团队' }).innerText();
  for (const word of ['报价', '7 个', '¥129,000', '王磊', '逾期 3', '用侧边栏 5 天 · 用建议 17 次 · 完成跟进 9 条']) {
    await expect.poll(text).toContain(word);
  }
  await page.getByRole('link', { name: /^报价/ }).click();
  await sees(page, '停滞 9 天');
});

test('an overdue task is reminded of with the words that were sent, and goes to somebody else', async () => {
  const page = await openInbox();
  await page
    .getByRole('link', { name: /逾期跟进/ })
    .first()
    .click();
  await page.getByRole('button', { name: '提醒跟进：答复优惠与交期' }).click();
  await sees(page, /已提醒王磊：「答复优惠与交期」已逾期/);
  await page.getByRole('button', { name: '改派：答复优惠与交期' }).click();
  await press(page.getByRole('dialog'), '改派');
  await sees(page, '请选一位同事');
  await page.getByRole('radio', { name: /孙倩/ }).check();
  await press(page.getByRole('dialog'), '改派');
  await sees(page, '已改派给孙倩');
  await expect.poll(() => callsTo('PATCH /api/tasks/:id')[0]?.body).toEqual({ version: 2, assigneeId: id(4) });
});

test('a rep sees no numbers of others', async () => {
  Object.assign(product.me, rep, { role: 'rep' });
  const page = await openInbox('#/approvals?box=mine');
  expect(await page.getByRole('link', { name: '团队' }).count()).toBe(0);
  await page.goto(`${product.url}/inbox.html#/team`);
  await page.reload();
  await sees(page, /供经理、总监和管理员使用/);
  expect(callsTo('GET /api/team/reps')).toEqual([]);
});

test('who asked adds a file, and one that is too large is refused before it is sent', async () => {
  Object.assign(product.me, rep, { role: 'rep' });
  Object.assign(approval(702), { may: approval(720).may });
  const page = await detailOf(702);
  const file = (name: string, bytes: number) => ({ name, mimeType: 'text/plain', buffer: Buffer.alloc(bytes, 'x') });
  await page.getByLabel('添加附件').setInputFiles(file('太大.txt', 800 * 1024));
  await sees(page, '文件太大，最多 700 KB。');
  expect(callsTo('POST /api/approvals/:id/attachments')).toEqual([]);
  await page.getByLabel('添加附件').setInputFiles(file('报价单.txt', 5));
  await sees(page.getByRole('article'), '报价单.txt');
  await expect
    .poll(() => callsTo('POST /api/approvals/:id/attachments')[0]?.body)
    .toEqual({
      requestKey: expect.any(String),
      name: '报价单.txt',
      type: 'text/plain',
      base64: 'eHh4eHg=',
    });
  expect(await page.getByText('内容变了').count()).toBe(0);
});

test('after the press the keyboard is at what takes the decision back', async () => {
  const page = await detailOf(701);
  await press(page, '同意');
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('撤销');
  await page.keyboard.press('Enter');
  await page.clock.runFor(60_000);
  expect(decided()).toEqual([]);
});
