import { expect, test, vi } from 'vitest';
import { callerAs, card, picture, shows, sidebarOf, useJourney } from '#tests/support/journey.ts';
import { patienceMs } from '#tests/support/patience.ts';

const journey = useJourney();
const patience = { timeout: patienceMs, interval: 500 };

const priceList = `# 报价

## 50 人版

50 人版一年 12,800 元，含税，包含实施和一年的售后。

## 200 人版

200 人版一年 39,800 元，含税。
`;

test('what the company wrote down is what a reply rests on, and the rep sees where it stands', async () => {
  const { members, demo } = await journey.state();
  const marketer = members.find(({ position }) => position === '市场专员')?.key ?? '';
  await vi.waitFor(() => callerAs(journey.url, marketer), patience);
  const desk = await journey.open('desk.html#/knowledge', { as: marketer, width: 1280, height: 900 });
  await desk
    .locator('input[type=file]')
    .first()
    .setInputFiles({
      name: '报价.md',
      mimeType: 'text/markdown',
      buffer: Buffer.from(priceList),
    });
  await shows(desk.getByRole('row', { name: /报价.*可用/ }));
  await desk.getByLabel('客户的问题').fill('50 人版一年多少钱？');
  await desk.getByRole('button', { name: '试一下' }).click();
  await shows(desk.getByText('50 人版一年 12,800 元', { exact: false }).first());
  await picture(desk, 'desk-knowledge');

  // The customer asks; the rep has a reply written anew and looks at what it rests on.
  await journey.act({
    kind: 'customer_writes',
    member: demo.member,
    contact: demo.contact,
    text: '50 人版一年多少钱？',
  });
  const page = await journey.open('', { as: demo.member });
  const reply = card(sidebarOf(page), '建议回复');
  const field = reply.getByRole('textbox', { name: '回复内容，可修改' });
  await expect.poll(() => field.inputValue(), patience).not.toBe('');
  await reply.getByRole('button', { name: '更正式' }).click();
  await reply.getByRole('button', { name: /^依据 \d+ 条/ }).click();
  await shows(reply.getByText('报价', { exact: false }).first());
  expect(await reply.innerText()).toContain('12,800');
});
