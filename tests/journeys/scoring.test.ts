import { expect, test, vi } from 'vitest';
import { openDatabase } from '#server/base/database.ts';
import { makeFieldCipher } from '#server/base/field-cipher.ts';
import type { Deps } from '#server/base/deps.ts';
import type { ScoringState } from '#server/scoring/model-api.ts';
import type { SidebarView } from '#server/sidebar/sidebar-api.ts';
import { makeHistory } from '#tests/scoring/history.ts';
import { callerAs, card, picture, shows, sidebarOf, useJourney, type Call } from '#tests/support/journey.ts';
import { patienceMs } from '#tests/support/patience.ts';

const SESSION_SECRET = 'the secret of a company with a history';
const journey = useJourney({ SESSION_SECRET });
const patience = { timeout: patienceMs, interval: 500 };

test('a company’s own sales teach a model: the director reads its card, and a rep why a score is what it is', async () => {
  const { members, demo } = await journey.state();
  const admin = members.find(({ position }) => position.includes('管理员'))?.key ?? '';
  const call = await vi.waitFor(() => callerAs(journey.url, admin), patience);

  const desk = await journey.open('desk.html#/scoring-models', { as: admin, width: 1280, height: 1360 });
  await shows(desk.getByText(/^成交样本 \d+\/200，先用规则评分$/));

  // What an older system knew of sales decided over a year.
  await bringHistory();
  await desk.reload();
  await desk.getByRole('button', { name: '立即训练' }).click();
  await shows(desk.getByText('模型 lead@1', { exact: true }));
  await shows(desk.getByText('区分能力（AUC）').first());
  await shows(desk.getByText(/只换性别，评分/));
  await picture(desk, 'desk-scoring');

  // Everybody is scored anew; beside the chat the rep reads by what, and the reasons add up.
  await expect.poll(async () => (await state(call)).rescoring.state, patience).toBe('idle');
  const rep = await callerAs(journey.url, demo.member);
  await expect.poll(async () => (await score(rep, demo.contact))?.basis, patience).toBe('model');
  const known = await score(rep, demo.contact);
  expect(known?.factors.reduce((sum, { points }) => sum + points, 0)).toBe(known?.value);
  const page = await journey.open('', { as: demo.member });
  await shows(card(sidebarOf(page), '意向评分').getByText('模型 lead@1'));

  // Back to the table of points, for a reason; then everybody has the points again.
  await desk.getByRole('button', { name: '改用规则评分' }).click();
  const sheet = desk.getByRole('dialog');
  await sheet.getByRole('textbox').fill('先看一个月再说');
  await sheet.getByRole('button', { name: '改用规则评分' }).click();
  await shows(desk.getByText('规则评分', { exact: true }));
  await expect.poll(async () => (await score(rep, demo.contact))?.basis, patience).toBe('rules');
});

test('what the model costs, which prompts it is given and what it may be asked stand where an admin looks', async () => {
  const { members } = await journey.state();
  const admin = members.find(({ position }) => position.includes('管理员'))?.key ?? '';
  await vi.waitFor(() => callerAs(journey.url, admin), patience);
  const desk = await journey.open('desk.html#/usage', { as: admin, width: 1280, height: 900 });
  await shows(desk.getByText(/^今天用了 /));
  await picture(desk, 'desk-usage');

  await desk.getByRole('link', { name: '提示词' }).click();
  await desk.getByRole('table', { name: '提示词' }).getByRole('link', { name: '会话摘要' }).click();
  await shows(desk.getByRole('heading', { name: '会话摘要' }));
  await picture(desk, 'desk-prompt');

  await desk.getByRole('link', { name: '模型开关' }).click();
  expect(await desk.getByLabel('允许使用大模型').isChecked()).toBe(true);
  await picture(desk, 'desk-model-settings');
});

async function bringHistory(): Promise<void> {
  const { db, close } = openDatabase(journey.databaseUrl, () => {}, 2);
  const deps = { db, cipher: makeFieldCipher(SESSION_SECRET), now: () => new Date() } as Deps;
  await makeHistory(deps, { sales: 900, silent: 300 });
  await close();
}

const state = async (call: Call) => (await (await call('GET', '/api/scoring-models')).json()) as ScoringState;
async function score(call: Call, contact: string): Promise<SidebarView['score']> {
  const answer = await call('GET', `/api/sidebar?platform=wecom&contact=${contact}`);
  return ((await answer.json()) as SidebarView).score;
}
