import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchBrowser } from '#tests/support/browser.ts';
import { clientAgent, putBridge, type ClientBridge } from './client-bridge.ts';
import { startMockProduct, type MockProduct } from './mock-product.ts';
import { contactKey, hostileText, someMessages, someView } from './mock-view.ts';

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

/** The sidebar in the client, beside the chat with the contact. Time stands still until it is moved. */
async function openPage(bridge: Partial<ClientBridge> = {}, address = '/sidebar.html'): Promise<Page> {
  context = await browser.newContext({
    viewport: { width: 360, height: 640 },
    locale: 'zh-CN',
    userAgent: clientAgent,
    reducedMotion: 'reduce',
  });
  await context.addInitScript(putBridge, { entry: 'single_chat_tools', contact: contactKey, send: 'ok', ...bridge });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(product.url + address);
  return page;
}

async function openSidebar(bridge: Partial<ClientBridge> = {}): Promise<Page> {
  const page = await openPage(bridge);
  await page.locator('#reply').waitFor();
  return page;
}

const sentBy = (page: Page) =>
  page.evaluate(() =>
    (window as unknown as { asked: { name: string; params: { text?: { content: string } } }[] }).asked
      .filter(({ name }) => name === 'sendChatMessage')
      .map(({ params }) => params.text?.content),
  );
const callsTo = (address: string) => product.calls.filter((call) => call.address === address).map(({ sent }) => sent);
/** Waits until it is there. */
async function isSeen(locator: Locator): Promise<boolean> {
  await locator.waitFor();
  return true;
}

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

test('the first screen says who this is, how likely they buy and why, and what to do now', async () => {
  const page = await openSidebar();
  const text = await page.locator('#app').innerText();
  for (const word of ['陈女士', '@微信', '52', '答复优惠与交期', '已逾期', '+18', '问了价格', '希望价格更优惠']) {
    expect(text).toContain(word);
  }
  expect(await page.inputValue('#reply')).toBe('陈女士您好，优惠价 10,880 元/年。');
  expect(text).toContain('含价格「10,880 元/年」');
});

test('without a session the page goes through the platform’s login, and the code is gone from the address', async () => {
  product.isLoggedIn = false;
  const page = await openSidebar();
  await expect
    .poll(() => callsTo('POST /api/login')[0]?.body)
    .toEqual({ platform: 'wecom', code: 'good', state: 'ours' });
  expect(new URL(page.url()).search).toBe('');
});

test('a login that does not hold is said, not tried for ever', async () => {
  product.isLoggedIn = false;
  product.refusals.set('POST /api/login', { status: 401, code: 'login.code' });
  const page = await openPage();
  await button(page, '重新登录').waitFor();
  await expect.poll(() => callsTo('POST /api/login')).toHaveLength(1);
});

test('a reply leaves five seconds after the press, and an undone one never', async () => {
  const page = await openSidebar();
  await page.clock.install();
  await button(page, '发送').click();
  await page.clock.runFor(4000);
  await button(page, '撤销').click();
  await page.clock.runFor(60_000);
  expect(await sentBy(page)).toEqual([]);

  await button(page, '发送').click();
  await page.clock.runFor(5000);
  await page.getByText('已发送').waitFor();
  expect(await sentBy(page)).toEqual(['陈女士您好，优惠价 10,880 元/年。']);
  await expect.poll(() => callsTo('POST /api/suggestions/feedback')[0]?.body['verdict']).toBe('sent');
  expect(await page.inputValue('#reply')).toBe('');
});

test('what leaves is what was read at the press, whatever a model writes in the five seconds after it', async () => {
  const page = await openSidebar();
  const read = await page.inputValue('#reply');
  product.drafted = { text: '没人读过的另一条', reason: null, sources: [], risks: [], runId: null };
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  await page.route('**/api/reply-drafts', async (route) => {
    await answered;
    await route.continue();
  });
  await button(page, '换一条').click();
  await page.clock.install();
  await button(page, '发送').click();
  const drafted = page.waitForResponse('**/api/reply-drafts');
  answer();
  await (await drafted).finished();
  const { summary, score } = product.view;
  product.view.summary = summary && { ...summary, id: product.view.contact.id, replyDraft: '没人读过的建议' };
  if (score) score.value = 77;
  product.tell('summary');
  await page.locator('#app').getByText('77').first().waitFor();
  expect(await page.inputValue('#reply')).toBe(read);
  await page.clock.runFor(5000);
  await page.getByText('已发送').waitFor();
  expect(await sentBy(page)).toEqual([read]);
});

test('an edited reply is kept on the server and goes out as edited', async () => {
  const page = await openSidebar();
  await page.clock.install();
  await page.fill('#reply', '陈女士您好，价格我再确认一下。');
  await page.clock.runFor(800);
  await expect
    .poll(() => callsTo('PUT /api/reply-drafts/:contactId').at(-1)?.body)
    .toEqual({
      text: '陈女士您好，价格我再确认一下。',
    });
  await page.locator('#reply').press('Control+Enter');
  await button(page, '立即发送').click();
  await page.getByText('已发送').waitFor();
  expect(await sentBy(page)).toEqual(['陈女士您好，价格我再确认一下。']);
  await expect.poll(() => callsTo('POST /api/suggestions/feedback').at(-1)?.body['verdict']).toBe('edited');
  await expect.poll(() => callsTo('PUT /api/reply-drafts/:contactId').at(-1)?.body).toEqual({ text: '' });
});

test('a newer suggestion is offered and does not overwrite the rep’s own words', async () => {
  const page = await openSidebar();
  await page.fill('#reply', '我自己写的');
  await expect.poll(() => product.view.draft?.text).toBe('我自己写的');
  const { summary } = product.view;
  const at = new Date(Date.now() + 60_000).toISOString();
  product.view.summary = summary && { ...summary, id: product.view.contact.id, at, replyDraft: '更新的建议' };
  product.tell('summary');
  await button(page, '换用').click();
  expect(await page.inputValue('#reply')).toBe('更新的建议');
});

test('a reply is asked for in another way, says what it rests on, and the old text can be put back', async () => {
  const page = await openSidebar();
  const runId = crypto.randomUUID();
  product.drafted = {
    text: '陈女士您好，标准版 19,800 元/年，保证周五前开通。',
    reason: null,
    sources: [{ from: 'document', id: runId, title: '2026 价格表', text: '版本：标准版；价格：19,800 元/年' }],
    risks: [{ kind: 'promise', text: '保证' }],
    runId,
  };
  await page.fill('#reply', '我自己写的');
  await button(page, '更短').click();
  await expect.poll(() => page.inputValue('#reply')).toBe(product.drafted.text);
  const contactId = product.view.contact.id;
  await expect
    .poll(() => callsTo('POST /api/reply-drafts'))
    .toMatchObject([{ body: { contactId, style: 'shorter', text: '我自己写的' } }]);
  expect(await isSeen(page.getByText('含承诺「保证」'))).toBe(true);
  await button(page, '依据 1 条').click();
  expect(await isSeen(page.getByText('2026 价格表'))).toBe(true);
  await button(page, '恢复原来的文字').click();
  expect(await page.inputValue('#reply')).toBe('我自己写的');

  await button(page, '更正式').click();
  await expect.poll(() => page.inputValue('#reply')).toBe(product.drafted.text);
  await button(page, '发送').click();
  await button(page, '立即发送').click();
  await page.getByText('已发送').waitFor();
  await expect
    .poll(() => callsTo('POST /api/suggestions/feedback').at(-1)?.body)
    .toEqual({
      requestKey: expect.any(String),
      contactId,
      summaryId: null,
      verdict: 'sent',
      runId,
      text: product.drafted.text,
    });
});

test('where no other reply comes the rep’s words stay, and the page says why', async () => {
  const page = await openSidebar();
  await page.fill('#reply', '我自己写的');
  await button(page, '换一条').click();
  expect(await isSeen(page.getByText('AI 没有回应'))).toBe(true);
  expect(await page.inputValue('#reply')).toBe('我自己写的');
  await context.setOffline(true);
  await page.getByText(/离线，显示 .* 的资料/).waitFor();
  for (const name of ['换一条', '更短', '更正式']) expect(await button(page, name).isDisabled()).toBe(true);
});

test.each([
  ['fail_no permission', '当前入口不能发送'],
  ['fail_without context of external contact', '请从与客户的聊天中打开'],
  ['fail_something else', '没有发出去'],
])('when the client answers %s the draft stays and the rep is told what to do', async (send, said) => {
  const page = await openSidebar({ send });
  await button(page, '发送').click();
  await button(page, '立即发送').click();
  expect(await isSeen(page.getByText(said))).toBe(true);
  expect(await page.inputValue('#reply')).toContain('10,880');
});

test('when the client never answers nobody is told that the reply left or did not', async () => {
  const page = await openSidebar({ send: null });
  await page.clock.install();
  await button(page, '发送').click();
  await button(page, '立即发送').click();
  await page.clock.runFor(30_000);
  expect(await isSeen(page.getByText('请先看聊天里是否已发出'))).toBe(true);
});

test('a quote opens the message it cites, and what a customer wrote is text and nothing else', async () => {
  const page = await openSidebar();
  await page.getByRole('button', { name: '报价能再优惠吗？' }).click();
  const cited = page.locator('[data-cited]');
  await cited.waitFor();
  expect(await cited.locator('mark').innerText()).toBe('报价能再优惠吗？');
  expect(await cited.locator('.said').innerText()).toBe(hostileText);
  expect(await page.evaluate(() => 'wasHacked' in window)).toBe(false);
});

test('a sheet holds the keyboard, closes by Esc and gives the focus back', async () => {
  const page = await openSidebar();
  const opener = page.getByRole('button', { name: '更多' });
  await opener.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: '更多' });
  await dialog.waitFor();
  for (let press = 0; press < 8; press += 1) {
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('[role=dialog]') !== null)).toBe(true);
  }
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  expect(await opener.evaluate((element) => element === document.activeElement)).toBe(true);
});

test('a contact who wants no more is opted out in two presses, and the header says so until they want it again', async () => {
  const page = await openSidebar();
  const chip = page.getByText('已退订', { exact: true });
  expect(await chip.count()).toBe(0);
  await page.getByRole('button', { name: '更多' }).click();
  const dialog = page.getByRole('dialog', { name: '更多' });
  await dialog.getByRole('button', { name: '设为退订' }).click();
  await dialog.getByRole('button', { name: '恢复触达' }).waitFor();
  expect(await isSeen(chip)).toBe(true);
  await dialog.getByRole('button', { name: '恢复触达' }).click();
  await chip.waitFor({ state: 'detached' });
  await expect
    .poll(() => callsTo('POST /api/contacts/:id/opt-out').map(({ body }) => body))
    .toEqual([{ optedOut: true }, { optedOut: false }]);
});

test('arrow keys move between the tabs', async () => {
  const page = await openSidebar();
  await page.getByRole('tab', { name: '助手' }).focus();
  await page.keyboard.press('ArrowRight');
  expect(await isSeen(page.getByText('聊天里的承诺'))).toBe(true);
  await page.keyboard.press('ArrowLeft');
  await page.locator('#reply').waitFor();
});

test('a finished task can be taken back', async () => {
  const page = await openSidebar();
  await button(page, '完成').click();
  await button(page, '撤销').click();
  await expect.poll(() => callsTo('POST /api/tasks/:id/reopen')).toHaveLength(1);
  await expect.poll(() => callsTo('POST /api/tasks/:id/reopen')[0]?.body).toEqual({ version: 2 });
});

test('a number that is for others to read is asked for, once, with who decides in sight', async () => {
  const page = await openSidebar();
  await page.getByRole('tab', { name: '资料' }).click();
  product.refusals.set('POST /api/customers/:id/phone/reveal', { status: 409, code: 'customer.reveal_needs_approval' });
  const record = page.getByRole('region', { name: '客户档案' });
  await record.getByRole('button', { name: '查看完整号码，会留下记录' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByText('李经理').waitFor();
  const ask = sheet.getByRole('button', { name: '提交申请' });
  expect(await ask.isDisabled()).toBe(true);
  await sheet.getByLabel('为什么需要').fill('客户约了回访');
  await sheet.getByLabel('查看多少小时').selectOption('4');
  await ask.click();
  await page.getByText('已提交，批准后即可查看').waitFor();
  await expect
    .poll(() => callsTo('POST /api/approvals/reveal'))
    .toMatchObject([
      { body: { customerId: product.view.customer?.id, field: 'phone', hours: 4, reason: '客户约了回访' } },
    ]);
});

test('an edit of a record that somebody changed shows the change, and mine is sent again only when the rep says so', async () => {
  const page = await openSidebar();
  await page.getByRole('tab', { name: '资料' }).click();
  await button(page, '修改名称').click();
  const changes = [
    { version: 4, at: new Date().toISOString(), by: '李雷', field: 'stage', before: 'quoted', after: 'won' },
  ];
  product.refusals.set('PATCH /api/customers/:id', {
    status: 409,
    code: 'customer.stale',
    detail: { version: 4, changes },
  });
  await page.locator('.editor input').fill('恒达精密');
  await button(page, '保存').click();
  await page.getByText('李雷 刚刚把阶段改成了「已成交」').waitFor();
  await expect.poll(() => callsTo('PATCH /api/customers/:id')).toHaveLength(1);

  product.refusals.clear();
  if (product.view.customer) product.view.customer.version = 4;
  await button(page, '仍用我的').click();
  await page.getByText('已保存').waitFor();
  await expect.poll(() => callsTo('PATCH /api/customers/:id').at(-1)?.body).toEqual({ name: '恒达精密', version: 4 });
});

test.each([
  ['the field itself', { name: '恒达精密机械' }, 3],
  ['another field', { stage: 'won' }, 4],
] as const)(
  'while a rep types a colleague changes %s: nothing is written over unseen',
  async (_which, changed, version) => {
    const page = await openSidebar();
    const { customer } = product.view;
    if (!customer) throw new Error('This contact has a customer.');
    customer.version = 3;
    product.tell('customer');
    await page.getByRole('tab', { name: '资料' }).click();
    await button(page, '修改名称').click();
    await page.locator('.editor input').fill('恒达精密');
    Object.assign(customer, changed, { version: 4, updatedAt: new Date(Date.now() - 3 * 3_600_000).toISOString() });
    product.tell('customer');
    await page.getByText('3 小时前更新').waitFor();
    await button(page, '保存').click();
    await expect
      .poll(() => callsTo('PATCH /api/customers/:id').map(({ body }) => body))
      .toEqual([{ name: '恒达精密', version }]);
  },
);

test('a live update brings the screen up to date by itself', async () => {
  const page = await openSidebar();
  if (product.view.score) product.view.score.value = 77;
  product.tell('score');
  expect(await isSeen(page.locator('#app').getByText('77').first())).toBe(true);
});

test('a session that ends keeps what was typed and offers the login', async () => {
  const page = await openSidebar();
  product.isLoggedIn = false;
  await page.fill('#reply', '写到一半');
  await button(page, '重新登录').click();
  await page.locator('#reply').waitFor();
  await expect.poll(() => page.inputValue('#reply').catch(() => '')).toBe('写到一半');
});

test.each([
  ['a group chat', { entry: 'group_chat_tools' }, '群聊里暂不支持'],
  ['the workbench', { entry: 'normal', contact: null }, '当前聊天里没有外部联系人'],
])('opened from %s the page says from where to open it', async (_, bridge, said) => {
  const page = await openPage(bridge);
  expect(await isSeen(page.getByText(said))).toBe(true);
});

test('a contact outside the rep’s sight is not there, with a way to try again', async () => {
  product.refusals.set('GET /api/sidebar', { status: 404, code: 'contact.unknown' });
  const page = await openPage();
  expect(await isSeen(page.getByText('还没有这位客户的资料'))).toBe(true);
  product.refusals.clear();
  await button(page, '重试').click();
  await page.locator('#reply').waitFor();
});

test('an error is said in place with its number and a way to try again', async () => {
  product.refusals.set('GET /api/sidebar', { status: 500, code: 'internal' });
  const page = await openPage();
  expect(await isSeen(button(page, '复制错误编号'))).toBe(true);
  product.refusals.clear();
  await button(page, '重试').click();
  await page.locator('#reply').waitFor();
});

test('offline the last answer stays with its time, and nothing can be sent', async () => {
  const page = await openSidebar();
  await context.setOffline(true);
  await page.getByText(/离线，显示 .* 的资料/).waitFor();
  expect(await button(page, '发送').isDisabled()).toBe(true);
  await context.setOffline(false);
  await expect.poll(() => button(page, '发送').isEnabled()).toBe(true);
});
