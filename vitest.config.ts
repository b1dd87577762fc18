import { defineConfig } from 'vitest/config';

/** Loading models and starting processes on a busy machine takes its time. */
const UNIT_TIMEOUT_MS = 60_000;
const UNIT_POLL_MS = 20_000;
const E2E_TIMEOUT_MS = 900_000;
const BROWSER_TIMEOUT_MS = 600_000;
/** What a page does with what arrives, drawing in three dimensions on the processor. */
const BROWSER_POLL_MS = 120_000;

/** One ROS domain serves a whole run, so tests that open nodes take turns. */
const oneAtATime = { pool: 'forks', fileParallelism: false, maxWorkers: 1 } as const;

const UNIT_TESTS = ['tests/unit/**/*.test.ts', 'packages/*/tests/**/*.test.ts'];

/**
 * Unit tests that get a process each: they start processes and worker threads, set variables that native libraries read once, or
 * replace a module. All others share one process, which halves their time: the product's modules are loaded once.
 */
const ISOLATED_TESTS = [
  'tests/unit/dashboard/replays.test.ts',
  'tests/unit/eval/child-process.test.ts',
  'tests/unit/model-check/**/*.test.ts',
  'tests/unit/model/{gpu-libraries,load-model,no-telemetry,tensorrt-cache}.test.ts',
  'tests/unit/recording/recorder.test.ts',
  'tests/unit/ros/topics/qos-subscription.test.ts',
  'tests/unit/scripts/{run-checks,set-up-lock,supervise}.test.ts',
  'tests/unit/worker/{latents-by-stamp,worker-planner}.test.ts',
];

/** Needs a WebGPU device, or emulates one on the cpu, which takes long. */
const WEBGPU_TESTS = ['tests/unit/model/webgpu-golden.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: UNIT_TESTS,
          exclude: [...ISOLATED_TESTS, ...WEBGPU_TESTS],
          pool: 'forks',
          isolate: false,
          expect: { poll: { timeout: UNIT_POLL_MS } },
          testTimeout: UNIT_TIMEOUT_MS,
          hookTimeout: UNIT_TIMEOUT_MS,
        },
      },
      {
        test: {
          name: 'unit-isolated',
          include: ISOLATED_TESTS,
          pool: 'forks',
          // They wait a lot, for processes to start and to end.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          expect: { poll: { timeout: UNIT_POLL_MS } },
          testTimeout: UNIT_TIMEOUT_MS,
          hookTimeout: UNIT_TIMEOUT_MS,
        },
      },
      {
        test: {
          name: 'unit-webgpu',
          include: WEBGPU_TESTS,
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
          sequence: { groupOrder: 2 },
          include: ['tests/e2e/**/*.test.ts'],
          testTimeout: E2E_TIMEOUT_MS,
          hookTimeout: E2E_TIMEOUT_MS,
        },
      },
      {
        test: {
          ...oneAtATime,
          name: 'browser',
          sequence: { groupOrder: 3 },
          include: ['tests/browser/**/*.test.ts'],
          expect: { poll: { timeout: BROWSER_POLL_MS } },
          testTimeout: BROWSER_TIMEOUT_MS,
          hookTimeout: BROWSER_TIMEOUT_MS,
        },
      },
    ],
  },
});
