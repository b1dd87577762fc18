import { describe, expect, it } from 'vitest';

import { SquaredLatentDistance } from '../../../src/planning/objectives.js';
import { createPlanner, plannerNames } from '../../../src/planning/registry.js';
import { linearModel, linearOptions } from './linear-world.js';

describe('createPlanner', () => {
  it('knows cem and random', () => {
    expect(plannerNames).toEqual(['cem', 'random']);
  });

  it('names the planners that there are when asked for another', () => {
    expect(() => createPlanner('mppi', linearModel, new SquaredLatentDistance(), linearOptions)).toThrow(
      /found "mppi", expected one of cem, random.*\[params.invalid\]/,
    );
  });
});
