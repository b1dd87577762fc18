import { describe, expect, it } from 'vitest';

import { parametersByName } from '../../../src/params/schema.js';
import { plannerNames, type PlannerName } from '../../../src/planning/registry.js';
import { makePlanner, type TestSettings } from '../../fixtures/planners.js';
import { linearModel, linearOptions, linearScorer } from './linear-world.js';

describe('createPlanner', () => {
  it('knows every planner that the parameter names, and no other', () => {
    expect(plannerNames).toEqual(parametersByName.get('planner')?.choices);
  });

  it('names the planners that there are when asked for another', () => {
    const unknown = 'gradient' as PlannerName;
    expect(() => makePlanner(unknown, linearModel, linearScorer(), linearOptions)).toThrow(
      /found "gradient", expected one of cem, icem, cma, mppi, predictive_sampling, inverse_dynamics, random.*\[params.invalid\]/,
    );
  });

  it.each<[PlannerName, string, Partial<TestSettings>]>([
    ['icem', 'icem.kept_elites -1', { 'icem.kept_elites': -1 }],
    ['icem', 'icem.shrink 0.9', { 'icem.shrink': 0.9 }],
    ['mppi', 'mppi.temperature 0', { 'mppi.temperature': 0 }],
  ])('refuses values of %s out of range: %s', (name, found, values) => {
    expect(() => makePlanner(name, linearModel, linearScorer(), { ...linearOptions, ...values })).toThrow(
      expect.objectContaining({
        code: 'params.invalid',
        message: expect.stringContaining(`found ${found},`) as string,
      }),
    );
  });
});
