import type { Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { card, openTab, picture, sidebarOf, useJourney } from '#tests/support/journey.ts';

const journey = useJourney();

const inquiry = [
  '你好，朋友推荐的你们。我们是做医疗器械销售的，想给 50 个用户用，一年多少钱？',
  '预算大概 1 万出头，超过要我们刘总批。',
  '报价单什么时候能发我？我们周五前要定下来。',
];
const promise = '好的周女士，我明天下午把报价单发您邮箱。';

test('a new customer asks, and the rep sees who it is, what was said, how likely they buy, what was promised, and answers', async () => {
  const page = await journey.open();
  const chat = page.getByRole('list', { name: '聊天记录', exact: true });
  const phone = page.getByRole('region', { name: '客户手机' });
  const sidebar = sidebarOf(page);

  // The customer adds the rep; a welcome comes by itself.
  await page.getByRole('button', { name: '跳过' }).click();
  await phone.getByRole('button', { name: '添加员工为联系人' }).click();
  const adding = page.getByRole('dialog', { name: '添加员工为联系人' });
  await choose(adding.getByLabel('客户', { exact: true }), /周女士/);
  await choose(adding.getByLabel('员工', { exact: true }), /王磊/);
  await adding.getByRole('button', { name: '添加' }).click();
  await bubble(chat, '欢迎语').waitFor();

  // They talk.
  for (const line of inquiry) {
    await phone.getByRole('textbox').fill(line);
    await phone.getByRole('textbox').press('Enter');
    await bubble(chat, line).waitFor();
  }
  const own = page.getByRole('region', { name: '聊天', exact: true });
  await own.getByRole('radio', { name: '扮演员工' }).check();
  await own.getByRole('textbox').fill(promise);
  await own.getByRole('textbox').press('Enter');
  await bubble(chat, promise).waitFor();

  // Who it is.
  await sidebar.getByRole('heading', { level: 1, name: /周女士/ }).waitFor();

  // What was said: whatever the summary quotes stands in the chat.
  const summary = card(sidebar, '会话摘要');
  await summary.getByRole('button', { name: /展开全部/ }).click();
  await summary.getByText('我方承诺 · 明天').waitFor();
  const said = await chat.locator('.bubble').allInnerTexts();
  const quotes = await summary.locator('q').allInnerTexts();
  expect(quotes.length).toBeGreaterThanOrEqual(4);
  for (const quote of quotes) expect(said.some((one) => one.includes(quote))).toBe(true);
  const kinds = await summary.locator('dt').allInnerTexts();
  expect(kinds).toEqual(expect.arrayContaining(['需求', '预算', '决策人', '承诺']));

  // How likely they buy: the factors add up to the score.
  const score = card(sidebar, '意向评分');
  await score.getByRole('button', { name: '看原因' }).click();
  await score.getByText('说出预算').waitFor();
  const { points, total, header } = await sidebar.locator('body').evaluate(readScore);
  expect(points.length).toBeGreaterThan(3);
  expect(points.map(pointsIn).reduce((all, one) => all + one, 0)).toBe(Number(total));
  expect(header).toContain(total);

  // What was promised, and by when.
  await openTab(sidebar, '跟进');
  const proposed = card(sidebar, '聊天里的承诺').getByRole('listitem').filter({ hasText: '报价单' });
  await proposed.getByText(/明天 \d\d:00/).waitFor();
  const due = /明天 (\d\d):00/.exec(await proposed.innerText())?.[1];
  expect(Number(due)).toBeGreaterThanOrEqual(13);
  await proposed.getByRole('button', { name: '采纳' }).click();
  const later = card(sidebar, '以后').getByRole('listitem').filter({ hasText: '报价单' });
  await later.getByText(`明天 ${due}:00`).waitFor();
  expect(await later.locator('q').innerText()).toBe(promise);

  // The rep answers in their own words; five seconds to take it back, then it is in the chat.
  await openTab(sidebar, '助手');
  const reply = sidebar.getByRole('textbox', { name: '回复内容，可修改' });
  expect(await reply.inputValue()).not.toBe('');
  await page.setViewportSize({ width: 1440, height: 1180 });
  await picture(page.locator('iframe'), 'sidebar');
  await page.setViewportSize({ width: 1440, height: 900 });
  const answer = '周女士，50 人版的报价单明天下午三点前发您邮箱，有问题随时找我。';
  await reply.fill(answer);
  await card(sidebar, '建议回复').getByRole('button', { name: '发送', exact: true }).click();
  await sidebar.getByRole('button', { name: '撤销' }).waitFor();
  expect(await bubble(chat, answer).count()).toBe(0);
  await bubble(chat, answer).getByText('由侧边栏发送').waitFor();
  await sidebar.getByText('已发送').waitFor();
});

/** One message of the chat, as it and what is said about it stand there. */
const bubble = (chat: Locator, text: string): Locator => chat.getByRole('listitem').filter({ hasText: text });

/** Chooses in a list by what can be read there. */
async function choose(list: Locator, label: RegExp): Promise<void> {
  const option = list.locator('option').filter({ hasText: label }).first();
  await list.selectOption(await option.getAttribute('value'));
}

/** The factors, their sum and the score of the header as they stand together in one moment. */
function readScore(body: HTMLElement | SVGElement) {
  const text = (selector: string) => body.querySelector(selector)?.textContent ?? '';
  const points = [...body.querySelectorAll('.factors tbody td')].map((cell) => cell.textContent ?? '');
  return { points, total: text('.factors tfoot td').trim(), header: text('header .score') };
}

/** `+12`, `−6`. */
const pointsIn = (text: string): number => Number(text.replace('−', '-').replace('+', ''));
