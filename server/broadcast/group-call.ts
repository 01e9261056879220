import { callThrough, shut, type Gate } from '#server/base/call-gate.ts';
import type { Deps } from '#server/base/deps.ts';
import { PlatformError } from '#server/platform/platform-error.ts';
import type { Page } from '#server/platform/page.ts';
import type { Platform } from '#server/platform/platform.ts';

const PAGES_MAX = 1000;

const groupCalls = ['start', 'upload', 'list', 'confirmations', 'results', 'remind', 'cancel'] as const;
export type GroupCall = (typeof groupCalls)[number];

/** Each kind of call has a limit of its own. */
export const gateOf = (platform: Pick<Platform, 'name'>, call: GroupCall): Gate => ({
  platform: platform.name,
  call: `group-send.${call}`,
});

/** Hands each page to `take`; `shut` as soon as the platform has had too many. */
export async function eachPage<Item>(
  deps: Deps,
  platform: Platform,
  call: GroupCall,
  read: (cursor: string) => Promise<Page<Item>>,
  take: (items: Item[]) => Promise<void> | void,
): Promise<typeof shut | 'all'> {
  const seen = new Set<string>();
  for (let cursor = ''; !seen.has(cursor) && seen.size < PAGES_MAX;) {
    seen.add(cursor);
    const from = cursor;
    const page = await callThrough(deps, gateOf(platform, call), () => read(from));
    if (page === shut) return shut;
    await take(page.items);
    if (page.nextCursor === '') return 'all';
    cursor = page.nextCursor;
  }
  throw new PlatformError('unavailable', { platform: platform.name, call, message: 'A page came again.' });
}

export async function everyPage<Item>(
  deps: Deps,
  platform: Platform,
  call: GroupCall,
  read: (cursor: string) => Promise<Page<Item>>,
): Promise<Item[] | typeof shut> {
  const all: Item[] = [];
  const went = await eachPage(deps, platform, call, read, (items) => void all.push(...items));
  return went === shut ? shut : all;
}
