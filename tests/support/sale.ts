import { setTimeout as sleep } from 'node:timers/promises';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import type { DingtalkState } from '#bot/sandbox/dingtalk-phone-api.ts';
import { callerAs, openTab, sidebarOf, type Call, type Journey } from './journey.ts';

let made = 0;

/** A sale of its own with the story's customer, put down by the rep; answers its title. */
export async function newSale(journey: Journey): Promise<string> {
  const { demo } = await journey.state();
  const rep = await callerAs(journey.url, demo.member);
  const { contact, customer, candidates } = await soon<{
    contact: { id: string };
    customer: { id: string } | null;
    candidates: { customer: { id: string } }[];
  }>(rep, `/api/sidebar?platform=wecom&contact=${demo.contact}`, (view) =>
    Boolean(view.customer ?? view.candidates[0]),
  );
  const customerId = customer?.id ?? candidates[0]?.customer.id;
  if (!customer) await rep('POST', '/api/bindings', { contactId: contact.id, customerId });
  made += 1;
  const title = `50 人版一年 ${made}`;
  const answer = await rep('POST', '/api/opportunities', {
    customerId,
    contactId: contact.id,
    title,
    amountFen: 1_280_000,
  });
  if (!answer.ok) throw new Error(`The sale was refused: ${await answer.text()}`);
  return title;
}

/** Once the company's first day is so far. */
async function soon<Answer>(call: Call, address: string, isReady: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const answer = (await (await call('GET', address)).json()) as Answer;
    if (isReady(answer)) return answer;
    await sleep(200);
  }
}

/** The rep asks for 15 % in the sidebar; answers the card of the sale there. */
export async function askDiscount(page: Page, title: string, reason: string): Promise<Locator> {
  const sidebar: FrameLocator = sidebarOf(page);
  await openTab(sidebar, '商机');
  const sale = sidebar.getByRole('article', { name: title });
  await sale.getByRole('button', { name: '申请折扣' }).click();
  const sheet = sidebar.getByRole('dialog', { name: '申请折扣' });
  await sheet.getByRole('textbox', { name: '优惠多少' }).fill('15');
  await sheet.getByRole('textbox', { name: '理由' }).fill(reason);
  await sheet.getByRole('button', { name: '提交审批' }).click();
  await sheet.waitFor({ state: 'detached' });
  return sale;
}

/** The phone shows this person's talk with the app; answers the card about it there. */
export async function cardOn(page: Page, user: string, title: string): Promise<Locator> {
  const phone = page.getByRole('region', { name: '钉钉手机' });
  await phone.getByLabel('扮演').selectOption(user);
  await phone
    .getByRole('list', { name: '审批助手' })
    .or(phone.getByRole('button', { name: /^审批助手/ }))
    .waitFor();
  const entry = phone.getByRole('button', { name: /^审批助手/ });
  if (await entry.isVisible()) await entry.click();
  return phone.getByRole('article').filter({ hasText: title });
}

/** The leaders of the rep's department decide, on cards. */
export const onCards = (escalateAfterMinutes: number | null = null) => ({
  mode: 'own',
  form: null,
  bands: [{ upTo: null, risk: 'low', levels: [{ who: { by: 'line', step: 1 }, of: 'any', escalateAfterMinutes }] }],
});

/** The admin lets discounts be decided otherwise from now on. */
export async function ruleDiscounts(journey: Journey, change: (policy: Policy) => object): Promise<void> {
  const admin = (await journey.state()).members.find(({ position }) => position.includes('管理员'));
  const call = await callerAs(journey.url, admin?.key ?? '');
  const { items } = (await (await call('GET', '/api/approval-policies')).json()) as {
    items: { kind: string; version: number; policy: Policy }[];
  };
  const now = items.find(({ kind }) => kind === 'discount');
  if (!now) throw new Error('Discounts have no policy.');
  const answer = await call('PUT', '/api/approval-policies/discount', {
    version: now.version,
    policy: { ...now.policy, ...change(now.policy) },
  });
  if (!answer.ok) throw new Error(`The policy was refused: ${await answer.text()}`);
}

export interface Policy {
  bands: { upTo: number | null; levels: { escalateAfterMinutes: number | null }[] }[];
}

export const dingtalkOf = (journey: Journey): Promise<DingtalkState> => journey.dingtalk('state');
