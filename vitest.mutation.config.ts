import { defineConfig } from 'vitest/config';

/** The unit tests that `npm run mutation` holds changed code against: those of the rooms that it changes. */
export default defineConfig({
  test: {
    include: ['tests/unit/{timeline,safety}/**/*.test.ts'],
    setupFiles: ['tests/fixtures/brief-properties.ts'],
    pool: 'forks',
    // As in vitest.config.ts: properties of whole plans take seconds where the code is instrumented.
    testTimeout: 20_000,
  },
});
