import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds, and whether anything has to be scrolled sideways. */
export async function examine(page: Page): Promise<string[]> {
  // What slides in is measured where it comes to rest.
  await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'));
  await page.evaluate(`${axe};0`);
  const { violations } = (await page.evaluate('axe.run(document)')) as AxeResults;
  const isWiderThanPane = await page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  );
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  return isWiderThanPane ? [...found, 'wider than the pane'] : found;
}

const themes = ['light', 'dark'];
const languages = ['zh-CN', 'en'];

/** Each state in one of the twelve faces, each face several times. */
export function facesOf<State>(states: readonly State[], widths: readonly number[]) {
  return states.map((state, index) => ({
    ...state,
    theme: themes[index % 2] ?? '',
    language: languages[Math.floor(index / 2) % 2] ?? '',
    width: widths[index % widths.length] ?? 0,
  }));
}
