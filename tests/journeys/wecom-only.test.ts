import { expect, test } from 'vitest';
import { shows, useJourney } from '#tests/support/journey.ts';
import { askDiscount, newSale } from '#tests/support/sale.ts';

const journey = useJourney({ SANDBOX_WITHOUT: 'dingtalk' });

test('in a company without DingTalk the card comes in WeCom, and is decided there', async () => {
  const title = await newSale(journey);
  const page = await journey.open('#story=2&as=wanglei&width=360');
  await askDiscount(page, title, '客户今天要定');

  const manager = (await journey.state()).members.find(({ position }) => position === '区域经理');
  const own = await journey.open(`#story=1&as=${manager?.key}&width=360`, { as: manager?.key ?? '' });
  await own
    .getByRole('navigation', { name: '联系人' })
    .getByRole('button', { name: /知客应用消息/ })
    .click();
  const card = own.getByRole('region', { name: '知客应用消息' }).getByRole('article').filter({ hasText: title });
  await card.getByRole('button', { name: '同意' }).click();
  await shows(card.getByText(/^已同意 · /));
  expect(await card.getByRole('button', { name: '同意' }).count()).toBe(0);
});
