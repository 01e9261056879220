import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/crash/*.crash.ts'],
    pool: 'forks',
    testTimeout: 1_200_000,
    hookTimeout: 60_000,
    globalSetup: ['tests/support/global-setup.ts'],
  },
});
