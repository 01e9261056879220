import { expect, test } from 'vitest';
import { useJourney } from '#tests/support/journey.ts';
import { openOldBrowser } from '#tests/support/old-browser.ts';

const journey = useJourney({ settled: true });

/** The text of an element of the page in the sandbox's frame, once it is there. */
const shown = (selector: string) => `(function () {
  var frame = document.querySelector('iframe');
  var element = frame && frame.contentDocument && frame.contentDocument.querySelector('${selector}');
  return element && element.innerText;
})()`;

// The kernels older clients still carry.
test.each([69, 107] as const)(
  'the sidebar opens beside a chat in Chromium %i, with nothing broken',
  async (release) => {
    const page = await openOldBrowser(release);
    try {
      expect(page.userAgent).toContain(`/${release}.`);
      await page.goto(`${journey.url}#story=1`);
      expect(await page.until(shown('h1'))).toContain('陈静');
      expect(await page.until(shown('#next-title'))).not.toBe('');
      expect(await page.until(shown('#score-title'))).not.toBe('');
      // Who has no session yet is told so with a 401 before the login.
      expect(page.errors.filter((error) => !error.endsWith('/api/me'))).toEqual([]);
    } finally {
      await page.close();
    }
  },
);
