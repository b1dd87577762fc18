import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { asOneMove, extraSearchMs, iterationsOf } from '../../../src/loop/one-move.js';
import { defaultTuning } from '../../fixtures/default-tuning.js';
import { planningFacts } from '../../fixtures/planning-facts.js';

/** A model that is planned with often: few iterations about the plan before. */
const quick = { plannerDefaults: { ...planningFacts.plannerDefaults, iterations: 2, initialStd: 0.2 } };

describe('a plan that is done as a whole', () => {
  it('is searched for widely, and scored over all its steps', () => {
    expect(asOneMove(defaultTuning, quick)).toEqual({
      ...defaultTuning,
      objectiveSteps: 'all',
      iterations: 8,
      initialStd: 0.5,
    });
  });

  it('is searched for no less than the model asks for', () => {
    const thorough = { plannerDefaults: { ...quick.plannerDefaults, iterations: 30, initialStd: 1 } };
    expect(asOneMove(defaultTuning, thorough)).toMatchObject({ iterations: 30, initialStd: 1 });
  });

  it('is as the parameters say where they say anything', () => {
    const set = { ...defaultTuning, objectiveSteps: 'last', iterations: 3, initialStd: 0.1 };
    expect(asOneMove(set, quick)).toEqual(set);
    const perJoint = { ...defaultTuning, jointInitialStd: [0.1, 0.3] };
    expect(asOneMove(perJoint, quick)).toMatchObject({ initialStd: 0, jointInitialStd: [0.1, 0.3] });
  });
});

describe('the iterations of a tuning', () => {
  it('are its own, or those of the model', () => {
    expect(iterationsOf(defaultTuning, quick)).toBe(2);
    expect(iterationsOf(asOneMove(defaultTuning, quick), quick)).toBe(8);
    expect(iterationsOf({ ...defaultTuning, iterations: 3 }, quick)).toBe(3);
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
