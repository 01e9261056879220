import type { FrameLocator, Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { SandboxMember } from '#bot/sandbox/wecom-window-api.ts';
import { card, openTab, shows, sidebarOf, useJourney } from '#tests/support/journey.ts';

const journey = useJourney();

interface Beside {
  page: Page;
  sidebar: FrameLocator;
  contact: string;
}

/** The rep of the story with the chat of one of their contacts open, by the contact's place in the story. */
async function besideChat(of: 'contact' | 'secondContact' = 'contact'): Promise<Beside> {
  const { demo } = await journey.state();
  const page = await journey.open(`#story=1&contact=${demo[of]}`);
  const sidebar = sidebarOf(page);
  await sidebar.getByRole('tab', { name: '资料' }).waitFor();
  return { page, sidebar, contact: demo[of] };
}

async function setFault(page: Page, set: (panel: Locator) => Promise<unknown>): Promise<void> {
  await page.getByRole('tab', { name: '故障注入' }).click();
  await set(page.getByRole('tabpanel'));
}

async function managerOfRep(): Promise<SandboxMember> {
  const { demo, members } = await journey.state();
  const rep = members.find(({ key }) => key === demo.member);
  const manager = members.find(
    ({ position, departments }) => position === '区域经理' && departments[0] === rep?.departments[0],
  );
  if (!manager) throw new Error('The rep of the story has no manager.');
  return manager;
}

const editor = (sidebar: FrameLocator, title: string, field: string): Locator =>
  card(sidebar, title).getByRole('button', { name: `修改${field}` });

test('while the model is down the last summary and the score stay, with their age, and the rep can still write', async () => {
  const { page, sidebar } = await besideChat();
  const summary = card(sidebar, '会话摘要');
  const need = summary.getByText('想统一管起来').first();
  await need.waitFor();
  await setFault(page, (panel) => panel.getByLabel('模型状态').selectOption('down'));
  await expect.poll(async () => (await journey.state()).faults.model.mode).toBe('down');
  const phone = page.getByRole('region', { name: '客户手机' });
  await phone.getByRole('textbox').fill('再问一下，能开专票吗？');
  await phone.getByRole('textbox').press('Enter');

  await summary.getByText(/AI 暂不可用，这是.+的摘要/).waitFor();
  await need.waitFor();
  expect(await card(sidebar, '意向评分').locator('.value').innerText()).toMatch(/^\d+$/);
  await card(sidebar, '意向评分').getByRole('button', { name: '看原因' }).click();
  await card(sidebar, '意向评分')
    .getByText(/刚刚计算|分钟前计算/)
    .waitFor();
  await sidebar.getByRole('textbox', { name: '回复内容，可修改' }).fill('可以开专票的。');
  expect(await card(sidebar, '建议回复').getByRole('button', { name: '发送', exact: true }).isEnabled()).toBe(true);
  await journey.faults({ model: { mode: 'up' } });
});

test('a contact outside the rep’s sight is not there, and whoever looks is told what to do', async () => {
  const { demo, members } = await journey.state();
  const colleague = members.find(({ key, contactCount }) => key !== demo.member && contactCount > 3);
  const [hidden] = await journey.contacts(String(colleague?.key), demo.member);
  const page = await journey.open(`sidebar.html?contact=${hidden}`);
  await page.getByRole('heading', { name: '还没有这位客户的资料' }).waitFor();
  expect(await shows(page.getByText('稍等后重试；仍没有请联系管理员'))).toBe(true);
});

test('from the workbench, a group or an ordinary browser the sidebar says where to open it', async () => {
  const { page, sidebar } = await besideChat();
  await page.getByLabel('入口').selectOption('normal');
  await sidebar.getByRole('heading', { name: '请从与客户的聊天中打开知客' }).waitFor();
  await page.getByLabel('入口').selectOption('group_chat_tools');
  await sidebar.getByText('群聊里暂不支持').waitFor();
  await page.getByLabel('入口').selectOption('single_chat_tools');
  await sidebar.getByRole('heading', { level: 1, name: /陈静/ }).waitFor();

  const ordinary = await journey.open('sidebar.html');
  expect(await shows(ordinary.getByText('知客是企业微信聊天侧边栏里的销售助手'))).toBe(true);
});

test('a session that ends keeps what was written, and it is there again after the login', async () => {
  const { page, sidebar, contact } = await besideChat();
  const reply = sidebar.getByRole('textbox', { name: '回复内容，可修改' });
  await reply.waitFor();

  // The same person logs out in another window of theirs.
  const other = await page.context().newPage();
  await other.goto(new URL(`sidebar.html?contact=${contact}`, journey.url).href);
  await other.getByRole('button', { name: '更多' }).click();
  const ended = other.waitForResponse((response) => response.url().endsWith('/api/logout'));
  await other.getByRole('button', { name: '退出登录' }).click();
  await ended;
  await other.close();

  await reply.fill('这句话不能丢。');
  await sidebar.getByText('登录已过期，写下的内容已保留').waitFor();
  await sidebar.getByRole('button', { name: '重新登录' }).click();
  await sidebar.getByText('登录已过期').waitFor({ state: 'detached' });
  await expect.poll(() => reply.inputValue()).toBe('这句话不能丢。');
});

test('without a network what was read stays, nothing can be sent, and all is back with the network', async () => {
  const { page, sidebar } = await besideChat();
  const reply = sidebar.getByRole('textbox', { name: '回复内容，可修改' });
  const send = card(sidebar, '建议回复').getByRole('button', { name: '发送', exact: true });
  await reply.fill('稍等，我确认一下。');
  await setFault(page, (panel) => panel.getByLabel('侧边栏断网').check());
  await sidebar.getByText(/离线，显示.+的资料/).waitFor();
  await sidebar.getByRole('heading', { level: 1, name: /陈静/ }).waitFor();
  expect(await send.isDisabled()).toBe(true);

  await page.getByLabel('侧边栏断网').uncheck();
  await sidebar.getByText(/离线，显示/).waitFor({ state: 'detached' });
  await expect.poll(() => send.isEnabled()).toBe(true);
});

test('a contact is bound in one press, with the reasons in sight, and unbound again', async () => {
  const { sidebar } = await besideChat();
  await openTab(sidebar, '资料');
  const binding = card(sidebar, '绑定的客户');
  const candidate = binding.getByRole('listitem').filter({ hasText: '杭州云帆物流有限公司' }).first();
  await candidate.getByText('企业名称「云帆物流」与客户名称相近').waitFor();
  await candidate.getByText('备注里有客户的名称「云帆物流」').waitFor();
  await candidate.getByRole('button', { name: '绑定到杭州云帆物流有限公司' }).click();
  await sidebar.getByText('已绑定到「杭州云帆物流有限公司」').waitFor();
  await card(sidebar, '客户档案').getByText('杭州云帆物流有限公司').waitFor();

  await binding.getByRole('button', { name: '解绑' }).click();
  await binding.getByText('可能是这些客户，一键绑定').waitFor();
  await binding.getByRole('button', { name: '绑定记录' }).click();
  const unbound = binding.getByRole('listitem').filter({ hasText: '与「杭州云帆物流有限公司」解绑' });
  await unbound.getByRole('button', { name: '撤销' }).click();
  expect(await shows(card(sidebar, '客户档案').getByText('杭州云帆物流有限公司'))).toBe(true);
});

test('two people edit one record: the second sees what the first changed, and decides', async () => {
  const { sidebar, contact } = await besideChat('secondContact');
  await openTab(sidebar, '资料');
  const binding = card(sidebar, '绑定的客户');
  await binding.getByRole('button', { name: '查找或新建' }).click();
  const sheet = sidebar.getByRole('dialog');
  await sheet.getByRole('button', { name: '新建客户' }).click();
  await sheet.getByLabel('名称').fill('苏州华瑞医疗器械有限公司');
  await sheet.getByRole('button', { name: '新建并绑定' }).click();
  const record = card(sidebar, '客户档案');
  await record.getByText('苏州华瑞医疗器械有限公司').waitFor();
  await editor(sidebar, '客户档案', '名称').click();
  await record.getByRole('textbox', { name: '名称' }).fill('华瑞医疗（苏州）');

  // Meanwhile the rep's manager has the same record open.
  const manager = await managerOfRep();
  const other = await journey.open(`sidebar.html?contact=${contact}`, { as: manager.key });
  await other.getByRole('tab', { name: '资料' }).click();
  const theirs = other.getByRole('region', { name: '客户档案' });
  await theirs.getByRole('button', { name: '修改名称' }).click();
  await theirs.getByRole('textbox', { name: '名称' }).fill('苏州华瑞医疗');
  await theirs.getByRole('button', { name: '保存' }).click();
  await other.getByText('已保存').waitFor();

  await record.getByRole('button', { name: '保存' }).click();
  const conflict = record.getByRole('alert');
  await conflict.getByText(new RegExp(`${manager.name}.*把名称改成了「苏州华瑞医疗」`)).waitFor();
  await conflict.getByRole('button', { name: '仍用我的' }).click();
  expect(await shows(record.getByText('华瑞医疗（苏州）'))).toBe(true);
});

test('a tag and a remark set in the sidebar are set in WeCom', async () => {
  const { page, sidebar } = await besideChat('secondContact');
  await sidebar.getByRole('button', { name: /标签/ }).click();
  const sheet = sidebar.getByRole('dialog', { name: '客户标签' });
  await sheet.getByRole('button', { name: '竞品对比' }).first().click();
  await sheet.getByRole('button', { name: '保存' }).click();
  await sidebar.getByText('标签已保存').waitFor();

  await openTab(sidebar, '资料');
  await editor(sidebar, '联系人', '备注名').click();
  await card(sidebar, '联系人').getByRole('textbox', { name: '备注名' }).fill('李总-华瑞（重点）');
  await card(sidebar, '联系人').getByRole('button', { name: '保存' }).click();

  // In the client's own window, beside the sidebar.
  await page.getByRole('heading', { name: /李总-华瑞（重点）/ }).waitFor();
  await page.getByRole('button', { name: '改备注和标签' }).click();
  const client = page.getByRole('dialog', { name: '在企业微信里改备注和标签' });
  await client.getByLabel('竞品对比').waitFor();
  expect(await client.getByLabel('竞品对比').isChecked()).toBe(true);
  expect(await client.getByLabel('备注', { exact: true }).inputValue()).toBe('李总-华瑞（重点）');
});

test('a talk that was held elsewhere is pasted, and read as any other', async () => {
  const { sidebar } = await besideChat('secondContact');
  await openTab(sidebar, '资料');
  const messages = card(sidebar, '聊天记录');
  await messages.getByRole('button', { name: '粘贴聊天记录' }).click();
  const sheet = sidebar.getByRole('dialog', { name: '粘贴聊天记录' });
  const said = '总部那边也想看看你们的移动端。';
  await sheet.getByRole('textbox').fill(`李总 10:02 ${said}\n王磊 10:05 好的，我安排同事演示。`);
  await sheet.getByRole('button', { name: '加入' }).click();
  await sidebar.getByText('新加 2 条，已有 0 条').waitFor();
  await messages.getByRole('button', { name: '查看聊天记录' }).click();
  expect(await shows(messages.getByRole('listitem').filter({ hasText: said }).getByText('李总'))).toBe(true);
});

test('a task whose answer was lost on the way, written down once more, is there once', async () => {
  const { page, sidebar } = await besideChat();
  await openTab(sidebar, '跟进');
  const asked: string[] = [];
  await page.route('**/api/tasks', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    asked.push(route.request().postData() ?? '');
    if (asked.length > 1) return route.continue();
    await route.fetch();
    return route.abort();
  });
  const form = sidebar.getByRole('form', { name: '新的跟进' });
  const title = form.getByRole('textbox', { name: '新的跟进' });
  await title.fill('寄样品给客户');
  await form.getByRole('button', { name: '添加' }).click();
  await form.getByText('连不上服务器，请检查网络后重试。').waitFor();
  expect(await title.inputValue()).toBe('寄样品给客户');
  await form.getByRole('button', { name: '添加' }).click();
  await sidebar.getByText('已加入跟进').waitFor();
  await expect.poll(() => sidebar.getByRole('listitem').filter({ hasText: '寄样品给客户' }).count()).toBe(1);
  expect(asked).toHaveLength(2);
  expect(asked[1]).toBe(asked[0]);
});
