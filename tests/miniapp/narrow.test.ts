import { expect, test } from 'vitest';
import { someDraft } from './mock-broadcasts.ts';
import { id } from './mock-part.ts';
import { someSegment } from './mock-segments.ts';
import { press, sees, useDesk } from './desk-page.ts';
import { examine, facesOf } from './examine.ts';

const desk = useDesk();
const narrow = { width: 700, height: 800 };
const wide = { width: 1280, height: 800 };
const says = '窗口较窄，这里只能查看。要编辑，请把窗口拉宽或换到电脑上。';

test.each<[string, string, string | RegExp]>([
  ['segments', '#/segments', '新建人群'],
  ['a segment', `#/segments/${id(700)}`, '保存'],
  ['broadcasts', '#/broadcasts', '新建群发'],
  ['channels', '#/channels', '新建渠道'],
  ['a channel', `#/channels/${id(1201)}`, '保存'],
  ['materials', '#/materials', /^归档/],
  ['hand-overs', '#/handovers', '新建交接'],
  ['members', '#/members', /^合并/],
  ['stand-ins', '#/delegates', '添加代理'],
  ['models', '#/scoring-models', '立即训练'],
  ['limits', '#/broadcast-rules', '保存'],
])('in a narrow window %s are read, and a wider one brings the deeds back', async (_name, hash, deed) => {
  desk.product.segments.all = [someSegment(700)];
  desk.product.broadcasts.all = [someDraft(960)];
  const page = await desk.open(hash);
  const deeds = page.getByRole('button', { name: deed });
  await deeds.first().waitFor();
  await page.setViewportSize(narrow);
  await sees(page, says);
  await expect.poll(() => deeds.count()).toBe(0);
  await page.setViewportSize(wide);
  await deeds.first().waitFor();
});

test('a browser that does not know its window’s width yet is no narrow window', async () => {
  const page = await desk.open('#/channels/new');
  // A browser that says its width later tells nobody.
  await page.addInitScript('Object.defineProperty(window, "outerWidth", { get: () => window.known ?? 0 })');
  await page.reload();
  await page.getByLabel('渠道名称').fill('秋季展会');
  await page.evaluate('window.known = 700; window.dispatchEvent(new Event("focus"))');
  expect(await sees(page, says)).toBe(true);
});

test('what was typed before the window became narrow is still there when it is wide again', async () => {
  const page = await desk.open('#/channels/new');
  await page.getByLabel('渠道名称').fill('秋季展会');
  await page.setViewportSize(narrow);
  await sees(page, says);
  expect(await page.getByLabel('渠道名称').isDisabled()).toBe(true);
  await page.setViewportSize(wide);
  expect(await page.getByLabel('渠道名称').inputValue()).toBe('秋季展会');
  await press(page, '保存');
  expect(await sees(page, '请选至少一位成员。')).toBe(true);
});

test('in a narrow window a row is a card: each of its cells says what it is', async () => {
  desk.product.segments.all = [someSegment(700)];
  const page = await desk.open('#/segments', narrow);
  const row = page.getByRole('table', { name: '人群' }).getByRole('row').nth(1);
  await row.waitFor();
  const said = await row.getByRole('cell').evaluateAll((cells) => cells.map((cell) => cell.dataset['head']));
  expect(said.slice(0, 2)).toEqual(['名称', '人数']);
  const [first, second] = await Promise.all([0, 1].map((at) => row.getByRole('cell').nth(at).boundingBox()));
  expect(second?.y).toBeGreaterThan(first?.y ?? Infinity);
});

const screens = [
  { name: 'the segments', hash: '#/segments' },
  { name: 'the channels', hash: '#/channels' },
  { name: 'the materials', hash: '#/materials' },
  { name: 'the members', hash: '#/members' },
  { name: 'a channel', hash: `#/channels/${id(1201)}` },
  { name: 'a segment', hash: `#/segments/${id(700)}` },
];
test.each(facesOf(screens, [375, 700]))(
  'axe finds nothing on $name in a narrow window ($theme, $language, $width px)',
  async ({ hash, ...face }) => {
    desk.product.segments.all = [someSegment(700)];
    const page = await desk.open(hash, face);
    await page.locator('main .card h2, main .card h3').first().waitFor();
    await page.waitForFunction(() => document.querySelector('main [aria-busy=true], main .skeleton') === null);
    expect(await examine(page)).toEqual([]);
  },
);
