import type { Page } from 'playwright-core';
import { expect, test, vi } from 'vitest';
import type { SandboxGroupSend } from '#bot/sandbox/wecom-send-api.ts';
import type { SandboxContact } from '#bot/sandbox/wecom-window-api.ts';
import type { BroadcastView } from '#server/broadcast/broadcast-api.ts';
import type { BroadcastRules } from '#server/broadcast/broadcast-rules-api.ts';
import type { ResultView } from '#server/broadcast/results-api.ts';
import { callerAs, picture, shows, useJourney, type Call } from '#tests/support/journey.ts';
import { cardOn, dingtalkOf } from '#tests/support/sale.ts';
import { patienceMs } from '#tests/support/patience.ts';

interface SyncRun {
  platform: string;
  kind: string;
  state: string;
}

const journey = useJourney();
const patience = { timeout: patienceMs, interval: 500 };

test('a broadcast goes from a rule to what it earned: approved in DingTalk, confirmed by two reps in WeCom', async () => {
  const marketing = await marketer();
  const desk = await journey.open('desk.html#/segments', { as: marketing.key, width: 1280 });
  await makeSegment(desk, '有标签的客户');
  const broadcast = await writeBroadcast(desk, '新品发布会邀请');
  const { plan } = await read(marketing.call, broadcast);
  expect(plan?.counts.holdOut).toBeGreaterThan(0);
  await shows(desk.getByText(/^等待 .+ 审批。/));

  const page = await agree('新品发布会邀请');
  await expect.poll(async () => (await read(marketing.call, broadcast)).state, patience).toBe('running');
  const [one, other] = await sendsOf('新品发布会邀请');
  if (!one || !other) throw new Error('Two reps were to be asked.');
  for (const send of [one, other]) {
    const assistant = await assistantOf(page, send.member);
    await shows(assistant.getByRole('heading', { name: `管理员请你发给 ${send.contactCount} 位客户` }));
    await assistant.getByRole('button', { name: '发送', exact: true }).click();
    await shows(assistant.getByText(/^已发送/));
  }
  await picture(page, 'sandbox-broadcast');
  await journey.act({ kind: 'sends_confirmed', send: null });
  // Whoever unfriended the rep meanwhile is counted with the reason.
  await expect
    .poll(async () => {
      const { waterfall, failures } = await results(marketing.call, broadcast);
      return failures.reduce((sum, { count }) => sum + count, waterfall.delivered);
    }, patience)
    .toBe(plan?.counts.target);
  // Some answer, in their chats with whoever wrote to them; nobody does who was held out.
  const answering = (await reached()).slice(0, 30);
  for (const pair of answering) {
    await journey.act({ kind: 'customer_consents', ...pair, agree: true });
    await journey.act({ kind: 'customer_writes', ...pair, text: '好的，我来。' });
  }
  await expect
    .poll(async () => (await results(marketing.call, broadcast)).waterfall.replied, patience)
    .toBe(answering.length);

  await desk.getByRole('link', { name: '结果', exact: true }).click();
  const funnel = desk.getByRole('table', { name: '从目标到成交' });
  await shows(funnel.getByRole('row', { name: /已送达/ }));
  await shows(funnel.getByRole('row', { name: /已回复.*30/ }));
  await shows(desk.getByText(/^回复率：发送组 .+，对照组 0%，高出 /));
  await shows(desk.getByText(/^结果更新至/));
  await picture(desk, 'desk-results');
});

test('cancelled half way, what was sent stays sent and nobody else is asked any more', async () => {
  const marketing = await marketer();
  const desk = await journey.open('desk.html#/segments', { as: marketing.key, width: 1280 });
  await makeSegment(desk, '要取消的人群');
  const broadcast = await writeBroadcast(desk, '写错价格的邀请');
  await agree('写错价格的邀请');
  await expect.poll(async () => (await read(marketing.call, broadcast)).state, patience).toBe('running');
  const [one, ...others] = await sendsOf('写错价格的邀请');
  if (!one || others.length === 0) throw new Error('Two reps were to be asked.');
  await journey.act({ kind: 'send_confirmed', member: one.member, send: one.id });
  // Whoever unfriended the rep meanwhile is counted with the reason.
  const come = async () => {
    const { waterfall, failures } = await results(marketing.call, broadcast);
    const failed = failures.filter(({ reason }) => reason !== 'cancelled');
    return failed.reduce((sum, { count }) => sum + count, waterfall.delivered);
  };
  await expect.poll(come, patience).toBe(one.contactCount);

  await desk.getByRole('button', { name: '取消群发' }).click();
  const sheet = desk.getByRole('dialog');
  await sheet.getByLabel('原因').fill('价格写错了');
  await sheet.getByRole('button', { name: '取消群发' }).click();
  await shows(desk.getByText('已取消：价格写错了'));
  await expect
    .poll(async () => (await sendsOf('写错价格的邀请')).filter(({ state }) => state === 'waiting'), patience)
    .toEqual([]);
  const { waterfall } = await results(marketing.call, broadcast);
  await expect
    .poll(async () => (await results(marketing.call, broadcast)).failures, patience)
    .toContainEqual({ reason: 'cancelled', count: waterfall.target - one.contactCount });
  expect(await come()).toBe(one.contactCount);
});

async function marketer(): Promise<{ key: string; call: Call }> {
  await setUp();
  const { members } = await journey.state();
  const key = members.find(({ position, active }) => active && position.includes('市场'))?.key ?? '';
  // Nobody logs in before the product has read the company's members.
  const call = await vi.waitFor(() => callerAs(journey.url, key), patience);
  return { key, call };
}

/** The product knows the whole company; any hour will do, and however often somebody was written to by the test before. */
async function setUp(): Promise<void> {
  const { members } = await journey.state();
  const admin = members.find(({ position }) => position.includes('管理员'));
  const call = await vi.waitFor(() => callerAs(journey.url, admin?.key ?? ''), patience);
  const isRead = async () => {
    const { items } = await ask<{ items: SyncRun[] }>(call, '/api/sync-runs');
    const done = items.filter(({ platform, state }) => platform === 'wecom' && state === 'done');
    return ['contacts', 'tags'].every((kind) => done.some((run) => run.kind === kind));
  };
  await expect.poll(isRead, patience).toBe(true);
  const rules = await ask<BroadcastRules>(call, '/api/settings/broadcast-rules');
  const free = { perDay: null, perWeek: null, perMonth: null, fatigue: null, quiet: null };
  const answer = await call('PUT', '/api/settings/broadcast-rules', { ...rules, ...free });
  if (!answer.ok) throw new Error(`The rules were refused: ${await answer.text()}`);
}

/** In the screen, rule by rule. */
async function makeSegment(desk: Page, name: string): Promise<void> {
  await desk.getByRole('button', { name: '新建人群' }).first().click();
  await desk.getByLabel('人群名称').fill(name);
  const area = (which: '包含' | '排除') => desk.getByRole('group', { name: which, exact: true });
  await area('包含')
    .getByRole('button', { name: /加规则/ })
    .click();
  await area('包含').getByLabel('条件').selectOption({ label: '标签' });
  await area('包含').getByLabel('怎么比').selectOption({ label: '已填写' });
  await area('排除')
    .getByRole('button', { name: /加规则/ })
    .click();
  await area('排除').getByLabel('条件').selectOption({ label: '已退订' });
  const lines = desk.getByRole('table', { name: '每条规则之后还剩多少人' });
  await shows(lines.getByRole('row', { name: /排除: 已退订/ }));
  await shows(lines.getByRole('row', { name: /标签/ }));
  await desk.getByRole('button', { name: '保存', exact: true }).click();
  await shows(desk.getByText('已保存').first());
}

/** From the segment to the request for approval. */
async function writeBroadcast(desk: Page, name: string): Promise<string> {
  await desk.getByRole('button', { name: '用于群发' }).click();
  await desk.getByLabel('群发名称').fill(name);
  // Half of them, so that however the draw falls it stays among what a manager may agree to on the card.
  await desk.getByLabel('对照组').selectOption('50');
  const plan = desk.getByRole('table', { name: '预检：谁会收到' });
  await shows(plan.getByRole('row', { name: /对照组/ }));
  await desk.getByRole('link', { name: '内容', exact: true }).click();
  await desk
    .getByRole('textbox', { name: '文字' })
    .fill(`您好，我是{member}。${name}：我们下月在上海办新品发布会，给您留了两个席位，方便来看看吗？`);
  await shows(desk.getByText('已自动保存'));
  await desk.getByRole('link', { name: '检查与提交' }).click();
  await desk.getByRole('button', { name: '试发给自己' }).click();
  await shows(desk.getByText('现在的内容已试发'));
  await desk.getByLabel('为什么发').fill('发布会邀约');
  await desk.getByRole('button', { name: '提交审批' }).click();
  await shows(desk.getByText(/^等待 .+ 审批。/));
  return /#\/broadcasts\/([\w-]+)/.exec(desk.url())?.[1] ?? '';
}

/** The manager's phone; answers the sandbox's page. */
async function agree(name: string): Promise<Page> {
  const { users } = await dingtalkOf(journey);
  const managers = users.filter(({ active, title }) => active && /区域经理|总监/.test(title)).map(({ user }) => user);
  let asked = '';
  await expect
    .poll(async () => {
      for (const user of managers) {
        const { cards } = await journey.dingtalk<{ cards: unknown[] }>(`phone?user=${user}`);
        if (JSON.stringify(cards).includes(name)) asked = user;
      }
      return asked;
    }, patience)
    .not.toBe('');
  const page = await journey.open('#story=3&width=360');
  const card = await cardOn(page, asked, name);
  await card.getByRole('button', { name: '同意' }).click();
  await shows(card.getByText(/^已同意 · /));
  return page;
}

async function assistantOf(page: Page, member: string) {
  await page.getByLabel('身份').selectOption(member);
  await page
    .getByRole('navigation', { name: '联系人' })
    .getByRole('button', { name: /^群发助手/ })
    .click();
  return page.getByRole('region', { name: '群发助手' });
}

/** In whose chats the broadcast stands. */
async function reached(): Promise<{ member: string; contact: string }[]> {
  const { members } = await journey.state();
  const chats = await Promise.all(
    members.map(async ({ key: member }) => {
      const response = await fetch(`${journey.url}sandbox/api/contacts?member=${member}`);
      const { contacts } = (await response.json()) as { contacts: SandboxContact[] };
      return contacts.flatMap(({ key: contact, lastMessage }) =>
        lastMessage?.via === 'broadcast' ? [{ member, contact }] : [],
      );
    }),
  );
  return chats.flat();
}

async function ask<Answer>(call: Call, address: string): Promise<Answer> {
  return (await (await call('GET', address)).json()) as Answer;
}
const read = (call: Call, id: string) => ask<BroadcastView>(call, `/api/broadcasts/${id}`);
const results = (call: Call, id: string) => ask<ResultView>(call, `/api/broadcasts/${id}/results`);

/** What reps are asked to confirm, and were; once the platform has handed it out. */
async function sendsOf(name: string): Promise<SandboxGroupSend[]> {
  const read = async () => {
    const response = await fetch(`${journey.url}sandbox/api/group-sends`);
    const { sends } = (await response.json()) as { sends: SandboxGroupSend[] };
    return sends.filter(({ text }) => text.includes(name));
  };
  await expect.poll(async () => (await read()).length, patience).toBeGreaterThan(1);
  return read();
}
