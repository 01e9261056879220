import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { DingtalkPhone } from '#bot/sandbox/dingtalk-phone-api.ts';
import { picture, shows, useJourney } from '#tests/support/journey.ts';
import { askDiscount, cardOn, dingtalkOf, newSale, onCards, ruleDiscounts } from '#tests/support/sale.ts';

const journey = useJourney();
const story = '#story=2&as=wanglei&width=360';

test('a discount asked for in WeCom is agreed to on a card in DingTalk, and both sides show it', async () => {
  const { demo } = await dingtalkOf(journey);
  const title = await newSale(journey);
  await ruleDiscounts(journey, () => onCards());
  const page = await journey.open(story);
  const sale = await askDiscount(page, title, '客户今天要定');
  await shows(sale.getByText(/折扣 15% · 待 .+ 审批/));

  const card = await cardOn(page, demo.manager, title);
  await shows(card.getByText('客户今天要定'));
  await picture(page, 'sandbox');
  await card.getByRole('button', { name: '同意' }).click();
  await shows(card.getByText(/^已同意 · /));

  await shows(sale.getByText('折扣 15% · 已同意'));
  await shows(sale.getByText('折后 ¥10,880'));
  const copy = await cardOn(page, demo.secondManager, title);
  await shows(copy.getByText(/^已同意 · /));
  expect(await copy.getByRole('button', { name: '同意' }).count()).toBe(0);
});

test.each([
  ['phone', 375, 812],
  ['desktop', 1024, 768],
])('on a %s the manager reads what changes, who decides, and the customer beside it', async (name, width, height) => {
  const { demo, users } = await dingtalkOf(journey);
  const title = await newSale(journey);
  await ruleDiscounts(journey, () => onCards());
  const page = await journey.open(story);
  await askDiscount(page, title, '客户今天要定，竞品报价更低');
  const manager = users.find(({ user }) => user === demo.manager)?.member ?? '';
  const inbox = await journey.open('inbox.html', { as: manager, width, height });
  await shows(inbox.getByText('客户今天要定，竞品报价更低').first());
  await picture(inbox, `inbox-${name}`);
  await inbox
    .getByRole('link', { name: new RegExp(title) })
    .first()
    .click();
  await shows(inbox.getByRole('heading', { name: '变更对比' }));
  await shows(inbox.getByText('¥10,880'));
  await shows(inbox.getByRole('heading', { name: '客户与评分' }));
  await picture(inbox, `approval-${name}`);
  await inbox.goto(new URL('inbox.html#/team', journey.url).href);
  expect(await shows(inbox.getByRole('heading', { name: '商机漏斗' }))).toBe(true);
  await picture(inbox, `team-${name}`);
});

test('who rejects says why, and the rep reads it', async () => {
  const { demo } = await dingtalkOf(journey);
  const title = await newSale(journey);
  await ruleDiscounts(journey, () => onCards());
  const page = await journey.open(story);
  const sale = await askDiscount(page, title, '对手报价更低');
  const card = await cardOn(page, demo.manager, title);
  await card.getByRole('button', { name: '拒绝' }).click();

  const inbox = page.frameLocator('iframe[title="钉钉里打开的页面"]');
  await inbox.getByRole('button', { name: '拒绝', exact: true }).click();
  const sheet = inbox.getByRole('dialog', { name: '拒绝' });
  await sheet.getByRole('textbox', { name: '拒绝理由' }).fill('毛利不足，最多九折');
  await sheet.getByRole('button', { name: '拒绝', exact: true }).click();
  await inbox.getByRole('button', { name: '立即提交' }).click();

  await shows(sale.getByText('折扣 15% · 已拒绝：毛利不足，最多九折'));
  await page.getByRole('region', { name: '钉钉手机' }).getByRole('button', { name: '关闭' }).click();
  expect(await shows(card.getByText(/^已拒绝 · /))).toBe(true);
});

test('whom nobody answers in time passes it to somebody above, and their yes counts', async () => {
  const { demo, users } = await dingtalkOf(journey);
  const title = await newSale(journey);
  // Nobody may wait for the clock here: it is over at once.
  await ruleDiscounts(journey, () => onCards(0.01));
  const page = await journey.open(story);
  const sale = await askDiscount(page, title, '量大');
  const asked = new Set([demo.manager, demo.secondManager, demo.director]);
  const others = users.filter(({ user, active }) => active && !asked.has(user)).map(({ user }) => user);
  const boss = await whoGetsIt(title, others);
  const card = await cardOn(page, boss, title);
  await card.getByRole('button', { name: '同意' }).click();
  expect(await shows(sale.getByText('折扣 15% · 已同意'))).toBe(true);
});

test('where the company’s own form decides, it is decided there, with the same end', async () => {
  const title = await newSale(journey);
  const { demo, formTemplates } = await dingtalkOf(journey);
  const template = formTemplates.find(({ name }) => name === '折扣审批')?.template;
  const labels = { number: '审批编号', title: '事项', customer: '客户', measure: '折扣', reason: '理由' };
  await ruleDiscounts(journey, () => ({
    ...onCards(),
    mode: 'form',
    form: { platform: 'dingtalk', template, labels },
  }));
  const page = await journey.open(story);
  const sale = await askDiscount(page, title, '老客户');

  const phone = page.getByRole('region', { name: '钉钉手机' });
  await phone.getByLabel('扮演').selectOption(demo.manager);
  await phone.getByRole('button', { name: '返回' }).click();
  await phone.getByRole('button', { name: /^OA 审批/ }).click();
  const form = phone.getByRole('article').filter({ hasText: title });
  await form.getByLabel('审批意见').fill('同意，下不为例');
  await form.getByRole('button', { name: '同意' }).click();
  await shows(sale.getByText('折扣 15% · 已同意'));
  expect(await shows(sale.getByText('折后 ¥10,880'))).toBe(true);
});

/** The first of these to whom a card about it comes. */
async function whoGetsIt(title: string, users: string[]): Promise<string> {
  for (;;) {
    for (const user of users) {
      const { cards } = await journey.dingtalk<DingtalkPhone>(`phone?user=${user}`);
      if (cards.some(({ shown }) => shown['title']?.includes(title))) return user;
    }
    await sleep(300);
  }
}
