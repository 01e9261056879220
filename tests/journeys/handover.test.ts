import { expect, test, vi } from 'vitest';
import { callerAs, picture, shows, useJourney, type Call } from '#tests/support/journey.ts';
import { patienceMs } from '#tests/support/patience.ts';

const journey = useJourney();

test('a rep leaves: the manager is told, plans who takes over, the director agrees, and the contacts go', async () => {
  const { members } = await journey.state();
  const leader = members.find(({ position }) => position === '区域经理');
  const home = members.filter((one) => one.departments[0] === leader?.departments[0] && one.active);
  const director = home.find(({ position }) => position === '事业部总监');
  const reps = home.filter(({ position, contactCount }) => position === '销售专员' && contactCount > 2);
  const [, leaver, one, other] = reps;
  if (!leader || !director || !leaver || !one || !other) throw new Error('The company lacks its people.');

  // Nobody logs in before the product has read the company's members.
  const manager = await vi.waitFor(() => callerAs(journey.url, leader.key), { timeout: patienceMs, interval: 500 });
  await expect.poll(() => contactsOf(manager, leaver.name), { timeout: patienceMs }).toBe(leaver.contactCount);
  const page = await journey.open('desk.html#/handovers', { as: leader.key, width: 1280 });
  await shows(page.getByText('还没有交接。成员调岗或离职时，从这里把客户交给同事。'));
  await journey.act({ kind: 'member_leaves', member: leaver.key });
  const left = page.getByRole('region', { name: '已离职、待交接' });
  await left.getByRole('button', { name: `交接 ${leaver.name} 的客户` }).click();
  for (const taker of [one, other]) await page.getByRole('checkbox', { name: new RegExp(taker.name) }).check();
  await page
    .getByRole('table')
    .getByRole('row', { name: new RegExp(one.name) })
    .waitFor();
  await page.getByLabel('交接原因').fill('离职交接');
  await picture(page, 'handover-plan');
  await page.getByRole('button', { name: '保存计划' }).click();
  const detail = page.getByRole('region', { name: `${leaver.name} 的交接` });
  await detail.getByRole('button', { name: '提交审批' }).click();
  await shows(detail.getByText('等待审批。通过后自动开始。'));

  const decider = await callerAs(journey.url, director.key);
  const { items } = (await (await decider('GET', '/api/approvals?kind=customer_transfer')).json()) as {
    items: { id: string; revision: number }[];
  };
  const [asked] = items;
  const verdict = { decision: 'approve', revision: asked?.revision };
  expect((await decider('POST', `/api/approvals/${asked?.id}/decide`, verdict)).status).toBe(200);
  await shows(detail.getByText('交接中'));
  const rows = page.getByRole('region', { name: '交接明细' }).getByRole('row');
  await shows(rows.filter({ hasText: '等待接替' }).first());

  // Everybody goes but one, who says no.
  const [stays] = await journey.contacts(leaver.key, one.key);
  await journey.act({ kind: 'transfer_settles', contact: stays ?? '', outcome: 'declined' });
  await journey.act({ kind: 'transfer_settles', contact: null, outcome: 'done' });
  await shows(detail.getByText('部分完成'));
  await shows(rows.filter({ hasText: '客户不同意，仍由原成员跟进' }));
  await picture(page, 'handover-done');
  expect((await journey.contacts(one.key, leaver.key)).length).toBeGreaterThan(0);
});

/** Those the product knows by now. */
async function contactsOf(manager: Call, name: string): Promise<number> {
  const { items } = (await (await manager('GET', '/api/members')).json()) as { items: { id: string; name: string }[] };
  const id = items.find((member) => member.name === name)?.id;
  const address = `/api/handovers/belongings?memberId=${id}`;
  const { counts } = (await (await manager('GET', address)).json()) as { counts: { contact: number } };
  return counts.contact;
}
