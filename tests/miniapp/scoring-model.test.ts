import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { scoringEn } from '#miniapp/i18n/scoring-en.ts';
import { scoringZhCN } from '#miniapp/i18n/scoring-zh-CN.ts';
import { features } from '#server/scoring/features.ts';
import { press, sees, useDesk } from './desk-page.ts';
import { examine, facesOf } from './examine.ts';
import { fewOutcomes, someCard, someScoring } from './mock-learning.ts';
import { id } from './mock-part.ts';

const desk = useDesk();

test('every feature a model can learn from has a name in both languages, and no name is kept for one that is gone', () => {
  const wanted = features.map(({ key }) => `feature.${key}`).sort();
  const named = (words: object) => Object.keys(words).filter((word) => word.startsWith('feature.'));
  expect(named(scoringZhCN).sort()).toEqual(wanted);
  expect(named(scoringEn).sort()).toEqual(wanted);
});

test('with too little history the page says so, how much is missing, and that rules make the scores', async () => {
  desk.product.learning.states.lead = fewOutcomes();
  const page = await desk.open('#/scoring-models');
  await sees(page, '成交样本 137/200，先用规则评分');
  await sees(page, /数据太少：样本是有了结果的商机/);
  expect(await page.getByRole('progressbar').getAttribute('value')).toBe('137');
  await press(page, '立即训练');
  expect(await sees(page, '样本还不够，没有训练')).toBe(true);
  expect(await page.getByText('模型卡').count()).toBe(0);
});

test('the model card says how good the model is beside the rules, and explains every figure', async () => {
  const page = await desk.open('#/scoring-models');
  const figures = page.getByRole('table', { name: '准不准' });
  const lineOf = (name: RegExp) => figures.getByRole('row', { name }).innerText();
  expect(await lineOf(/AUC/)).toMatch(/0\.842\s+0\.713\s+随便取一位成交的和一位没成交的/);
  expect(await lineOf(/ECE/)).toMatch(/0\.016\s+0\.094/);
  expect(await lineOf(/P@10%/)).toMatch(/62%\s+41%/);
  expect(await lineOf(/提升/)).toMatch(/2\.8 倍\s+1\.9 倍/);
  const deciles = page.getByRole('table', { name: '按评分高低分十档' });
  expect(await deciles.getByRole('row').nth(1).innerText()).toMatch(/第 1 档（最高）\s+62%\s+2\.8 倍 · 41 个/);
});

test('why a model is used is said in plain words, with the interval', async () => {
  const page = await desk.open('#/scoring-models');
  await sees(page, '新模型在最近 412 个结果上更准，差值 0.012，95% 区间 0.004–0.020，因此启用。');
  const other = page.getByRole('table', { name: '其他模型' });
  expect(await other.getByRole('row', { name: /lead@8/ }).innerText()).toMatch(/−0\.002–0\.008 跨过 0，还说不准谁更好/);
  expect(await other.getByRole('row', { name: /lead@6/ }).innerText()).toMatch(/李经理手动决定：展会客户太多/);
});

test('what the model said and what happened can be read without seeing the drawing', async () => {
  const page = await desk.open('#/scoring-models');
  await page.getByRole('img', { name: /共 10 组：模型说的概率与实际成交率平均相差/ }).waitFor();
  await page.getByText('看表格').click();
  expect(await page.getByRole('table', { name: '说的和实际的' }).getByRole('row').nth(1).innerText()).toMatch(
    /65%\s+62%\s+41/,
  );
});

test('features are called by their names, and what a company called one stays text', async () => {
  const page = await desk.open('#/scoring-models');
  const features = page.getByRole('table', { name: '看重什么' });
  expect(await features.getByRole('row', { name: /客户多久没来信/ }).innerText()).toMatch(/行为\s+24%/);
  await press(page, '显示全部 14 个因素');
  expect(await features.getByRole('row', { name: /<img src=x onerror=a=1>/ }).count()).toBe(1);
});

test('fairness names the groups, says where they are too few, and points at a swap that moves a score', async () => {
  const card = someCard(1501);
  const region = card.fairness[1];
  if (region) region.swap = 2.4;
  desk.product.learning.states.lead = someScoring({ champion: card });
  const page = await desk.open('#/scoring-models');
  await sees(page, '只换性别，评分不变。');
  await sees(page, /只换地区，评分最多变 2\.4 分，超过 1 分/);
  const groups = page.getByRole('table', { name: '公平吗 · 性别' });
  expect(await groups.getByRole('row', { name: /未知/ }).innerText()).toMatch(/太少，不评/);
});

test('a model the test did not choose is used only with a reason, and the reason is kept', async () => {
  const page = await desk.open('#/scoring-models');
  await press(page, '启用模型 lead@8');
  const sheet = page.getByRole('dialog', { name: '启用模型 lead@8' });
  await sheet.getByRole('button', { name: '启用', exact: true }).click();
  await sheet.getByRole('alert').waitFor();
  expect(desk.callsTo('POST /api/scoring-models/:id/promote')).toEqual([]);
  await sheet.getByLabel('原因').fill('展会客户');
  await sheet.getByRole('button', { name: '启用', exact: true }).click();
  await sees(page, '李经理手动决定：展会客户');
  await expect
    .poll(() => desk.callsTo('POST /api/scoring-models/:id/promote')[0])
    .toMatchObject({
      params: { id: id(1502) },
      body: { reason: '展会客户' },
    });
});

test('an admin goes back to the rules with a reason, and from there back to the model', async () => {
  const page = await desk.open('#/scoring-models');
  await press(page, '改用规则评分');
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel('原因').fill('等新品数据');
  await sheet.getByRole('button', { name: '改用规则评分' }).click();
  await sees(page, '管理员已改用规则。模型仍照常训练和比较，但不用来评分。');
  await press(page, '改回模型评分');
  await sheet.getByLabel('原因').fill('数据够了');
  await sheet.getByRole('button', { name: '改回模型评分' }).click();
  await page.getByText('模型 lead@7').first().waitFor();
  await expect
    .poll(() => desk.callsTo('PUT /api/settings/scoring').map(({ body }) => body))
    .toEqual([
      { target: 'lead', modelOn: false, reason: '等新品数据' },
      { target: 'lead', modelOn: true, reason: '数据够了' },
    ]);
});

test('training shows how far it is while it runs, and what went wrong does not touch the scores', async () => {
  const page = await desk.open('#/scoring-models');
  await press(page, '立即训练');
  await sees(page, '正在准备训练…');
  const { training } = desk.product.learning.states.lead;
  Object.assign(training, { done: 3, total: 12 });
  desk.product.tell('scoring');
  await sees(page, '正在训练：3/12');
  expect(await page.getByRole('button', { name: '立即训练' }).isDisabled()).toBe(true);
  Object.assign(training, { state: 'failed', error: 'out of memory' });
  desk.product.tell('scoring');
  expect(await sees(page, '上次训练没有成功，评分不受影响：out of memory')).toBe(true);
});

test('offline nothing can be trained or switched', async () => {
  const page = await desk.open('#/scoring-models');
  await page.getByRole('button', { name: '立即训练' }).waitFor();
  await page.context().setOffline(true);
  await expect.poll(() => page.getByRole('button', { name: '立即训练' }).isDisabled()).toBe(true);
  expect(await page.getByRole('button', { name: '改用规则评分' }).isDisabled()).toBe(true);
});

test('churn has figures and a switch of its own', async () => {
  const page = await desk.open('#/scoring-models');
  await page.getByRole('tab', { name: '流失风险' }).click();
  await sees(page, '流失样本 41/200，先用规则判断');
  expect(desk.callsTo('GET /api/scoring-models').map(({ query }) => query['target'])).toContain('churn');
});

test('a model that is no longer there is said to be gone', async () => {
  const page = await desk.open(`#/scoring-models/lead/${id(9999)}`);
  expect(await sees(page, '没有这个模型，可能已被清理。')).toBe(true);
});

test('whoever leads a team reads all of it and changes nothing', async () => {
  desk.product.me.role = 'manager';
  const page = await desk.open('#/scoring-models');
  await sees(page, '只有管理员可以训练和切换。');
  expect(await page.getByRole('button', { name: /立即训练|改用规则|启用/ }).count()).toBe(0);
});

test('whoever leads nobody is told that the page is not theirs', async () => {
  desk.product.me.role = 'marketing';
  const page = await desk.open('#/broadcasts');
  expect(await page.getByRole('link', { name: '评分模型' }).count()).toBe(0);
  await page.evaluate(() => (location.hash = '#/scoring-models'));
  await sees(page, '你没有这个页面的权限。需要的话，请让管理员给你开通。');
  expect(desk.callsTo('GET /api/scoring-models')).toEqual([]);
});

const states: { name: string; hash: string; prepare?: () => void; reach?: (page: Page) => Promise<unknown> }[] = [
  { name: 'a model that makes the scores', hash: '#/scoring-models', reach: (page) => page.locator('summary').click() },
  { name: 'too little history', hash: '#/scoring-models/churn' },
  { name: 'a model with warnings and without figures', hash: `#/scoring-models/lead/${id(1504)}` },
  {
    name: 'promoting without a reason',
    hash: '#/scoring-models',
    reach: async (page) => {
      await page.locator('.table button.link').first().click();
      await page.getByRole('dialog').locator('[type=submit]').click();
      await page.getByRole('dialog').getByRole('alert').waitFor();
    },
  },
  {
    name: 'a model in training',
    hash: '#/scoring-models',
    prepare: () => {
      const { lead } = desk.product.learning.states;
      Object.assign(lead.training, { state: 'running', done: 2, total: 9 });
      Object.assign(lead.rescoring, { state: 'running', done: 2000, total: 18_204 });
    },
  },
  {
    name: 'a model that cannot be read',
    hash: '#/scoring-models',
    prepare: () => desk.product.refusals.set('GET /api/scoring-models', { status: 500, code: 'internal' }),
  },
  {
    name: 'customers that have drifted',
    hash: '#/scoring-models',
    prepare: () => {
      const { champion } = desk.product.learning.states.lead;
      if (champion?.drift) champion.drift.psi = 0.31;
      champion?.warnings.push({ code: 'drifted', feature: null });
    },
  },
];
test.each(facesOf(states, [1280, 1024]))(
  'axe finds nothing on $name ($theme, $language, $width px)',
  async ({ hash, prepare, reach, ...face }) => {
    prepare?.();
    const page = await desk.open(hash, face);
    await page.locator('main h2').first().waitFor();
    await page.waitForFunction(() => document.querySelector('main .skeleton') === null);
    await reach?.(page);
    expect(await examine(page)).toEqual([]);
  },
);
