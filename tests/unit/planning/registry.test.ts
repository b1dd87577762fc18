import { describe, expect, it } from 'vitest';

import { parameterSchema } from '../../../src/params/schema.js';
import { createPlanner, plannerNames } from '../../../src/planning/registry.js';
import { linearModel, linearOptions, linearScorer } from './linear-world.js';

describe('createPlanner', () => {
  it('knows every planner that the parameter names, and no other', () => {
    expect(plannerNames).toEqual(parameterSchema.shape.planner.unwrap().options);
  });

  it('names the planners that there are when asked for another', () => {
    expect(() => createPlanner('gradient', linearModel, linearScorer(), linearOptions)).toThrow(
      /found "gradient", expected one of cem, icem, cma, mppi, predictive_sampling, random.*\[params.invalid\]/,
    );
  });
});
