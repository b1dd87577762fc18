import { defineConfig } from 'vitest/config';

/** The unit tests that `npm run mutation` holds changed code against: those of the rooms that it changes, and of the loop that uses them. */
export default defineConfig({
  test: {
    include: ['tests/unit/{timeline,control,pipeline}/**/*.test.ts'],
    pool: 'forks',
  },
});
