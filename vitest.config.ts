import { defineConfig } from 'vitest/config';
import { patienceMs, testMs } from './tests/support/patience.ts';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    isolate: false,
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: testMs,
    hookTimeout: testMs,
    expect: { poll: { timeout: patienceMs } },
    globalSetup: ['tests/support/global-setup.ts'],
  },
});
