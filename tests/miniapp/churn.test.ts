import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { OUTCOMES_NEEDED } from '#server/scoring/model-api.ts';
import { press, sees, useDesk, type Face } from './desk-page.ts';
import { examine, facesOf } from './examine.ts';
import { someAlert } from './mock-learning.ts';
import { id, rep } from './mock-part.ts';
import { contactKey } from './mock-view.ts';

const desk = useDesk('manager');
const openInbox = (hash = '#/churn', face: Partial<Face> = {}) =>
  desk.open(hash, { page: 'inbox.html', width: 375, ...face });
const openSidebar = (face: Partial<Face> = {}) =>
  desk.open('', { page: 'sidebar.html', search: `contact=${contactKey}`, width: 360, ...face });
const sick = (changes = {}) => {
  const { view } = desk.product;
  view.health = {
    contactId: view.contact.id,
    level: 'risk',
    risk: 66,
    basis: 'rules',
    factors: [
      ...someAlert(1).factors,
      { key: 'others', points: 4, text: '其他', pointer: { field: 'contact' } },
      { key: 'recent', points: -4, text: '3 天内有消息', pointer: { field: 'conversation.lastMessageAt' } },
    ],
    at: new Date().toISOString(),
    ...changes,
  };
};
const item = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name }).first();

test('a leader sees who may be lost, the likeliest first, with the reasons and the words they rest on', async () => {
  const page = await openInbox();
  await sees(page, '2 位客户可能流失');
  const text = await item(page, '陈小燕').innerText();
  for (const word of ['流失风险 78', '苏州恒达', '王磊', '+30', '46 天没有消息', '原话：“再这样就不续了”']) {
    expect(text).toContain(word);
  }
  expect(await item(page, '周<img src=x onerror=a=1>明').innerText()).toMatch(/未绑定客户 · 无负责人/);
});

test('whoever reads English is told the reasons in English, and old ones as they were written down', async () => {
  const reason = 'Silent for 46 days, usually heard from every 6 days';
  const text = await item(await openInbox('#/churn', { language: 'en' }), '陈小燕').innerText();
  for (const word of [reason, '不满或拒绝', 'In their words: “再这样就不续了”']) expect(text).toContain(word);
  sick();
  const page = await openSidebar({ language: 'en' });
  const card = page.getByRole('region', { name: 'Churn risk' });
  await card.getByRole('button', { name: 'Why' }).click();
  const rows = await card.getByRole('table').innerText();
  for (const word of [reason, 'Everything else']) expect(rows).toContain(word);
});

test('an alert is closed with what was done about it, and is then among those dealt with', async () => {
  const page = await openInbox();
  await press(page, '陈小燕：已处理');
  const sheet = page.getByRole('dialog', { name: '怎么处理的' });
  await sheet.getByLabel('说明（选填）').fill('已约下周拜访');
  await sheet.getByRole('button', { name: '已处理' }).click();
  await sees(page, '1 位客户可能流失');
  await expect
    .poll(() => desk.callsTo('POST /api/churn-alerts/:id/close')[0])
    .toMatchObject({
      params: { id: id(1801) },
      body: { state: 'done', reason: '已约下周拜访' },
    });
  await page.getByRole('link', { name: '已处理' }).click();
  expect(await sees(page, '已约下周拜访')).toBe(true);
});

test('one that is no alarm is closed without a word', async () => {
  const page = await openInbox();
  await press(page, '陈小燕：不是流失');
  await page.getByRole('dialog').getByRole('button', { name: '不是流失' }).click();
  await expect
    .poll(() => desk.callsTo('POST /api/churn-alerts/:id/close').map(({ body }) => body))
    .toEqual([{ state: 'dismissed', reason: '' }]);
});

test('whoever comes second is told that somebody else was faster, and sees what is left', async () => {
  const page = await openInbox();
  await page.getByRole('button', { name: '陈小燕：已处理' }).waitFor();
  Object.assign(desk.product.learning.alerts[0] ?? {}, { state: 'done', closedAt: new Date().toISOString() });
  await press(page, '陈小燕：已处理');
  await page.getByRole('dialog').getByRole('button', { name: '已处理' }).click();
  await sees(page, '这条预警已由别人处理。');
  expect(await sees(page, '1 位客户可能流失')).toBe(true);
});

test('a notice leads to its alert, also a rep’s, and to a sentence when that is over', async () => {
  Object.assign(desk.product.me, rep, { role: 'rep' });
  const page = await openInbox(`#/churn/${id(1802)}`);
  await page.getByText('从通知打开的').waitFor({ state: 'attached' });
  expect(await page.locator('.item').first().innerText()).toContain('周<img');
  await page.evaluate((hash) => (location.hash = hash), `#/churn/${id(1803)}`);
  expect(await sees(page, '这条提醒已处理，或客户已恢复正常。')).toBe(true);
});

test('a new alert comes while the list is open', async () => {
  desk.product.learning.alerts = [];
  const page = await openInbox();
  await sees(page, '没有要担心的客户。');
  desk.product.learning.alerts = [someAlert(1801)];
  desk.product.tell('health');
  expect(await sees(page, '流失风险 78')).toBe(true);
});

test('offline no alert can be closed', async () => {
  const page = await openInbox();
  await page.getByRole('button', { name: '陈小燕：已处理' }).waitFor();
  await page.context().setOffline(true);
  await expect.poll(() => page.getByRole('button', { name: '陈小燕：已处理' }).isDisabled()).toBe(true);
});

test('beside the chat a customer who may be lost has a line, and its reasons add up', async () => {
  sick();
  const page = await openSidebar();
  const card = page.getByRole('region', { name: '流失风险' });
  expect(await card.innerText()).toMatch(/66\s+可能流失[^]*46 天没有消息/);
  await card.getByRole('button', { name: '看原因' }).click();
  const table = card.getByRole('table');
  expect(await table.getByRole('row', { name: /其他因素/ }).innerText()).toContain('+4');
  expect(await table.getByRole('row', { name: /合计/ }).innerText()).toContain('66');
  expect(await card.innerText()).toContain('规则判断');
});

test.each(['good', 'unknown'] as const)('of a customer whose health is %s nothing is said', async (level) => {
  sick({ level, risk: level === 'unknown' ? null : 12 });
  const page = await openSidebar();
  await page.getByRole('region', { name: '意向评分' }).waitFor();
  expect(await page.getByText('流失风险').count()).toBe(0);
});

test('a score says what made it: rules while there is too little history, else the model', async () => {
  const page = await openSidebar();
  await sees(page, `规则评分，成交样本 12/${OUTCOMES_NEEDED}`);
  Object.assign(desk.product.view.score ?? {}, { basis: 'model', method: 'lead@7', outcomes: null });
  desk.product.tell('score');
  await sees(page, '模型 lead@7');
  Object.assign(desk.product.view.score ?? {}, { basis: 'rules', method: 'rules@1', outcomes: null });
  desk.product.tell('score');
  expect(
    await page
      .getByText('规则评分', { exact: true })
      .waitFor()
      .then(() => true),
  ).toBe(true);
});

const states: {
  name: string;
  open: (face: Face) => Promise<Page>;
  prepare?: () => void;
  reach?: (page: Page) => Promise<unknown>;
}[] = [
  { name: 'the alerts', open: (face) => openInbox('#/churn', face) },
  { name: 'an alert a notice led to', open: (face) => openInbox(`#/churn/${id(1801)}`, face) },
  { name: 'the alerts dealt with', open: (face) => openInbox('#/churn?box=closed', face) },
  {
    name: 'closing an alert',
    open: (face) => openInbox('#/churn', face),
    reach: async (page) => {
      await page.locator('.item button').first().click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'alerts that cannot be read',
    open: (face) => openInbox('#/churn', face),
    prepare: () => desk.product.refusals.set('GET /api/churn-alerts', { status: 500, code: 'internal' }),
  },
  {
    name: 'no alerts',
    open: (face) => openInbox('#/churn', face),
    prepare: () => void (desk.product.learning.alerts = []),
  },
  {
    name: 'the health of a customer',
    open: (face) => openSidebar({ ...face, width: 360 }),
    prepare: sick,
    reach: (page) => page.locator('[aria-controls=health-reasons]').click(),
  },
  {
    name: 'a customer to keep an eye on',
    open: (face) => openSidebar({ ...face, width: 300 }),
    prepare: () => sick({ level: 'watch', risk: 41 }),
  },
];
test.each(facesOf(states, [375, 1280]))(
  'axe finds nothing on $name ($theme, $language, $width px)',
  async ({ open, prepare, reach, theme, language, width }) => {
    prepare?.();
    const page = await open({ theme, language, width });
    await page.waitForFunction(() => document.querySelector('main .skeleton') === null);
    await reach?.(page);
    expect(await examine(page)).toEqual([]);
  },
);
