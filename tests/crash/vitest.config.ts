import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/crash/*.crash.ts'],
    pool: 'forks',
    // Each wants the machine for itself.
    fileParallelism: false,
    testTimeout: 1_200_000,
    hookTimeout: 60_000,
    globalSetup: ['tests/support/global-setup.ts'],
  },
});
