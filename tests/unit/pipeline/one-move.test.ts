import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { asOneMove, extraShare, searchFactor } from '../../../src/pipeline/one-move.js';
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

describe('the search of one tuning beside that of another', () => {
  it('has as many times as many iterations, the defaults of the model included', () => {
    expect(searchFactor(asOneMove(defaultTuning, quick), defaultTuning, quick)).toBe(4);
    expect(searchFactor(defaultTuning, defaultTuning, quick)).toBe(1);
    expect(
      searchFactor({ ...defaultTuning, iterations: 3 }, { ...defaultTuning, iterations: 6 }, quick),
    ).toBe(0.5);
  });
});

describe('the share of a plan that another one would not have taken', () => {
  it.each([
    [8, 2, 0.6],
    [8, 8, 0],
    [4, 30, 0],
    [1, 1, 0],
  ])(
    'of %i iterations where %i are asked for, 800 of 1000 ms searched, is %f',
    (iterations, asked, share) => {
      expect(extraShare({ iterations, searchMs: 800, planMs: 1000 }, asked)).toBeCloseTo(share, 12);
    },
  );

  it('lies between 0 and 1, whatever is measured', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.nat(1000),
        fc.nat(40),
        fc.nat(40),
        (searchMs, planMs, iterations, asked) => {
          const share = extraShare({ iterations, searchMs, planMs }, asked);
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});
