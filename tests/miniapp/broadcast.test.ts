import type { Page } from 'playwright-core';
import { beforeEach, expect, test } from 'vitest';
import { fromInput, quietUntil, toInput } from '#miniapp/desk/broadcast/company-time.ts';
import { press, sees, useDesk } from './desk-page.ts';
import { examine, facesOf } from './examine.ts';
import { running, someDraft, someResults, waiting } from './mock-broadcasts.ts';
import { id } from './mock-part.ts';
import { someSegment } from './mock-segments.ts';

const desk = useDesk('marketing');
const { open: openDesk, callsTo } = desk;
beforeEach(() => {
  desk.product.segments.all = [someSegment(700)];
  desk.product.channels.rules.quiet = null;
});

const saved = () => callsTo('PUT /api/broadcasts/:id').map(({ body }) => body);

test('the company’s time is Beijing’s, and quiet hours over midnight end in the morning', () => {
  expect(toInput('2026-11-22T01:30:00.000Z')).toBe('2026-11-22T09:30');
  expect(fromInput('2026-11-22T09:30')).toBe('2026-11-22T01:30:00.000Z');
  expect(fromInput('')).toBe(null);
  const quiet = { from: '21:00', to: '08:30' };
  expect(quietUntil(quiet, '2026-11-22T14:00:00.000Z')).toBe('2026-11-23T00:30:00.000Z');
  expect(quietUntil(quiet, '2026-11-22T00:00:00.000Z')).toBe('2026-11-22T00:30:00.000Z');
  expect(quietUntil(quiet, '2026-11-22T00:30:00.000Z')).toBe(null);
  expect(quietUntil({ from: '12:00', to: '13:00' }, '2026-11-22T04:10:00.000Z')).toBe('2026-11-22T05:00:00.000Z');
});

test('a marketer goes from a new draft to asking for approval, and everything is saved on the way', async () => {
  const page = await openDesk('#/broadcasts');
  await sees(page, /还没有群发/);
  await press(page, '新建群发');
  await page.getByLabel('群发名称').fill('季末回访');
  await page.getByLabel('发给哪个人群').selectOption({ label: '报价后没下文（1,280 人）' });
  await page.getByLabel('对照组').selectOption('20');
  const plan = page.getByRole('table', { name: '预检：谁会收到' });
  await plan.getByRole('row', { name: /近期收到的群发已到公司上限/ }).waitFor();
  await sees(page, /回复率要相差 8.4 个百分点以上/);
  await page.keyboard.press('Control+Enter');
  await page.getByLabel('文字').first().fill('{member}：还有什么要确认的吗？');
  await page.getByRole('link', { name: '检查与提交' }).click();
  await sees(page, '还没有把现在的内容试发给自己。');
  expect(await page.getByRole('button', { name: '提交审批' }).isDisabled()).toBe(true);
  await press(page, '试发给自己');
  await sees(page, '现在的内容已试发');
  await press(page, '提交审批');
  await sees(page, '请写一句为什么发，审批人要看。');
  await page.getByLabel('为什么发').fill('季末冲量');
  await page.keyboard.press('Control+Enter');
  await sees(page, /等待 赵总监 审批/);
  expect(saved().at(-1)).toMatchObject({
    name: '季末回访',
    audience: { segmentId: id(700), holdOutPercent: 20 },
    content: { variants: [{ key: 'A', share: 100, content: { text: '{member}：还有什么要确认的吗？' } }] },
  });
  await expect.poll(() => callsTo('POST /api/broadcasts/:id/submit')[0]?.body).toMatchObject({ reason: '季末冲量' });
});

test('every number of the check opens the people behind it, page by page', async () => {
  desk.product.broadcasts.all = [someDraft(960)];
  const page = await openDesk(`#/broadcasts/${id(960)}`);
  await page.getByRole('button', { name: '已删除我们的员工：38 人，打开名单' }).click();
  const drawer = page.getByRole('dialog', { name: '名单：已删除我们的员工' });
  await drawer.getByText('不在你的可见范围').waitFor();
  await drawer.getByRole('button', { name: '更多' }).click();
  await drawer.getByText('周*').waitFor();
  await expect
    .poll(() => callsTo('GET /api/broadcasts/:id/recipients').map(({ query }) => query))
    .toMatchObject([
      { part: 'excluded', reason: 'removed_us' },
      { part: 'excluded', reason: 'removed_us', after: 'page-2' },
    ]);
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  expect(await page.evaluate('document.activeElement.textContent.trim()')).toBe('38');
});

test('while it is checked the page says how far it is', async () => {
  const draft = someDraft(960, { plan: null, planning: { kind: 'check', done: 400, total: 1280, error: null } });
  desk.product.broadcasts.all = [draft];
  const page = await openDesk(`#/broadcasts/${id(960)}`);
  await sees(page, '正在逐个检查：400 / 1,280');
  Object.assign(draft, { planning: { ...draft.planning, error: 'segment.too_slow' } });
  expect(await sees(page, /预检没有完成/)).toBe(true);
});

test('two variants share the contacts, and shares that do not come to 100 are said', async () => {
  desk.product.broadcasts.all = [someDraft(960)];
  const page = await openDesk(`#/broadcasts/${id(960)}/content`);
  await press(page, '加一个版本做对比');
  await page.getByLabel('版本 B 的比例').fill('30');
  await sees(page, '各版本加起来是 80%，要正好 100%。');
  await press(page, '平均分');
  await page.getByRole('textbox', { name: '文字' }).fill('B 的话');
  await expect
    .poll(() => saved().at(-1)?.['content'])
    .toMatchObject({
      variants: [
        { key: 'A', share: 50, content: { text: '您好，我是{member}，报价单还有什么要确认的吗？' } },
        { key: 'B', share: 50, content: { text: 'B 的话' } },
      ],
    });
  await page.getByRole('tab', { name: '版本 A' }).click();
  await sees(page, /您好，我是李经理/);
  await press(page, '删除版本 A');
  await expect.poll(() => JSON.stringify(saved().at(-1)?.['content'])).not.toContain('"A"');
});

test('what somebody else saved meanwhile is not overwritten unseen', async () => {
  const draft = someDraft(960);
  desk.product.broadcasts.all = [draft];
  const page = await openDesk(`#/broadcasts/${id(960)}`);
  await page.getByLabel('群发名称').waitFor();
  draft.version = 9;
  draft.name = '别人改的';
  await page.getByLabel('群发名称').fill('我改的');
  await sees(page, '你编辑时，有人改过这个群发。');
  expect(draft.name).toBe('别人改的');
  await press(page, '仍用我的');
  await expect.poll(() => draft.name).toBe('我改的');
});

test('what cannot be saved yet is not left unseen', async () => {
  desk.product.broadcasts.all = [someDraft(960)];
  const page = await openDesk(`#/broadcasts/${id(960)}`);
  await page.getByLabel('群发名称').fill('');
  await sees(page, '请给群发起个名字。');
  await page.getByRole('link', { name: '内容', exact: true }).click();
  await sees(page, '客户看到的样子');
  await page.getByRole('link', { name: '返回群发' }).click();
  const asked = page.getByRole('dialog', { name: '有未保存的修改' });
  await asked.getByRole('button', { name: '不保存，离开' }).click();
  await page.getByRole('table', { name: '群发' }).getByRole('link', { name: '季末回访' }).waitFor();
  expect(saved()).toEqual([]);
});

test('a time within quiet hours is moved to the next that is allowed', async () => {
  desk.product.channels.rules.quiet = { from: '21:00', to: '08:30' };
  desk.product.broadcasts.all = [someDraft(960, { sendAt: '2099-03-01T14:00:00.000Z' })];
  const page = await openDesk(`#/broadcasts/${id(960)}/check`);
  expect(await page.getByLabel('发送时间（北京时间）').inputValue()).toBe('2099-03-01T22:00');
  await sees(page, '免打扰时间 21:00–08:30 不发。');
  await page.getByRole('button', { name: /^改为/ }).click();
  await expect.poll(() => saved().at(-1)?.['sendAt']).toBe('2099-03-02T00:30:00.000Z');
});

test('what was submitted is read only, and taken back with a reason', async () => {
  desk.product.broadcasts.all = [waiting(960)];
  const page = await openDesk(`#/broadcasts/${id(960)}/audience`);
  await sees(page, /已提交，内容和名单不能再改/);
  expect(await page.getByLabel('发给哪个人群').isDisabled()).toBe(true);
  await press(page, '撤回');
  await page.getByRole('dialog').getByLabel('原因').fill('价格写错了');
  await page.getByRole('dialog').getByRole('button', { name: '撤回' }).click();
  await page.getByLabel('群发名称').waitFor();
  await expect.poll(() => callsTo('POST /api/broadcasts/:id/withdraw')[0]?.body).toEqual({ reason: '价格写错了' });
});

test('one that is running is paused, goes on and is cancelled, each said', async () => {
  desk.product.broadcasts.all = [running(960)];
  const page = await openDesk(`#/broadcasts/${id(960)}`);
  await press(page, '暂停');
  await page.locator('.chip.paused').waitFor();
  await press(page, '继续发送');
  await page.locator('.chip.running').waitFor();
  await press(page, '取消群发');
  await page.getByRole('dialog').getByLabel('原因').fill('活动取消');
  await page.getByRole('dialog').getByRole('button', { name: '取消群发' }).click();
  expect(await sees(page, '已取消：活动取消')).toBe(true);
});

test('the results say how many, why not, by whom, and what it brought against the hold-out', async () => {
  desk.product.broadcasts.all = [running(960)];
  const page = await openDesk(`#/broadcasts/${id(960)}`);
  await sees(page, /结果更新至/);
  await sees(
    page,
    /回复率：发送组 12.3%，对照组 4.6%，高出 7.7 个百分点（95% 的把握在 4.7 个百分点 到 10.7 个百分点 之间）/,
  );
  await sees(page, /成交率：.*差别可能只是偶然/);
  await sees(page, /人均成交额：人数或时间还不够，看不出来/);
  await page
    .getByRole('button', { name: '没有按时确认' })
    .or(page.getByRole('button', { name: /员工没有按时确认：179 人/ }))
    .click();
  await page.getByRole('dialog').getByText('王*明').first().waitFor();
  await expect
    .poll(() => callsTo('GET /api/broadcasts/:id/recipients')[0]?.query)
    .toMatchObject({ failure: 'not_confirmed' });
  await page.keyboard.press('Escape');
  await press(page, '提醒未发送员工');
  await sees(page, '已提醒 1 位员工');
  const csv = page.getByRole('link', { name: '按员工导出' });
  expect(await csv.getAttribute('href')).toBe(`/api/broadcasts/${id(960)}/export?what=members`);
});

test('without a hold-out the page does not say what a broadcast brought', async () => {
  desk.product.broadcasts.all = [running(960)];
  desk.product.broadcasts.results = someResults({ lift: null });
  const page = await openDesk(`#/broadcasts/${id(960)}`);
  expect(await sees(page, /没有对照组，所以看不出/)).toBe(true);
});

test('a live update brings what happened meanwhile', async () => {
  const one = waiting(960);
  desk.product.broadcasts.all = [one];
  const page = await openDesk(`#/broadcasts/${id(960)}`);
  await sees(page, /等待 赵总监 审批/);
  Object.assign(one, { state: 'scheduled' });
  desk.product.tell('broadcasts');
  expect(await sees(page, /已通过审批/)).toBe(true);
});

test('from a segment a broadcast of it is one press, from a broadcast a copy', async () => {
  const page = await openDesk('#/segments');
  await page.getByRole('button', { name: '「报价后没下文」的更多操作' }).click();
  await page.getByRole('menuitem', { name: '用于群发' }).click();
  await page.getByLabel('发给哪个人群').waitFor();
  await expect
    .poll(() => callsTo('POST /api/broadcasts')[0]?.body)
    .toEqual({
      name: '报价后没下文',
      segmentId: id(700),
      requestKey: expect.any(String),
    });
  await page.getByRole('button', { name: '复制' }).click();
  expect(await sees(page, '已复制成新的草稿')).toBe(true);
});

test('offline nothing can be submitted, and the page says so', async () => {
  desk.product.broadcasts.all = [someDraft(960)];
  const page = await openDesk(`#/broadcasts/${id(960)}/check`);
  await page.getByRole('button', { name: '提交审批' }).waitFor();
  await page.context().setOffline(true);
  await sees(page, /离线，显示/);
  expect(await page.getByRole('button', { name: '提交审批' }).isDisabled()).toBe(true);
});

interface State {
  name: string;
  hash: string;
  prepare?: () => void;
  ready: string;
  reach?: (page: Page) => Promise<unknown>;
}
const here = `#/broadcasts/${id(960)}`;
const states: State[] = [
  { name: 'the empty list', hash: '#/broadcasts', ready: '.nothing' },
  {
    name: 'the list',
    hash: '#/broadcasts',
    prepare: () =>
      void (desk.product.broadcasts.all = [
        someDraft(960),
        waiting(961, { name: '双周报' }),
        running(962, { name: '展会邀请' }),
        running(963, { name: '新品', pausedAt: new Date().toISOString() }),
        running(964, { name: '老客户关怀', state: 'finished' }),
        someDraft(965, { name: '作废', state: 'cancelled' }),
      ]),
    ready: '.table',
  },
  {
    name: 'a list that cannot be read',
    hash: '#/broadcasts',
    prepare: () => void desk.product.refusals.set('GET /api/broadcasts', { status: 500, code: 'internal' }),
    ready: '.note.error',
  },
  {
    name: 'the audience',
    hash: here,
    prepare: () => void (desk.product.broadcasts.all = [someDraft(960)]),
    ready: 'table.steps',
  },
  {
    name: 'the people behind a number',
    hash: here,
    prepare: () => void (desk.product.broadcasts.all = [someDraft(960)]),
    ready: 'table.steps',
    reach: async (page) => {
      await page.locator('table.steps button').first().click();
      await page.locator('.popup .table').waitFor();
    },
  },
  {
    name: 'the content in two variants',
    hash: `${here}/content`,
    prepare: () =>
      void (desk.product.broadcasts.all = [
        someDraft(960, {
          content: {
            variants: [
              {
                key: 'A',
                share: 50,
                content: {
                  text: '您好，我是{member}。',
                  attachments: [{ materialId: id(1002) }, { materialId: id(1004) }],
                },
              },
              { key: 'B', share: 40, content: { text: '您好', attachments: [] } },
            ],
          },
        }),
      ]),
    ready: '.phone .bubble',
  },
  {
    name: 'the check with what must be changed',
    hash: `${here}/check`,
    prepare: () => {
      desk.product.channels.rules.quiet = { from: '21:00', to: '08:30' };
      desk.product.broadcasts.all = [
        someDraft(960, {
          tested: false,
          sendAt: '2099-03-01T14:00:00.000Z',
          checks: [
            { code: 'not_tested', level: 'block', path: 'content', message: '' },
            { code: 'quiet_hours', level: 'block', path: 'sendAt', message: '' },
            {
              code: 'word_risky',
              level: 'warn',
              path: 'content.variants.0.content.text',
              message: '',
              words: [{ word: '最好', level: 'warn', at: 0, source: null }],
            },
          ],
        }),
      ];
    },
    ready: '.list .line',
  },
  {
    name: 'the check that is working',
    hash: here,
    prepare: () =>
      void (desk.product.broadcasts.all = [
        someDraft(960, { plan: null, planning: { kind: 'check', done: 400, total: 1280, error: null } }),
      ]),
    ready: 'progress',
  },
  {
    name: 'one that waits',
    hash: here,
    prepare: () => void (desk.product.broadcasts.all = [waiting(960)]),
    ready: '.notes',
  },
  {
    name: 'cancelling',
    hash: here,
    prepare: () => void (desk.product.broadcasts.all = [running(960)]),
    ready: '.at',
    reach: async (page) => {
      await page.locator('.deeds .van-button--danger').click();
      await page.locator('.popup textarea').waitFor();
    },
  },
  {
    name: 'the results',
    hash: here,
    prepare: () => void (desk.product.broadcasts.all = [running(960)]),
    ready: '.said',
  },
  {
    name: 'results of nobody held out',
    hash: here,
    prepare: () => {
      desk.product.broadcasts.all = [running(960)];
      desk.product.broadcasts.results = someResults({ lift: null, failures: [], resultsAt: null });
    },
    ready: '.at',
  },
  {
    name: 'results with something to know of',
    hash: here,
    prepare: () => {
      desk.product.broadcasts.all = [running(960)];
      desk.product.broadcasts.results = someResults({ concerns: { optedOut: 2, unsure: 40 } });
    },
    ready: '.concerns .note',
  },
  { name: 'an unknown one', hash: `#/broadcasts/${id(999)}`, ready: '.note.error' },
];

test.each(facesOf(states, [1280, 1024, 375]))(
  'axe finds nothing on $name ($theme, $language, $width px)',
  async (face) => {
    face.prepare?.();
    const page = await openDesk(face.hash, face);
    await page.locator(face.ready).first().waitFor();
    await face.reach?.(page);
    expect(await examine(page)).toEqual([]);
  },
);
