import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { DingtalkState } from '#bot/sandbox/dingtalk-phone-api.ts';
import { useSandbox } from '#tests/bot/sandbox-world.ts';
import { axeFindings } from '#tests/support/axe.ts';
import { launchBrowser } from '#tests/support/browser.ts';
import { DingtalkApp } from './dingtalk-app.ts';

const world = useSandbox();
const app = new DingtalkApp(world);
let browser: Browser;
let page: Page;
let broken: string[];
let demo: DingtalkState['demo'];
let cards = 0;

/** A page of a product that asks its client who it is, and can ask its user something. */
const framed = `<!doctype html><html><head><title>审批</title></head><body>
<p role="status"></p><button>转交</button><script>
  document.querySelector('p').textContent = (/DingTalk/.test(navigator.userAgent) ? '钉钉 ' : '') + location.pathname + location.hash;
  const bridge = (name, params) => new Promise((done) =>
    WebViewJavascriptBridge.callHandler(name, params, (reply) => done(typeof reply === 'string' ? JSON.parse(reply) : reply)));
  document.querySelector('button').onclick = async () => {
    const reply = await bridge('device.notification.confirm', { title: '转交', message: '转交给总监？', buttonLabels: ['取消', '转交'] });
    document.querySelector('p').textContent = JSON.stringify(reply);
  };
</script></body></html>`;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

beforeEach(async () => {
  world.onRequest = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(framed);
  };
  world.onCallback = (_, response, body) => app.hear(body, response);
  app.presses = [];
  app.answer = ({ user }) => decided(user);
  ({ demo } = await app.state());
  await world.post('dingtalk/settings', { cardAnswerMs: 300 });
  await world.post('dingtalk/faults', { card: { serviceDown: false, duplicateTap: false, lateTapMs: 0 } });
  page = await newPage();
});
afterEach(async () => {
  await page.close();
  if (broken.length > 0) throw new Error(`The page broke: ${broken.join('; ')}`);
});

async function newPage(options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
  const made = await browser.newPage({ locale: 'zh-CN', viewport: { width: 1440, height: 900 }, ...options });
  broken = [];
  made.on('pageerror', (error) => broken.push(error.message));
  return made;
}

/** As the product's card template has it. */
const open = (url: string): Record<string, string> => ({
  title: `折扣审批 ${cards}：陈女士`,
  line1_label: '申请人',
  line1_text: '王磊',
  line2_label: '金额',
  line2_text: '12,800 → 10,880 元',
  risk: '超出权限 10%',
  verdict: '',
  status: 'open',
  url,
  approve_label: '同意',
  approve_action: 'approve',
  reject_label: '拒绝',
  reject_action: '',
  reject_url: url,
});
const buttonless = { approve_label: '', approve_action: '', reject_label: '', reject_url: '', can_press: 'false' };
const decided = (user: string): Record<string, string> => ({
  ...buttonless,
  verdict: `已同意 · ${user}`,
  status: 'decided',
});

async function ask(...users: string[]): Promise<string> {
  cards += 1;
  const path = `/inbox.html#/approvals/${cards}`;
  for (const user of users) await app.sendCard(user, `card${cards}-${user}`, open(app.page(path)));
  return path;
}

async function look(hash = '#story=2&as=wanglei&width=360'): Promise<void> {
  await page.goto(`${world.sandbox.url}/${hash}`);
  await page.getByRole('heading', { level: 1, name: '知客沙箱' }).waitFor();
}

const phone = () => page.getByRole('region', { name: '钉钉手机' });
/** The newest card in the conversation: the ones before may wait there still. */
const card = () =>
  phone()
    .getByRole('list', { name: '审批助手' })
    .getByRole('article')
    .filter({ hasText: `折扣审批 ${cards}：` });

test('a manager reads what is asked on the card and agrees with one press', async () => {
  await look();
  await ask(demo.manager);
  await card().getByText('12,800 → 10,880 元').waitFor();
  expect(await card().innerText()).toContain('超出权限 10%');
  await card().getByRole('button', { name: '同意' }).click();
  await card().getByText(`已同意 · ${demo.manager}`).waitFor();
  expect(await card().getByRole('button', { name: '同意' }).count()).toBe(0);
  expect(app.presses).toMatchObject([{ user: demo.manager, action: 'approve' }]);
});

test('the copy of another manager shows the decision too, and each phone counts what waits on it', async () => {
  await look('#story=1&as=wanglei&width=360');
  await ask(demo.manager, demo.secondManager);
  app.answer = ({ user }) => {
    for (const other of [demo.manager, demo.secondManager])
      if (other !== user) void app.changeCard(`card${cards}-${other}`, decided(user));
    return decided(user);
  };
  await page.getByRole('tab', { name: /经理钉钉/ }).click();
  await phone().getByLabel('扮演').selectOption(demo.secondManager);
  await phone()
    .getByRole('button', { name: /^审批助手/ })
    .click();
  await card().getByRole('button', { name: '同意' }).click();
  await card().getByText(`已同意 · ${demo.secondManager}`).waitFor();
  await phone().getByLabel('扮演').selectOption(demo.manager);
  await card().getByText(`已同意 · ${demo.secondManager}`).waitFor();
  await expect.poll(() => phone().getByRole('button', { name: '同意' }).count()).toBe(0);
});

test('an app that does not answer in time is said on the card, and pressing again still works', async () => {
  await look();
  await ask(demo.manager);
  app.answer = () => null;
  await card().getByRole('button', { name: '同意' }).click();
  await card().getByRole('alert').getByText('操作超时').waitFor();
  app.answer = ({ user }) => decided(user);
  await card().getByRole('button', { name: '同意' }).click();
  await card()
    .getByText(/^已同意/)
    .waitFor();
  expect(await card().getByRole('alert').count()).toBe(0);
});

test('a second tap leaves while the first is on its way', async () => {
  await world.post('dingtalk/settings', { cardAnswerMs: 5000 });
  await look();
  await ask(demo.manager);
  let free = () => {};
  const held = new Promise<void>((resolve) => {
    free = resolve;
  });
  world.onCallback = (_, response, body) => void held.then(() => app.hear(body, response));
  const agree = card().getByRole('button', { name: '同意' });
  await agree.click();
  await agree.and(page.locator('[aria-busy=true]')).click();
  await card().getByText('2 次点击').waitFor();
  free();
  await card()
    .getByText(/^已同意/)
    .waitFor();
  await expect.poll(() => app.presses.length).toBe(2);
});

test('the title and 拒绝 open the page in DingTalk’s webview, on the phone or as on a desktop', async () => {
  await look();
  const path = await ask(demo.manager);
  await card().getByRole('button', { name: '拒绝' }).click();
  const inside = phone().frameLocator('iframe[title="钉钉里打开的页面"]');
  await inside.getByText(`钉钉 ${path}`).waitFor();
  expect(app.presses).toEqual([]);
  const width = () =>
    phone()
      .locator('iframe')
      .boundingBox()
      .then((box) => box?.width ?? 0);
  expect(await width()).toBeLessThanOrEqual(375);
  await page.getByRole('button', { name: '桌面', exact: true }).click();
  expect(await width()).toBeGreaterThanOrEqual(768);
  await inside.getByText(path).waitFor();
  await page.getByRole('button', { name: '手机', exact: true }).click();
  await phone().getByRole('button', { name: '返回' }).click();
  await card().getByRole('button', { name: '折扣审批' }).click();
  await inside.getByText(path).waitFor();
});

test('everything on the phone is reached by keyboard, and the focus stays where one is', async () => {
  await look();
  await ask(demo.manager);
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: on, body } = document;
      return on === body ? 'nothing' : on?.textContent || on?.ariaLabel;
    });
  await card().getByRole('button', { name: '折扣审批' }).focus();
  await page.keyboard.press('Enter');
  await phone().locator('iframe').waitFor();
  await expect.poll(focused).toBe('返回');
  await page.keyboard.press('Enter');
  await expect.poll(focused).toContain('折扣审批');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('同意');
  await page.keyboard.press('Space');
  await card()
    .getByText(/^已同意/)
    .waitFor();
  await phone().getByRole('button', { name: '返回' }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(focused).toContain('审批助手');
});

test('what a page asks of its user is asked in its place, and answered to the page', async () => {
  await look();
  await ask(demo.manager);
  await card().getByRole('button', { name: '拒绝' }).click();
  const inside = phone().frameLocator('iframe');
  await inside.getByRole('button', { name: '转交' }).click();
  const question = page.getByRole('dialog', { name: '转交' });
  await question.getByText('转交给总监？').waitFor();
  await question.getByRole('button', { name: '转交' }).click();
  await inside.getByText('"buttonIndex":1').waitFor();
  expect(await page.getByRole('dialog').count()).toBe(0);
});

test('a todo is ticked off on the phone, and a form is decided there with a remark', async () => {
  await look();
  const unionId = await app.unionId(demo.manager);
  await app.call('POST', `/v1.0/todo/users/${unionId}/tasks?operatorId=${unionId}`, {
    subject: '审批：八五折',
    creatorId: unionId,
    executorIds: [unionId],
    detailUrl: { appUrl: app.page('/inbox.html'), pcUrl: app.page('/inbox.html') },
  });
  const { form } = (await app.act({
    kind: 'start_form',
    user: demo.rep,
    template: 'PROC-ZHIKE-DISCOUNT',
    values: { 审批编号: 'A-1', 事项: '八五折' },
    approvers: [demo.manager],
  })) as { form: string };
  await phone().getByRole('button', { name: '返回' }).click();
  await phone().getByRole('button', { name: /^待办/ }).click();
  await phone().getByRole('checkbox', { name: '审批：八五折' }).check();
  await phone().getByRole('heading', { name: '已完成 · 1' }).waitFor();
  expect((await app.phone(demo.manager)).todos).toMatchObject([{ title: '审批：八五折', isDone: true }]);
  await phone().getByRole('button', { name: '返回' }).click();
  await phone()
    .getByRole('button', { name: /^OA 审批.*1 件待办/ })
    .click();
  const open = phone().getByRole('article').filter({ hasText: '八五折' });
  await open.getByLabel('审批意见').fill('下不为例');
  await open.getByRole('button', { name: '同意' }).click();
  await open.getByText('下不为例').waitFor();
  const { forms } = await app.phone(demo.manager);
  expect(forms.find((one) => one.form === form)).toMatchObject({ status: 'COMPLETED', result: 'agree' });
});

test('two managers at once, a double tap and an old card are played by one press each', async () => {
  await look();
  await ask(demo.manager, demo.secondManager);
  const first: { by: string } = { by: '' };
  app.answer = ({ user }) => {
    first.by ||= user;
    return decided(first.by);
  };
  await page.getByRole('tab', { name: '钉钉故障' }).click();
  await page.getByRole('button', { name: '两位经理同时点「同意」' }).click();
  await card()
    .getByText(/^已同意/)
    .waitFor();
  expect(app.presses.map(({ user }) => user).sort()).toEqual([demo.manager, demo.secondManager].sort());
  await page.getByRole('button', { name: '在旧卡片上再点「同意」' }).click();
  await expect.poll(() => app.presses.length).toBe(3);
  await ask(demo.manager);
  await card().getByRole('button', { name: '同意' }).waitFor();
  await page.getByRole('button', { name: '连点两下「同意」' }).click();
  await expect.poll(() => app.presses.length).toBe(5);
});

test('DingTalk’s faults are set, seen and taken away on the page', async () => {
  await look();
  await page.getByRole('tab', { name: '钉钉故障' }).click();
  const panel = page.getByRole('group', { name: '钉钉故障' });
  await panel.getByLabel('卡片服务不可用').check();
  await panel.getByLabel('点击迟到').check();
  await panel.getByLabel('断开 Stream').check();
  await panel.getByLabel('接口故障').selectOption('quota');
  await panel.getByRole('button', { name: '注入接口故障' }).click();
  await panel.getByText('调用量用完 · 全部接口 · 还有 5 次').waitFor();
  const { faults } = await app.state();
  expect(faults).toMatchObject({
    card: { serviceDown: true, lateTapMs: 4000 },
    stream: { cut: true },
    api: [{ kind: 'quota', calls: 5 }],
  });
  await panel.getByRole('button', { name: '移除 卡片服务不可用' }).click();
  await panel.getByLabel('卡片服务不可用', { exact: true }).and(page.locator(':not(:checked)')).waitFor();
  await panel.getByRole('button', { name: '清除全部故障' }).click();
  await panel.getByText('没有故障，一切正常。').waitFor();
  expect((await app.state()).faults).toMatchObject({ api: [], card: { serviceDown: false, lateTapMs: 0 } });
});

test('a member without DingTalk decides on the card in WeCom', async () => {
  const access_token = await world.token();
  const to = (await world.state()).members.find((one) => one.position === '区域经理')?.key ?? '';
  const { response_code } = await world.call(
    'message/send',
    { access_token },
    {
      touser: to,
      msgtype: 'template_card',
      agentid: Number(world.env('WECOM_AGENT_ID')),
      template_card: {
        card_type: 'button_interaction',
        main_title: { title: '折扣审批：云帆物流' },
        horizontal_content_list: [{ keyname: '折扣', value: '15%' }],
        task_id: 'wecom-card-1',
        button_list: [{ type: 0, text: '同意', style: 1, key: 'approve' }],
      },
    },
  );
  world.onCallback = (_, response) => void response.end();
  await look(`#story=1&as=${to}&width=360`);
  await page
    .getByRole('navigation', { name: '联系人' })
    .getByRole('button', { name: /知客应用消息/ })
    .click();
  const own = page.getByRole('region', { name: '知客应用消息' }).getByRole('article');
  await own.getByText('15%').waitFor();
  const before = world.deliveries.length;
  await own.getByRole('button', { name: '同意' }).click();
  await world.delivered(before + 1);
  await world.call(
    'message/update_template_card',
    { access_token },
    { agentid: Number(world.env('WECOM_AGENT_ID')), userids: [to], response_code, button: { replace_name: '已同意' } },
  );
  await own.getByText('已同意').waitFor();
  expect(await own.getByRole('button', { name: '同意' }).count()).toBe(0);
});

test.each([
  ['zh-CN', 'light', 1440],
  ['en-US', 'dark', 1280],
  ['zh-CN', 'dark', 1100],
  ['en-US', 'light', 360],
] as const)(
  'axe finds nothing on the phone in %s, %s, at %i px, and nothing hangs over the side',
  async (locale, theme, width) => {
    await world.post('settings', { theme });
    const own = await newPage({ locale, viewport: { width, height: 800 } });
    await page.close();
    page = own;
    await ask(demo.manager);
    const isChinese = locale === 'zh-CN';
    const say = (zh: string, en: string) => (isChinese ? zh : en);
    await page.goto(`${world.sandbox.url}/#story=2&as=wanglei&width=360`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    if (width < 1180) await page.getByRole('tab', { name: isChinese ? /^经理钉钉/ : /^DingTalk(?! faults)/ }).click();
    const device = page.getByRole('region', { name: say('钉钉手机', 'DingTalk phone') });
    const newest = device.getByRole('article').filter({ hasText: `折扣审批 ${cards}：` });
    await newest.getByRole('button', { name: '同意' }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await newest.getByRole('button', { name: '拒绝' }).click();
    await device.locator('iframe').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await device.getByRole('button', { name: say('关闭', 'Close') }).click();
    await device.getByRole('button', { name: say('返回', 'Back') }).click();
    expect(await axeFindings(page)).toEqual([]);
    for (const chat of [say('待办', 'Todos'), say('OA 审批', 'OA forms')]) {
      await device.getByRole('button', { name: new RegExp(`^${chat}`) }).click();
      expect(await axeFindings(page)).toEqual([]);
      await device.getByRole('button', { name: say('返回', 'Back') }).click();
    }
    await page.getByRole('tab', { name: say('钉钉故障', 'DingTalk faults') }).click();
    expect(await axeFindings(page)).toEqual([]);
    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overhang).toBeLessThanOrEqual(0);
  },
);
