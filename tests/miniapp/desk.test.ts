import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchBrowser } from '#tests/support/browser.ts';
import { examine, facesOf } from './examine.ts';
import { someApprovals } from './mock-approvals.ts';
import { somePolicies } from './mock-desk.ts';
import { director, id, manager } from './mock-part.ts';
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
  product = await startMockProduct(someView(), someMessages(), { ...someApprovals(), policies: somePolicies() });
  Object.assign(product.me, manager, { role: 'admin' });
});
afterEach(async () => {
  await context.close();
  await product.close();
});

async function openDesk(face = { theme: 'light', language: 'zh-CN', width: 1280 }): Promise<Page> {
  context = await browser.newContext({
    viewport: { width: face.width, height: 800 },
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto(`${product.url}/desk.html?theme=${face.theme}&lang=${face.language}#/policies`);
  await page.locator('form.card').waitFor();
  return page;
}
const callsTo = (address: string) => product.calls.filter((call) => call.address === address).map(({ sent }) => sent);
const saved = () => callsTo('PUT /api/approval-policies/:kind').map(({ params, body }) => ({ ...params, ...body }));

test('an admin reads and changes who decides what', async () => {
  const page = await openDesk();
  await page.getByRole('group', { name: '第 2 档' }).getByLabel('不超过').fill('18');
  await page.getByRole('group', { name: '第 3 档' }).getByRole('button', { name: '加一级审批' }).click();
  await page.getByRole('group', { name: '第 3 级' }).getByLabel('审批人').selectOption('role:director');
  await page.getByRole('button', { name: '保存' }).click();
  await expect.poll(() => saved().length).toBe(1);
  expect(saved()[0]).toMatchObject({
    kind: 'discount',
    version: 3,
    policy: {
      bands: [
        { upTo: 5, levels: [] },
        { upTo: 18, risk: 'low' },
        { upTo: null, levels: [{}, {}, { who: { by: 'role', role: 'director' } }] },
      ],
      fallback: [director.id],
    },
  });
});

test('a button keeps its name while it works, and who saves again at once saves over what they saved', async () => {
  const page = await openDesk();
  const save = page.getByRole('button', { name: '保存' });
  await save.waitFor();
  await page.route('**/api/approval-policies/*', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await route.continue();
  });
  await save.click();
  await save.and(page.locator('[aria-busy=true]')).waitFor();
  await save.click();
  await expect.poll(() => saved().map(({ version }) => version as unknown)).toEqual([3, 4]);
});

test('what an admin is typing stays: a colleague saves meanwhile, another kind is looked at', async () => {
  const page = await openDesk();
  const limit = page.getByRole('group', { name: '第 2 档' }).getByLabel('不超过');
  await limit.fill('18');
  const stored = product.approvals.policies.find(({ kind }) => kind === 'discount');
  if (!stored) throw new Error('There is a policy for discounts.');
  Object.assign(stored, { version: 4, updatedAt: new Date(Date.UTC(2026, 0, 5, 4)).toISOString() });
  product.tell('approvals');
  await page.getByRole('button', { name: /^折扣.*1月5日/ }).waitFor();
  await page.getByRole('button', { name: /^合同/ }).click();
  await page.getByRole('form', { name: /^合同/ }).waitFor();
  await page.getByRole('button', { name: /^折扣/ }).click();
  expect(await limit.inputValue()).toBe('18');
  await page.getByRole('button', { name: '保存' }).click();
  await expect.poll(() => saved().map(({ version }) => version as unknown)).toEqual([3]);
});

test('a refused save says what is wrong at the field, and keeps what was typed', async () => {
  product.refusals.set('PUT /api/approval-policies/:kind', {
    status: 422,
    code: 'approval.policy',
    detail: {
      problems: [
        { path: 'bands.1.upTo', message: 'must be more than that of the band before' },
        { path: 'bands.2.levels.0.who', message: 'no member has a leader above them' },
      ],
    },
  });
  const page = await openDesk();
  const upTo = page.getByRole('group', { name: '第 2 档' }).getByLabel('不超过');
  await upTo.fill('3');
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByRole('group', { name: '第 2 档' }).getByText('要比上一档大').waitFor();
  await page.getByRole('group', { name: '第 3 档' }).getByText('这一级找不到人').waitFor();
  expect(await upTo.getAttribute('aria-invalid')).toBe('true');
  expect(await upTo.inputValue()).toBe('3');
});

test('the company’s own form is chosen with its template and the name of its number field', async () => {
  const page = await openDesk();
  await page.getByLabel('公司的审批单（OA）').check();
  await page.getByLabel('审批模板编码').fill('PROC-1');
  await page.getByLabel('编号（必填').fill('单号');
  await page.getByRole('button', { name: '保存' }).click();
  await expect
    .poll(() => saved()[0]?.['policy'])
    .toMatchObject({
      mode: 'form',
      form: { platform: 'dingtalk', template: 'PROC-1', labels: { number: '单号' } },
    });
});

test('somebody stands in for somebody who is away, until they are back', async () => {
  const page = await openDesk();
  await page.getByRole('link', { name: '代理审批' }).click();
  await page.getByRole('button', { name: '添加代理' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('button', { name: '保存' }).click();
  await sheet.getByText('请选一位同事').waitFor();
  await sheet.getByRole('radiogroup', { name: '谁不在' }).getByLabel('李经理').check();
  await sheet.getByRole('radiogroup', { name: '由谁代理' }).getByLabel('赵总监').check();
  await sheet.getByLabel('从', { exact: true }).fill('2026-12-01T09:00');
  await sheet.getByLabel('到', { exact: true }).fill('2026-12-05T18:00');
  await sheet.getByRole('button', { name: '保存' }).click();
  await page.getByRole('row', { name: /李经理 赵总监/ }).waitFor();
  await expect
    .poll(() => callsTo('POST /api/approval-delegates')[0]?.body)
    .toEqual({
      requestKey: expect.any(String),
      memberId: manager.id,
      toMemberId: director.id,
      fromAt: '2026-12-01T01:00:00.000Z',
      untilAt: '2026-12-05T10:00:00.000Z',
    });
  await page.getByRole('button', { name: '移除李经理的代理' }).click();
  await page.getByText('没有代理设置').waitFor();
});

test('an admin says that two accounts are one person, and gives roles', async () => {
  const page = await openDesk();
  await page.getByRole('link', { name: '成员与角色' }).click();
  await page.getByRole('button', { name: '合并 王磊（钉钉）（钉钉）' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByText(/名下的客户、跟进和审批都归到所选成员/).waitFor();
  await sheet.getByRole('radiogroup', { name: '可能是同一个人' }).getByRole('radio').check();
  await sheet.getByRole('button', { name: '合并', exact: true }).click();
  await page.getByText('已并到王磊').waitFor();
  await expect
    .poll(() => callsTo('POST /api/member-accounts/join')[0]?.body)
    .toEqual({
      platform: 'dingtalk',
      key: 'ding1001',
      memberId: id(1),
    });
  await page.getByLabel('李经理的角色').selectOption('director');
  await expect.poll(() => callsTo('PATCH /api/members/:id')[0]?.body).toEqual({ role: 'director' });
});

const screens = ['policies', 'policies', 'delegates', 'members', 'follow-up', 'follow-up'].map((tab) => ({
  name: tab,
}));
test.each(facesOf(screens, [1280, 1024]))(
  'axe finds nothing on the desk’s $name ($theme, $language, $width px)',
  async ({ name, ...face }) => {
    const page = await openDesk(face);
    await page.click(`nav a[href="#/${name}"]`);
    await page.locator('main h2').first().waitFor();
    expect(await examine(page)).toEqual([]);
  },
);

test('an admin says how long customers may go unheard, and when the digest comes', async () => {
  const page = await openDesk();
  await page.getByRole('link', { name: '跟进规则' }).click();
  const days = page.getByLabel('A 级');
  await days.fill('0');
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByText('填 1 到 365 的整数').waitFor();
  await days.fill('5');
  await page.getByLabel('几点发').selectOption('8');
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByText('已保存，马上生效').waitFor();
  await expect
    .poll(() => callsTo('PUT /api/settings/follow-up').map(({ body }) => body))
    .toEqual([{ silentDays: { A: 5, B: 14, C: 30, D: 60 }, digest: { enabled: true, hour: 8 } }]);
});
