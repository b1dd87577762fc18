import { expect, it } from 'vitest';

import { parameterSchema } from '../../../../src/params/schema.js';
import { loopSettings } from '../../../../src/ros/parameters/loop-settings.js';

it('time to compile does not count against the time limit of a plan: it has one of its own', () => {
  const values = parameterSchema.parse({ 'planning.timeout_s': 0.5, 'planning.load_timeout_s': 60 });
  expect(loopSettings(values)).toMatchObject({ planTimeoutMs: 500, compileTimeoutMs: 60_000 });
});

it('patience is in seconds for people', () => {
  const values = parameterSchema.parse({ 'rest.margin': 0.25, 'rest.patience_s': 1.5 });
  expect(loopSettings(values).tuning).toMatchObject({ restMargin: 0.25, restPatienceMs: 1500 });
});
