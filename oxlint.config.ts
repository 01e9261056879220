import { defineConfig } from 'oxlint';

/** Rooms of server/ from the ground up: a room may import those before it, never those after. */
export const floors = [
  'platform',
  'base',
  'learning',
  'inbound',
  'member',
  'notice',
  'contact',
  'customer',
  'binding',
  'conversation',
  'task',
  'material',
  'knowledge',
  'summary',
  'scoring',
  'approval',
  'opportunity',
  'health',
  'handover',
  'team',
  'channel',
  'segment',
  'broadcast',
  'series',
  'usage',
  'sidebar',
];
/** Folders of bot/ that speak for one platform, and the sandbox that speaks for the other side. */
export const platforms = ['wecom', 'dingtalk', 'sandbox'];

interface Ban {
  regex?: string;
  group?: string[];
  message: string;
}

const parent: Ban = { regex: '^\\.\\./', message: 'Same room: ./file.ts. Another room: #server/room/file.ts.' };
const onlyDown = (patterns: Ban[]): ['error', { patterns: Ban[] }] => ['error', { patterns: [parent, ...patterns] }];
const bans = (files: string | string[], ...patterns: Ban[]) => ({
  files: [files].flat(),
  rules: { 'no-restricted-imports': onlyDown(patterns) },
});

const noPlatform: Ban = {
  regex: '^#bot/',
  message: 'server/ names no chat platform: ask #server/platform/platform.ts.',
};
const switchboards: Ban = { regex: '^#server/[^/]+$', message: 'Rooms do not know the switchboards.' };
const above = (floor: number): Ban[] =>
  floor + 1 < floors.length
    ? [
        {
          regex: `^#server/(${floors.slice(floor + 1).join('|')})/`,
          message: `server/${floors[floor]} stands below that room.`,
        },
      ]
    : [];
const others = (name: string): Ban => ({
  regex: `^#bot/(${platforms.filter((other) => other !== name).join('|')})/`,
  message: 'Platforms do not meet.',
});
const onlyThePort: Ban = {
  group: ['#server/**', '!#server/platform/**'],
  message: 'bot/ knows server/platform/ only.',
};

export default defineConfig({
  jsPlugins: ['./oxlint.names.ts'],
  plugins: ['typescript', 'import', 'unicorn', 'node', 'promise', 'vitest', 'vue'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  ignorePatterns: ['prisma/client', 'miniapp/dist', 'node_modules'],
  rules: {
    'no-empty': 'error',
    'no-console': 'error',
    'node/no-process-env': 'error',
    'no-await-in-loop': 'off',
    'no-underscore-dangle': 'off',
    'no-shadow': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'unicorn/require-module-specifiers': 'off',
    'unicorn/no-array-for-each': 'off',
    'import/no-unassigned-import': 'off',
    'import/no-named-as-default-member': 'off',
    'import/no-named-as-default': 'off',
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/consistent-type-imports': 'error',
    'vitest/no-focused-tests': 'error',
    'vitest/no-disabled-tests': 'error',
    'vitest/require-mock-type-parameters': 'off',
    'vitest/require-to-throw-message': 'off',
    'vitest/no-conditional-tests': 'off',
    'no-restricted-imports': ['error', { patterns: [parent] }],
  },
  overrides: [
    ...floors.map((room, floor) => bans(`server/${room}/**`, noPlatform, switchboards, ...above(floor))),
    bans('server/*.ts', noPlatform),
    { files: ['server/**'], rules: { 'zhike/no-platform-name': 'error' } },
    {
      files: ['server/main.ts'],
      rules: {
        'no-restricted-imports': onlyDown([
          { group: ['#bot/**', '!#bot/platforms.ts'], message: 'main.ts knows the list of platforms only.' },
        ]),
        'node/no-process-env': 'off',
        'no-console': 'off',
      },
    },
    bans('bot/*.ts', onlyThePort),
    bans('bot/shared/**', onlyThePort, others('shared')),
    ...platforms.map((name) => bans(`bot/${name}/**`, onlyThePort, others(name))),
    bans('miniapp/**', {
      group: ['#server/**', '!#server/**/*-api.ts', '#bot/**', '!#bot/sandbox/*-api.ts'],
      message: 'miniapp/ knows the *-api.ts contracts only.',
    }),
    { files: ['prisma/*.ts', 'tests/**', '*.config.ts'], rules: { 'no-console': 'off', 'node/no-process-env': 'off' } },
  ],
});
