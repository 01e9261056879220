import { expect, test } from 'vitest';
import { sees, useDesk } from './desk-page.ts';
import { examine, facesOf } from './examine.ts';

const desk = useDesk();

test('the list says of each prompt which version is in use and how it does', async () => {
  const page = await desk.open('#/prompts');
  const row = page.getByRole('row', { name: /会话摘要/ });
  expect(await row.innerText()).toMatch(/summarise-conversation\s+3\s+1,240\s+¥0\.0495\s+77\.1%\s+111\/120/);
  expect(await page.getByRole('row', { name: /回复草稿/ }).innerText()).toContain('没有跑过样例');
});

test('the versions of a prompt stand side by side, with the stored cases and their gates', async () => {
  const page = await desk.open('#/prompts');
  await page.getByRole('link', { name: '会话摘要' }).click();
  const versions = page.getByRole('table', { name: '各版本对比' });
  expect(await versions.getByRole('columnheader').allInnerTexts()).toEqual([
    '项目',
    '版本 3 · 当前',
    '版本 2',
    '版本 1',
  ]);
  expect(
    await versions
      .getByRole('row', { name: /每次费用/ })
      .first()
      .innerText(),
  ).toMatch(/¥0\.0495\s+¥0\.0533\s+—/);
  expect(
    await versions
      .getByRole('row', { name: /每次费用/ })
      .last()
      .innerText(),
  ).toMatch(/¥0\.0015\s+门槛 ¥0\.01/);
  expect(await versions.getByRole('row', { name: /事实没漏/ }).innerText()).toMatch(/91%\s+门槛 90%/);
  expect(await versions.getByRole('row', { name: /样例通过/ }).innerText()).toContain('没有跑过样例');
});

test('a prompt is shown as it is sent, with the names of its variables and nothing of it as markup', async () => {
  const page = await desk.open('#/prompts/summarise-conversation');
  const text = await page.locator('pre').innerText();
  expect(text).toContain('{{messages}}');
  expect(text).toContain('<img src=x onerror=a=1>');
});

test('a prompt there is none of is said, above those there are', async () => {
  const page = await desk.open('#/prompts/unknown');
  await sees(page, '没有这个提示词。');
  expect(await page.getByRole('link', { name: '会话摘要' }).count()).toBe(1);
});

const states: { name: string; hash: string; prepare?: () => void }[] = [
  { name: 'the prompts', hash: '#/prompts' },
  { name: 'one prompt', hash: '#/prompts/summarise-conversation' },
  { name: 'no prompts', hash: '#/prompts', prepare: () => void (desk.product.learning.prompts = []) },
  {
    name: 'prompts that cannot be read',
    hash: '#/prompts',
    prepare: () => desk.product.refusals.set('GET /api/prompts', { status: 500, code: 'internal' }),
  },
  { name: 'one prompt again', hash: '#/prompts/draft-reply' },
];
test.each(facesOf(states, [1280, 1024]))(
  'axe finds nothing on $name ($theme, $language, $width px)',
  async ({ hash, prepare, ...face }) => {
    prepare?.();
    const page = await desk.open(hash, face);
    await page.waitForFunction(() => document.querySelector('main .skeleton') === null);
    expect(await examine(page)).toEqual([]);
  },
);
