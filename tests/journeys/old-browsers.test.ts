import { expect, onTestFinished, test } from 'vitest';
import { useJourney } from '#tests/support/journey.ts';
import { launchOldBrowser } from '#tests/support/old-browser.ts';
import { patienceMs } from '#tests/support/patience.ts';

const journey = useJourney();

/** What an element of the page in the sandbox's frame says. */
const inFrame = (selector: string) => `(function () {
  var frame = document.querySelector('iframe');
  var element = frame && frame.contentDocument && frame.contentDocument.querySelector('${selector}');
  return element ? element.innerText : '';
})()`;

// The kernels older clients still carry.
test.each(['chromium-69', 'chromium-107'] as const)(
  'in the kernel of %s a rep logs in and sees the customer whose chat is open',
  async (kernel) => {
    const browser = await launchOldBrowser(kernel);
    onTestFinished(() => browser.close());
    await browser.goTo(`${journey.url}#story=1`);
    const shows = (selector: string) =>
      expect.poll(() => browser.evaluate(inFrame(selector)), { timeout: patienceMs, interval: 100 });
    await shows('h1').toContain('陈静');
    await shows('#next-title').not.toBe('');
    await shows('.score').toMatch(/\d+/);
    await shows('#score-title').not.toBe('');
    expect(browser.faults).toEqual([]);
  },
);
