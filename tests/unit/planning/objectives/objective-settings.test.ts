import { describe, expect, it } from 'vitest';

import {
  objectiveSpec,
  type ObjectiveModel,
} from '../../../../src/planning/objectives/objective-settings.js';
import type { PlanningValues } from '../../../../src/planning/planning-parameters.js';
import { defaultValues } from '../../../fixtures/planners.js';
import { planningFacts } from '../../../fixtures/planning-facts.js';

const model: ObjectiveModel = planningFacts;

function objective(changes: Partial<PlanningValues> = {}, of = model): ReturnType<typeof objectiveSpec> {
  return objectiveSpec({ ...defaultValues, ...changes }, of);
}

describe('objectiveSpec', () => {
  it('leaves everything to the model by default', () => {
    expect(objective()).toEqual({
      metric: 'temporal_distance',
      steps: 'all',
      expression: null,
      weights: { action: 0.3, smoothness: 0, limit: 0, limitMargin: 0.1, limitMarginM: 0.1 },
    });
  });

  it('takes what the values say', () => {
    const spec = objective({
      'objective.metric': 'l1',
      'objective.steps': 'weighted',
      'objective.action_weight': 2,
      'objective.smoothness_weight': 3,
      'objective.limit_weight': 4,
      'objective.limit_margin': 0.5,
      'objective.limit_margin_m': 0.5,
    });
    expect(spec).toMatchObject({
      metric: 'l1',
      steps: 'weighted',
      weights: { action: 2, smoothness: 3, limit: 4, limitMargin: 0.5, limitMarginM: 0.5 },
    });
  });

  it('drops the model’s penalty beside a cost in another unit, and keeps a penalty that was asked for', () => {
    expect(objective({ 'objective.metric': 'l1' }).weights.action).toBe(0);
    expect(objective({ 'objective.expression': 'latent_distance' }).weights.action).toBe(0);
    expect(
      objective({ 'objective.expression': 'latent_distance', 'objective.action_weight': 1 }).weights.action,
    ).toBe(1);
  });

  it('reads expressions against the model: its joints, and whether it has a distance of its own', () => {
    expect(objective({ 'objective.expression': 'goal_distance + q[2]' }).expression?.text).toBe(
      'goal_distance + q[2]',
    );
    expect(() => objective({ 'objective.expression': 'q[3]' })).toThrow(/from 1 to 2/);
    const without: ObjectiveModel = {
      ...model,
      objective: { default: 'squared_latent_distance', steps: 'last' },
      hasTemporalDistance: false,
    };
    expect(() => objective({ 'objective.expression': 'goal_distance' }, without)).toThrow(/latent_distance/);
  });

  it('refuses the learned distance of a model that has none', () => {
    const without: ObjectiveModel = { ...model, hasTemporalDistance: false };
    expect(() => objective({ 'objective.metric': 'temporal_distance' }, without)).toThrow(/distance.onnx/);
  });
});
