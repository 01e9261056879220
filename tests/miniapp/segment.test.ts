import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { draftOf, keyAt, ruleOf } from '#miniapp/desk/segment/rule-draft.ts';
import type { SegmentRule } from '#server/segment/segment-api.ts';
import { press, sees, useDesk } from './desk-page.ts';
import { examine, facesOf } from './examine.ts';
import { id } from './mock-part.ts';
import { quotedRule, someSegment } from './mock-segments.ts';

const desk = useDesk('marketing');
const { open: openDesk, callsTo } = desk;
const area = (page: Page, name: '包含' | '排除') => page.getByRole('group', { name, exact: true });

test.each<[string, SegmentRule]>([
  ['two levels with exclusions', quotedRule],
  [
    'any of several',
    {
      all: [
        {
          any: [
            { field: 'score.value', operator: 'at_least', value: 60 },
            { field: 'customer.grade', operator: 'is_any', value: ['A'] },
          ],
        },
      ],
    },
  ],
  ['everyone', { all: [] }],
  [
    'deeper than the page edits',
    {
      all: [
        {
          any: [
            { all: [{ not: { field: 'opportunity.open', operator: 'yes' } }] },
            { field: 'opportunity.open', operator: 'yes' },
          ],
        },
      ],
    },
  ],
])('a rule comes back from the page as it went in: %s', (_, rule) => {
  expect(ruleOf(draftOf(rule)).rule).toEqual(rule);
});

test('a line of the waterfall belongs to the rule it came from, also behind an exclusion', () => {
  const draft = draftOf(quotedRule);
  const { paths } = ruleOf(draft);
  expect(keyAt(paths, 'all.2.not')).toBe(draft.exclude[0]?.key);
  expect(keyAt(paths, 'all.0')).toBe(draft.include[0]?.key);
  const [, group] = draft.include;
  expect(keyAt(paths, 'all.1.any.1.value')).toBe(group?.kind === 'group' ? group.conditions[1]?.key : null);
});

test('a marketer builds a segment rule by rule, sees who is left after each, and saves it by keyboard', async () => {
  const page = await openDesk('#/segments');
  await sees(page, /还没有人群/);
  await press(page, '新建人群');
  await page.getByLabel('人群名称').fill('老客户回访');
  await area(page, '包含')
    .getByRole('button', { name: /加规则/ })
    .click();
  await area(page, '包含').getByRole('button', { name: '选择…' }).click();
  await page.getByRole('checkbox', { name: '高意向' }).check();
  await page.keyboard.press('Escape');
  await area(page, '排除')
    .getByRole('button', { name: /加规则/ })
    .click();
  await area(page, '排除').getByLabel('条件').selectOption({ label: '收到群发' });
  await area(page, '排除').getByRole('spinbutton').fill('7');
  const lines = page.getByRole('table', { name: '每条规则之后还剩多少人' });
  await lines.getByRole('row', { name: /标签 是其中之一 高意向/ }).waitFor();
  await lines.getByRole('row', { name: /排除: 收到群发 在最近 7 天内/ }).waitFor();
  await sees(page, '1,866 人');
  await sees(page, '去掉 934 人');
  await page.getByText('王*明').click();
  await sees(page, '← 报价中');
  await page.keyboard.press('Control+s');
  await sees(page, '已保存');
  await expect
    .poll(() => callsTo('POST /api/segments')[0]?.body)
    .toEqual({
      name: '老客户回访',
      description: '',
      rule: {
        all: [
          { field: 'follow.tag', operator: 'is_any', value: [id(301)] },
          { not: { field: 'broadcast.any_received', operator: 'within_days', value: 7 } },
        ],
      },
    });
});

test('typing does not ask for every letter, and a rule that is not complete is neither counted nor saved', async () => {
  const page = await openDesk('#/segments/new');
  await page.getByLabel('人群名称').fill('评分高');
  await area(page, '包含')
    .getByRole('button', { name: /加规则/ })
    .click();
  await area(page, '包含').getByLabel('条件').selectOption({ label: '意向评分' });
  await area(page, '包含').getByLabel('怎么比').selectOption({ label: '介于' });
  await area(page, '包含').getByLabel('意向评分: 最少').fill('60');
  await press(page, '保存');
  await sees(page, '1 条规则没有填完，填完才能保存。');
  expect(callsTo('POST /api/segments')).toEqual([]);
  await area(page, '包含').getByLabel('意向评分: 最多').pressSequentially('100');
  await page.getByRole('row', { name: /意向评分 介于 60 和 100/ }).waitFor();
  const counted = callsTo('POST /api/segments/count').map(({ body }) => JSON.stringify(body));
  expect(counted.length).toBe(new Set(counted).size);
  expect(counted.at(-1)).toContain('[60,100]');
  expect(counted.join(' ')).not.toContain('[60,10]');
});

test('a count of nobody, and of nearly everybody, is warned of', async () => {
  desk.product.segments.all = [someSegment(700)];
  desk.product.segments.count = () => ({ count: 0, total: 4200, tookMs: 5, waterfall: [], samples: [] });
  const page = await openDesk(`#/segments/${id(700)}`);
  await sees(page, /没有人符合/);
  desk.product.segments.count = () => ({ count: 4000, total: 4200, tookMs: 5, waterfall: [], samples: [] });
  await page.getByRole('button', { name: /去掉这条规则：收到群发/ }).click();
  expect(await sees(page, /超过全部联系人的 80%/)).toBe(true);
});

test('a sentence becomes rules to look at; they count only once they are taken', async () => {
  const page = await openDesk('#/segments/new');
  await page.getByLabel('用一句话描述').fill('报价后没消息的，双十一除外');
  await press(page, '写成规则');
  const proposed = page.getByRole('region', { name: 'AI 写的草稿，还没有使用' });
  await proposed.getByText('“双十一”').waitFor();
  await sees(page, '没有规则：包含所有联系人。');
  expect(callsTo('POST /api/segments/count').every(({ body }) => JSON.stringify(body['rule']) === '{"all":[]}')).toBe(
    true,
  );
  await proposed.getByRole('button', { name: '不用' }).click();
  await proposed.waitFor({ state: 'detached' });
  await press(page, '写成规则');
  await proposed.getByRole('button', { name: '使用这些规则' }).click();
  await page.getByRole('row', { name: /客户阶段 是其中之一 报价中/ }).waitFor();
  expect(callsTo('POST /api/segments')).toEqual([]);
});

test('an older version comes back into the editor, and counts once it is saved', async () => {
  desk.product.segments.all = [someSegment(700)];
  const page = await openDesk(`#/segments/${id(700)}`);
  await press(page, '历史版本');
  await page.getByRole('dialog').getByText('客户阶段 是其中之一 已成交').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: '恢复为草稿' }).click();
  await sees(page, '有未保存的修改');
  expect(callsTo('PUT /api/segments/:id')).toEqual([]);
  await press(page, '保存');
  await expect
    .poll(() => callsTo('PUT /api/segments/:id')[0]?.body)
    .toMatchObject({ version: 3, rule: { all: [{ field: 'customer.stage', operator: 'is_any', value: ['won'] }] } });
});

test('what was typed is not lost by leaving without saving, nor by somebody else’s saving', async () => {
  const segment = someSegment(700);
  desk.product.segments.all = [segment];
  const page = await openDesk(`#/segments/${id(700)}`);
  await page.getByLabel('说明（可不填）').fill('季末');
  await page.getByRole('link', { name: '返回人群' }).click();
  await page.getByRole('dialog', { name: '有未保存的修改' }).getByRole('button', { name: '继续编辑' }).click();
  expect(page.url()).toContain(id(700));
  segment.version = 4;
  await press(page, '保存');
  await sees(page, '你编辑时，有人改过这个人群。');
  await press(page, '仍用我的');
  await press(page, '保存');
  await expect
    .poll(() => callsTo('PUT /api/segments/:id').at(-1)?.body)
    .toMatchObject({ version: 4, description: '季末' });
  await page.getByRole('link', { name: '返回人群' }).click();
  expect(await sees(page, '报价后没下文')).toBe(true);
});

test('a segment in use is not deleted, and the page says where it is used', async () => {
  const segment = someSegment(700);
  desk.product.segments.all = [segment, someSegment(701, { name: '新客' })];
  const page = await openDesk('#/segments');
  const more = page.getByRole('button', { name: '「报价后没下文」的更多操作' });
  await more.waitFor();
  segment.usedBy = [{ kind: 'broadcast', id: id(800), name: '季末回访' }];
  await more.click();
  await page.getByRole('menuitem', { name: '删除' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '删除' }).click();
  await page.getByRole('dialog').getByRole('link', { name: '季末回访' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: '「新客」的更多操作' }).click();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: '删除' }).click();
  await sees(page, '已删除「新客」');
  expect(desk.product.segments.all.map(({ name }) => name)).toEqual(['报价后没下文']);
});

test('a rule deeper than the page edits is shown in words and kept as it is', async () => {
  const deep: SegmentRule = {
    all: [
      {
        any: [
          { all: [{ not: { field: 'opportunity.open', operator: 'yes' } }] },
          { field: 'opportunity.open', operator: 'yes' },
        ],
      },
    ],
  };
  desk.product.segments.all = [someSegment(700, { rule: deep })];
  const page = await openDesk(`#/segments/${id(700)}`);
  await sees(page, '用接口编辑');
  await page.getByLabel('人群名称').fill('深的');
  await press(page, '保存');
  await expect.poll(() => callsTo('PUT /api/segments/:id')[0]?.body['rule']).toEqual(deep);
});

test('a rep has no right to the desk', async () => {
  desk.product.me.role = 'rep';
  const page = await openDesk('#/segments');
  expect(await sees(page, /这里供市场、经理、总监和管理员使用/)).toBe(true);
});

interface State {
  name: string;
  hash: string;
  prepare?: () => void;
  ready: string;
  reach?: (page: Page) => Promise<unknown>;
}
const states: State[] = [
  { name: 'the empty list', hash: '#/segments', ready: '.nothing' },
  {
    name: 'the list',
    hash: '#/segments',
    prepare: () => {
      desk.product.segments.all = [
        someSegment(700, { usedBy: [{ kind: 'series', id: id(801), name: '新客七天' }] }),
        someSegment(701, { name: '新客', count: null, countBefore: null, countedAt: null, description: '' }),
      ];
    },
    ready: '.table',
    reach: (page) => page.locator('.opener').first().click(),
  },
  {
    name: 'a list that cannot be read',
    hash: '#/segments',
    prepare: () => void desk.product.refusals.set('GET /api/segments', { status: 500, code: 'internal' }),
    ready: '.note.error',
  },
  { name: 'a new one', hash: '#/segments/new', ready: '.samples' },
  {
    name: 'one with rules and the values to choose',
    hash: `#/segments/${id(700)}`,
    prepare: () => void (desk.product.segments.all = [someSegment(700)]),
    ready: '.samples',
    reach: (page) => page.locator('.open').first().click(),
  },
  {
    name: 'the versions',
    hash: `#/segments/${id(700)}`,
    prepare: () => void (desk.product.segments.all = [someSegment(700)]),
    ready: '.samples',
    reach: async (page) => {
      await page.locator('.card-head .link').click();
      await page.locator('.popup .rule').first().waitFor();
    },
  },
  {
    name: 'a draft of a sentence',
    hash: '#/segments/new',
    ready: '.samples',
    reach: async (page) => {
      await page.locator('.sentence input').fill('报价后没消息');
      await page.locator('.sentence button').click();
      await page.locator('.proposed').waitFor();
    },
  },
  {
    name: 'a count that failed',
    hash: `#/segments/${id(700)}`,
    prepare: () => {
      desk.product.segments.all = [someSegment(700)];
      desk.product.refusals.set('POST /api/segments/count', { status: 500, code: 'internal' });
    },
    ready: '.note.error',
  },
  { name: 'an unknown one', hash: `#/segments/${id(799)}`, ready: '.note.error' },
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

test('what a login page left in the address is no screen: the first one opens', async () => {
  const page = await openDesk('#wechat_redirect');
  expect(await page.locator('nav [aria-current=page]').innerText()).toBe('人群');
});
