import { createHash } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Faults } from '#bot/sandbox/fault-api.ts';
import { useSandbox } from '#tests/bot/sandbox-world.ts';
import { axeFindings } from '#tests/support/axe.ts';
import { launchBrowser } from '#tests/support/browser.ts';

const world = useSandbox();
let browser: Browser;
let page: Page;
let broken: string[];

/** A page of a product that has itself signed, says whose chat it stands beside, and can say hello there. */
const framed = `<!doctype html><html><head><title>Sidebar</title></head><body>
<p role="status"></p><button>问好</button><b></b><script>
  const ask = (name, params) => new Promise((answer) => WeixinJSBridge.invoke(name, params, answer));
  const show = (text) => { document.querySelector('p').textContent = text; };
  (async () => {
    const config = await (await fetch('/signed?url=' + encodeURIComponent(location.href.split('#')[0]))).json();
    await ask('agentConfig', config);
    const { entry } = await ask('getContext', {});
    const { userId, err_msg } = await ask('getCurExternalContact', {});
    show(entry + ' ' + (userId || err_msg));
  })();
  document.querySelector('button').onclick = () => ask('sendChatMessage', { msgtype: 'text', text: { content: '侧边栏问好' } });
  addEventListener('offline', () => fetch('/again').catch(() => { document.querySelector("b").textContent = '离线'; }));
</script></body></html>`;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

beforeEach(async () => {
  const access_token = await world.token();
  const { ticket } = await world.call('ticket/get', { access_token, type: 'agent_config' });
  world.onRequest = (request, response) => {
    const asked = new URL(request.url ?? '/', world.sandbox.url);
    if (asked.pathname === '/sidebar.html') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(framed);
      return;
    }
    const [timestamp, nonceStr, url] = ['1700000000', 'n0nce', asked.searchParams.get('url')];
    const text = `jsapi_ticket=${String(ticket)}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`;
    const signature = createHash('sha1').update(text).digest('hex');
    const config = { corpid: world.env('WECOM_CORP_ID'), agentid: world.env('WECOM_AGENT_ID') };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...config, timestamp, nonceStr, signature }));
  };
  page = await browser.newPage({ locale: 'zh-CN', viewport: { width: 1440, height: 900 } });
  broken = [];
  page.on('pageerror', (error) => broken.push(error.message));
});
afterEach(async () => {
  await page.close();
  if (broken.length > 0) throw new Error(`The page broke: ${broken.join('; ')}`);
});

async function open(hash = '#story=1&as=wanglei&width=360'): Promise<void> {
  await page.goto(`${world.sandbox.url}/${hash}`);
  await page.getByRole('heading', { level: 1, name: '知客沙箱' }).waitFor();
}

const sidebar = () => page.frameLocator('iframe[title="知客侧边栏"]');
const talk = () => page.getByRole('list', { name: '聊天记录' });
const phone = () => page.getByRole('region', { name: '客户手机' });
const chooseContact = (name: RegExp) =>
  page.getByRole('navigation', { name: '联系人' }).getByRole('button', { name }).click();

test('the sidebar is told whose chat it stands beside, and opens anew for another', async () => {
  const { demo } = await world.state();
  await open();
  await sidebar().getByText(`single_chat_tools ${demo.contact}`).waitFor();
  await chooseContact(/李总/);
  await sidebar().getByText(`single_chat_tools ${demo.secondContact}`).waitFor();
  await page.getByLabel('入口').selectOption('normal');
  await sidebar()
    .getByText(/^normal/)
    .waitFor();
  expect(await sidebar().getByRole('status').textContent()).toBe('normal getCurExternalContact:fail_no permission');
});

test('what the sidebar sends stands in the chat as sent from there, and on the customer’s phone', async () => {
  await open();
  await sidebar().getByText('single_chat_tools').waitFor();
  await sidebar().getByRole('button', { name: '问好' }).click();
  await phone().getByText('侧边栏问好').waitFor();
  const sent = talk().getByRole('listitem').filter({ hasText: '侧边栏问好' });
  expect(await sent.textContent()).toContain('由侧边栏发送');
});

test('a newcomer on the phone adds the rep, and both sides talk', async () => {
  await open();
  await phone().getByRole('button', { name: '添加员工为联系人' }).click();
  await page.getByLabel('客户', { exact: true }).selectOption({ label: '一位新客户' });
  await page.getByLabel('客户姓名').fill('孟女士');
  await page.getByLabel('渠道 state（可空）').fill('ch_expo');
  await page.getByRole('button', { name: '添加', exact: true }).click();
  await page.getByRole('heading', { name: /^孟女士/ }).waitFor();
  await page.getByLabel('在手机上打字').fill('一年多少钱？');
  await page.getByLabel('在手机上打字').press('Enter');
  await talk().getByText('一年多少钱？').waitFor();
  await page.getByLabel('输入消息').fill('您好，马上为您报价');
  await page.getByLabel('输入消息').press('Enter');
  await phone().getByText('您好，马上为您报价').waitFor();
  const { contacts } = await world.get<{ contacts: { name: string; channel: string; consent: string }[] }>(
    'contacts?member=wanglei',
  );
  expect(contacts[0]).toMatchObject({ name: '孟女士', channel: 'ch_expo', consent: 'agreed' });
});

test('a message that cannot leave stays where it is, with the reason, until it is sent or thrown away', async () => {
  const contact = await world.newFriend('崔先生');
  await open();
  await chooseContact(/崔先生/);
  await phone().getByRole('button', { name: '删除员工' }).click();
  await phone().getByText('你们现在不是好友').waitFor();
  await page.getByLabel('输入消息').fill('还在吗');
  await page.getByLabel('输入消息').press('Enter');
  await talk().getByRole('alert').getByText('两人不是好友').waitFor();
  await world.act({ kind: 'customer_adds', member: 'wanglei', contact });
  await talk().getByRole('button', { name: '重试' }).click();
  await talk().getByRole('alert').waitFor({ state: 'detached' });
  await talk().getByText('发送中…').waitFor({ state: 'detached' });
  expect((await world.chat(contact)).messages.at(-1)).toMatchObject({ text: '还在吗', by: 'member' });
});

test('whoever is chosen is who logs in, with contacts of their own', async () => {
  const manager = (await world.state()).members.find((one) => one.position === '区域经理');
  await open();
  await page.getByLabel('身份').selectOption(manager?.key ?? '');
  await page.waitForURL(new RegExp(`as=${manager?.key}`));
  const playing = await page.evaluate(async () => {
    const state = (await (await fetch('/sandbox/api/state')).json()) as { playing: string };
    return state.playing;
  });
  expect(playing).toBe(manager?.key);
  const contacts = await world.get<{ contacts: unknown[] }>(`contacts?member=${manager?.key}`);
  const listed = page.getByRole('navigation', { name: '联系人' }).getByRole('listitem');
  // The first two are the app's own and the group-send assistant.
  expect(await listed.count()).toBe(contacts.contacts.length + 2);
});

test('what the app tells a member is shown, and its link opens beside no chat', async () => {
  await open();
  const access_token = await world.token();
  await world.call(
    'message/send',
    { access_token },
    {
      touser: 'wanglei',
      msgtype: 'textcard',
      agentid: Number(world.env('WECOM_AGENT_ID')),
      textcard: {
        title: '跟进到期',
        description: '给陈女士发报价单',
        url: `${world.sandbox.url}/sidebar.html?contact=c1`,
      },
    },
  );
  await chooseContact(/知客应用消息/);
  await page.getByRole('region', { name: '知客应用消息' }).getByText('跟进到期').waitFor();
  await page.getByRole('button', { name: '打开链接' }).click();
  await sidebar()
    .getByText(/^normal/)
    .waitFor();
  expect(page.frames().map((frame) => new URL(frame.url()).search)).toContain('?contact=c1');
});

test('an address sets the scene: story, person and width', async () => {
  await open('#story=6&as=wanglei&width=300');
  await sidebar().getByText('normal').waitFor();
  expect(await page.getByRole('button', { name: '⑥ 从错误入口打开' }).getAttribute('aria-pressed')).toBe('true');
  const box = await page.getByRole('region', { name: '侧边栏' }).boundingBox();
  expect(box?.width).toBe(300);
  await open('#story=4&as=wanglei&width=360');
  await page.getByRole('button', { name: '④ AI 不可用', pressed: true }).waitFor();
  await expect.poll(async () => (await world.state()).faults.model.mode).toBe('down');
});

test('faults are set, seen and taken away on the page', async () => {
  await open();
  await page.getByRole('tab', { name: '故障注入' }).click();
  await page.getByLabel('接口故障').selectOption('ip_refused');
  await page.getByRole('form', { name: '平台接口' }).getByLabel('次数').fill('3');
  await page.getByRole('button', { name: '注入接口故障' }).click();
  await page.getByLabel('丢失推送').check();
  await page.getByLabel('桥故障').selectOption('timeout');
  await page.getByRole('button', { name: '注入桥故障' }).click();
  await page.getByText('不回答 · sendChatMessage · 还有 1 次').waitFor();
  const expected: Partial<Faults> = {
    api: [{ path: '*', kind: 'ip_refused', calls: 3, delayMs: 3000, code: 40058 }],
    bridge: { sendChatMessage: { kind: 'timeout', calls: 1 } },
  };
  await expect.poll(async () => (await world.state()).faults).toMatchObject({ ...expected, callbacks: { lose: true } });
  await page.getByRole('button', { name: '移除 丢失推送' }).click();
  await page.getByLabel('丢失推送', { exact: true }).and(page.locator(':not(:checked)')).waitFor();
  await page.getByRole('button', { name: '清除全部故障' }).click();
  await page.getByText('没有故障，一切正常。').waitFor();
  expect((await world.state()).faults).toMatchObject({ api: [], bridge: {}, callbacks: { lose: false } });
});

test('without a network what is open stays and asks in vain, and no other page opens', async () => {
  await open();
  await sidebar().getByText('single_chat_tools').waitFor();
  await page.getByRole('tab', { name: '故障注入' }).click();
  await page.getByLabel('侧边栏断网').check();
  await sidebar().getByText('离线').waitFor();
  expect(await sidebar().getByText('single_chat_tools').count()).toBe(1);
  await chooseContact(/李总/);
  await page.getByText('没有网络，客户端打不开新的页面').waitFor();
  expect(await page.getByTitle('知客侧边栏').count()).toBe(0);
  await page.getByLabel('侧边栏断网').uncheck();
  await sidebar().getByText('single_chat_tools').waitFor();
});

test('calls and callbacks are in the log, with what was said and without credentials', async () => {
  await open();
  await world.newFriend('水女士');
  const log = page.getByRole('tabpanel');
  await log.getByLabel('日志类型').selectOption('push');
  await log
    .getByRole('button', { name: /change_external_contact\/add_external_contact/ })
    .last()
    .click();
  const said = await log.locator('pre').last().textContent();
  expect(said).toContain('<ChangeType><![CDATA[add_external_contact]]>');
  expect(said).toContain('<WelcomeCode><![CDATA[***]]>');
});

test('the tour begins by itself for a newcomer only, in six steps, and is not in the way', async () => {
  await open('');
  for (const step of [1, 2, 3, 4, 5]) {
    await page.getByRole('dialog', { name: `导览，第 ${step} 步，共 6 步` }).waitFor();
    await page.getByRole('button', { name: '下一步' }).click();
  }
  await page.getByRole('button', { name: '开始玩' }).click();
  await page.reload();
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(await page.getByRole('dialog').count()).toBe(0);
});

test.each([
  ['zh-CN', 'light', 1440],
  ['en-US', 'dark', 1440],
  ['zh-CN', 'dark', 1100],
  ['en-US', 'light', 360],
] as const)('axe finds nothing in %s, %s, at %i px, and nothing hangs over the side', async (locale, theme, width) => {
  await world.post('settings', { theme });
  const own = await browser.newPage({ locale, viewport: { width, height: 800 } });
  await page.close();
  page = own;
  await page.goto(`${world.sandbox.url}/#story=4&as=wanglei&width=360`);
  const isChinese = locale === 'zh-CN';
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByRole('list', { name: isChinese ? '聊天记录' : 'Messages', exact: true }).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  for (const tab of isChinese ? ['故障注入', '后台操作'] : ['Faults', 'Console']) {
    await page.getByRole('tab', { name: new RegExp(`^${tab}`) }).click();
    expect(await axeFindings(page)).toEqual([]);
  }
  await page.getByRole('button', { name: isChinese ? '导览' : 'Tour', exact: true }).click();
  expect(await axeFindings(page)).toEqual([]);
  await page.keyboard.press('Escape');
  if (width < 1180) await page.getByRole('tab', { name: isChinese ? '客户手机' : 'Customer’s phone' }).click();
  await page.getByRole('button', { name: isChinese ? '添加员工为联系人' : 'Add a rep' }).click();
  expect(await axeFindings(page)).toEqual([]);
  const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overhang).toBeLessThanOrEqual(0);
});
