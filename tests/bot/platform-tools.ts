import type { PlatformTools } from '#server/platform/driver.ts';

export interface TestTools extends PlatformTools {
  calls: Parameters<PlatformTools['observeCall']>[0][];
  tokens: Map<string, string>;
  clock: { now: Date };
}

/** What main.ts gives a platform, in memory: one process, a clock that stands still. */
export function testTools(now = new Date('2026-11-22T02:00:00Z')): TestTools {
  const tools: TestTools = {
    calls: [],
    tokens: new Map(),
    clock: { now },
    async sharedToken(name, refresh, options = {}) {
      const known = tools.tokens.get(name);
      if (known !== undefined && known !== options.isBad) return known;
      const { value } = await refresh();
      tools.tokens.set(name, value);
      return value;
    },
    now: () => tools.clock.now,
    observeCall: (call) => void tools.calls.push(call),
  };
  return tools;
}
