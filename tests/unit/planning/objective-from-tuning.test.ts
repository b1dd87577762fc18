import { describe, expect, it } from 'vitest';

import {
  objectiveFromTuning,
  type ObjectiveModel,
  type ObjectiveTuning,
} from '../../../src/planning/objective-from-tuning.js';
import { defaultTuning } from '../../fixtures/default-tuning.js';
import { planningFacts } from '../../fixtures/planning-facts.js';

const model: ObjectiveModel = planningFacts;

function objective(
  changes: Partial<ObjectiveTuning> = {},
  of = model,
): ReturnType<typeof objectiveFromTuning> {
  return objectiveFromTuning({ ...defaultTuning, ...changes }, of);
}

describe('objectiveFromTuning', () => {
  it('leaves everything to the model unless told otherwise', () => {
    expect(objective()).toEqual({
      metric: 'temporal_distance',
      steps: 'all',
      expression: null,
      weights: { action: 0.3, smoothness: 0, limit: 0, limitMargin: 0.1, limitMarginM: 0.1 },
    });
  });

  it('takes what the tuning says', () => {
    const spec = objective({
      objectiveMetric: 'l1',
      objectiveSteps: 'weighted',
      actionPenalty: 2,
      smoothnessWeight: 3,
      limitWeight: 4,
      limitMargin: 0.5,
      limitMarginM: 0.5,
    });
    expect(spec).toMatchObject({
      metric: 'l1',
      steps: 'weighted',
      weights: { action: 2, smoothness: 3, limit: 4, limitMargin: 0.5, limitMarginM: 0.5 },
    });
  });

  it('drops the model’s penalty beside a cost in another unit, and keeps a penalty that was asked for', () => {
    expect(objective({ objectiveMetric: 'l1' }).weights.action).toBe(0);
    expect(objective({ objectiveExpression: 'latent_distance' }).weights.action).toBe(0);
    expect(objective({ objectiveExpression: 'latent_distance', actionPenalty: 1 }).weights.action).toBe(1);
  });

  it('reads expressions against the model: its joints, and whether it has a distance of its own', () => {
    expect(objective({ objectiveExpression: 'goal_distance + q[2]' }).expression?.text).toBe(
      'goal_distance + q[2]',
    );
    expect(() => objective({ objectiveExpression: 'q[3]' })).toThrow(/from 1 to 2/);
    const without: ObjectiveModel = {
      ...model,
      objective: { default: 'squared_latent_distance', steps: 'last' },
      hasTemporalDistance: false,
    };
    expect(() => objective({ objectiveExpression: 'goal_distance' }, without)).toThrow(/latent_distance/);
  });

  it('refuses the learned distance of a model that has none', () => {
    const without: ObjectiveModel = { ...model, hasTemporalDistance: false };
    expect(() => objective({ objectiveMetric: 'temporal_distance' }, without)).toThrow(/distance.onnx/);
  });

  it('refuses names that nobody knows', () => {
    expect(() => objective({ objectiveMetric: 'l7' })).toThrow(/l1, cosine.*\[params.invalid\]/);
  });
});
