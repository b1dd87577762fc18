import { expect, it } from 'vitest';

import { parameterSchema } from '../../../src/params/schema.js';
import { loopSettings } from '../../../src/ros/loop-settings.js';

it('time to compile does not count against the time limit of a plan', () => {
  const values = parameterSchema.parse({
    'rollout.precision': 'int8',
    'planning.timeout_s': 0.5,
    'planning.load_timeout_s': 60,
  });
  const asked: string[] = [];
  const planner = (mayCompile: boolean) => ({
    mayCompile: ({ precision }: { precision: string }) => {
      asked.push(precision);
      return mayCompile;
    },
  });
  expect(loopSettings(values, planner(false)).planTimeoutMs).toBe(500);
  expect(loopSettings(values, planner(true)).planTimeoutMs).toBe(60_500);
  expect(loopSettings(values).planTimeoutMs).toBe(500);
  expect(asked).toEqual(['int8', 'int8']);
});
