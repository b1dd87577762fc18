import { defineConfig } from 'vitest/config';

/** The unit tests that `npm run mutation` holds changed code against: those of the rooms that it changes. */
export default defineConfig({
  test: {
    include: ['tests/unit/{timeline,safety}/**/*.test.ts'],
    pool: 'forks',
  },
});
