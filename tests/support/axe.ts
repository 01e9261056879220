import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Frame, Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Axe {
  run(
    root: Document,
    options: object,
  ): Promise<{
    violations: { id: string; nodes: { target: unknown; any: { message: string }[] }[] }[];
    passes: unknown[];
  }>;
}

/** The looks a document is examined in. Widths are those of the frame it stands in. */
export interface Looks {
  themes?: readonly string[];
  widths?: readonly number[];
}

/** What axe finds in this document as it is now, in each of these looks; the frames in it are left out. */
export async function axeFindings(document: Page | Frame, { themes = [], widths = [] }: Looks = {}): Promise<string[]> {
  if (!(await document.evaluate('"axe" in globalThis'))) await document.evaluate(axe);
  return document.evaluate(
    async ({ themes, widths }) => {
      const { axe } = globalThis as unknown as { axe: Axe };
      const root = globalThis.document.documentElement;
      const frame = globalThis.frameElement as HTMLElement | null;
      const before = { theme: root.dataset['theme'], width: frame?.style.width ?? '' };
      const found: string[] = [];
      for (const theme of themes)
        for (const width of widths) {
          root.dataset['theme'] = theme ?? before.theme;
          if (frame && width) frame.style.width = `${width}px`;
          // Asked for its size, the window around lays the frame out at once.
          frame?.getBoundingClientRect();
          const { violations, passes } = await axe.run(globalThis.document, {
            iframes: false,
            resultTypes: ['violations'],
          });
          const look = [theme, width && `${width} px`].filter(Boolean).join(', ');
          if (passes.length === 0) found.push(`${look}: axe looked at nothing`);
          for (const { id, nodes } of violations)
            for (const { target, any } of nodes)
              found.push(`${look}: ${id} ${String(target)} ${any[0]?.message ?? ''}`);
          if (width && globalThis.innerWidth !== width)
            found.push(`${look}: the frame is ${globalThis.innerWidth} px wide`);
          if (root.scrollWidth > globalThis.innerWidth) {
            const over = [...root.querySelectorAll('body *')].filter(
              (one) => one.getBoundingClientRect().right > globalThis.innerWidth + 0.5,
            );
            const what = over.map(
              (one) =>
                `<${one.tagName.toLowerCase()} class="${one.getAttribute('class') ?? ''}"> to ${one.getBoundingClientRect().right} px “${one.textContent?.trim().slice(0, 60) ?? ''}”`,
            );
            found.push(`${look}: it hangs over the side to ${root.scrollWidth} px at ${what.join(', ')}`);
          }
        }
      root.dataset['theme'] = before.theme;
      if (frame) frame.style.width = before.width;
      return found;
    },
    { themes: themes.length > 0 ? themes : [null], widths: widths.length > 0 ? widths : [null] },
  );
}
