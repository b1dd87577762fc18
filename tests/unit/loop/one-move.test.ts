import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { asOneMove, extraSearchMs, iterationsOf } from '../../../src/loop/one-move.js';
import { defaultValues } from '../../fixtures/planners.js';
import { planningFacts } from '../../fixtures/planning-facts.js';

/** A model that is planned with often: few iterations about the plan before. */
const quick = { plannerDefaults: { ...planningFacts.plannerDefaults, iterations: 2, initialStd: 0.2 } };

describe('a plan that is done as a whole', () => {
  it('is searched for widely, and scored over all its steps', () => {
    expect(asOneMove(defaultValues, quick)).toEqual({
      ...defaultValues,
      'objective.steps': 'all',
      'sampling.iterations': 8,
      'sampling.initial_std': 0.5,
    });
  });

  it('is searched for no less than the model asks for', () => {
    const thorough = { plannerDefaults: { ...quick.plannerDefaults, iterations: 30, initialStd: 1 } };
    expect(asOneMove(defaultValues, thorough)).toMatchObject({
      'sampling.iterations': 30,
      'sampling.initial_std': 1,
    });
  });

  it('is as the parameters say where they say anything', () => {
    const set = {
      ...defaultValues,
      'objective.steps': 'last' as const,
      'sampling.iterations': 3,
      'sampling.initial_std': 0.1,
    };
    expect(asOneMove(set, quick)).toEqual(set);
    const perJoint = { ...defaultValues, 'sampling.joint_initial_std': [0.1, 0.3] };
    expect(asOneMove(perJoint, quick)).toMatchObject({
      'sampling.initial_std': 0,
      'sampling.joint_initial_std': [0.1, 0.3],
    });
  });
});

describe('the iterations of a plan', () => {
  it('are those of the values, or those of the model', () => {
    expect(iterationsOf(defaultValues, quick)).toBe(2);
    expect(iterationsOf(asOneMove(defaultValues, quick), quick)).toBe(8);
    expect(iterationsOf({ ...defaultValues, 'sampling.iterations': 3 }, quick)).toBe(3);
  });
});

describe('the part of a search that fewer iterations would not have taken', () => {
  it.each([
    [8, 2, 600],
    [8, 8, 0],
    [4, 30, 0],
    [1, 1, 0],
  ])('of %i iterations where %i are asked for is %i of 800 ms', (iterations, asked, extraMs) => {
    expect(extraSearchMs({ iterations, searchMs: 800 }, asked)).toBe(extraMs);
  });

  it('lies between nothing and the search, whatever is measured', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(40), fc.nat(40), (searchMs, iterations, asked) => {
        const extraMs = extraSearchMs({ iterations, searchMs }, asked);
        expect(extraMs).toBeGreaterThanOrEqual(0);
        expect(extraMs).toBeLessThanOrEqual(searchMs);
      }),
    );
  });
});
