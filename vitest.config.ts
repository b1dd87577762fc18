import { defineConfig } from 'vitest/config';

/** Loading models and starting processes on a busy machine takes its time. */
const UNIT_TIMEOUT_MS = 20_000;
const E2E_TIMEOUT_MS = 300_000;

/** One ROS domain serves a whole run, so tests that open nodes take turns. */
const oneAtATime = { pool: 'forks', fileParallelism: false, maxWorkers: 1 } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts', 'packages/*/tests/**/*.test.ts'],
          pool: 'forks',
          testTimeout: UNIT_TIMEOUT_MS,
          hookTimeout: UNIT_TIMEOUT_MS,
        },
      },
      {
        test: {
          name: 'contract',
          include: ['tests/contract/**/*.test.ts'],
          pool: 'forks',
          testTimeout: UNIT_TIMEOUT_MS,
          hookTimeout: UNIT_TIMEOUT_MS,
        },
      },
      {
        test: {
          ...oneAtATime,
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          testTimeout: E2E_TIMEOUT_MS,
          hookTimeout: E2E_TIMEOUT_MS,
        },
      },
    ],
  },
});
