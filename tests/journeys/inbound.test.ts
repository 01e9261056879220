import { expect, test } from 'vitest';
import { card, shows, sidebarOf, useJourney } from '#tests/support/journey.ts';

const journey = useJourney();

test('an event that could not be handled is in the ledger with the reason, and an admin has it handled again', async () => {
  const page = await journey.open('#story=1');
  // The platform refuses to tell who it is.
  const refusing = { path: 'externalcontact/get', kind: 'code', code: 40058, calls: null } as const;
  await page.getByRole('button', { name: '管理后台' }).waitFor();
  await journey.faults({ api: [refusing] });
  const phone = page.getByRole('region', { name: '客户手机' });
  await phone.getByRole('button', { name: '添加员工为联系人' }).click();
  const adding = page.getByRole('dialog', { name: '添加员工为联系人' });
  await adding.getByLabel('客户', { exact: true }).selectOption('');
  await adding.getByLabel('客户姓名').fill('贺先生');
  await adding.getByRole('button', { name: '添加' }).click();
  await phone.getByText('贺先生的手机').waitFor();

  await page.getByRole('button', { name: '管理后台' }).click();
  const desk = page.frameLocator('iframe[title="知客管理后台"]');
  await desk.getByRole('button', { name: '菜单' }).click();
  await desk.getByRole('link', { name: '收到的事件' }).click();
  const ledger = card(desk, '平台告诉我们的事件').first();
  const event = (kind: string) => ledger.getByRole('row').filter({ hasText: kind });
  await ledger.getByLabel('状态').selectOption('dead');
  await event('contact_consented').waitFor();
  expect(await event('contact_added').innerText()).toContain('externalcontact/get rejected 40058');

  // One by hand, then whatever is left.
  await journey.faults({ api: [] });
  await event('contact_added').getByRole('button', { name: '重新处理' }).click();
  await event('contact_added').waitFor({ state: 'detached' });
  await ledger.getByRole('button', { name: '全部失败的重新处理' }).click();
  await ledger.getByText('没有这样的事件').waitFor();
  await ledger.getByLabel('状态').selectOption('handled');
  expect(await shows(event('contact_added'))).toBe(true);
  expect(await shows(event('contact_consented'))).toBe(true);

  // What the event told is there for the rep.
  await page.getByRole('button', { name: '聊天', exact: true }).click();
  expect(await shows(sidebarOf(page).getByRole('heading', { level: 1, name: '贺先生' }))).toBe(true);
});
