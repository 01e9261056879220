import { weigh } from '#tests/miniapp/bundle.ts';
import type { Line } from './table.ts';

/** KiB of gzip −9; tests/miniapp/bundle.test.ts fails where a limit is passed. */
const limits: [page: string, part: 'scripts' | 'styles' | 'both', max: number][] = [
  ['sidebar.html', 'scripts', 110],
  ['sidebar.html', 'styles', 16],
  ['inbox.html', 'both', 130],
  ['desk.html', 'both', 240],
];

/** What a browser fetches before each page answers to a press. Needs `npm run build`. */
export async function measureBundles(): Promise<Line[]> {
  return limits.map(([page, part, max]) => {
    const { scripts, styles } = weigh(page);
    const kib = { scripts, styles, both: scripts + styles }[part];
    return {
      what: `${page}, ${part === 'both' ? 'scripts and styles' : part}`,
      value: `${kib.toFixed(1)} KiB`,
      aim: `≤ ${max} KiB`,
      isMet: kib <= max,
    };
  });
}
