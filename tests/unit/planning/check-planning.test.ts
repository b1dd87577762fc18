import { describe, expect, it } from 'vitest';

import { checkPlanning } from '../../../src/planning/check-planning.js';
import type { PlanningValues } from '../../../src/planning/planning-parameters.js';
import { defaultValues } from '../../fixtures/planners.js';
import { planningFacts } from '../../fixtures/planning-facts.js';

function check(changes: Partial<PlanningValues>, facts: typeof planningFacts | null = planningFacts): void {
  checkPlanning({ ...defaultValues, ...changes }, facts);
}

describe('checkPlanning', () => {
  it.each<[string, Partial<PlanningValues>]>([
    ['what the model says', {}],
    [
      'deviations of each joint',
      { 'sampling.joint_initial_std': [0.5, 0.1], 'sampling.joint_min_std': [0.1, 0.05] },
    ],
    ['one deviation for all joints', { 'sampling.joint_initial_std': [0.5] }],
    ['bounds inside the model’s', { 'actions.lower': [-0.5], 'actions.upper': [2, 0.5] }],
    ['one bound', { 'actions.upper': [0.5, 0.5] }],
  ])('accepts %s', (_, changes) => {
    expect(() => {
      check(changes);
    }).not.toThrow();
  });

  it.each<[string, Partial<PlanningValues>, RegExp]>([
    [
      'more elites than samples',
      { 'sampling.elites': 101 },
      /sampling.elites 101, .* from 1 to sampling.samples \(100\)/,
    ],
    [
      'fewer samples than the model’s elites',
      { 'sampling.samples': 5 },
      /sampling.elites 10, .* sampling.samples \(5\)/,
    ],
    [
      'a least deviation above the first',
      { 'sampling.min_std': 0.3 },
      /sampling.min_std 0.3, .* sampling.initial_std or sampling.joint_initial_std \(0.2\)/,
    ],
    [
      'three deviations for two joints',
      { 'sampling.joint_initial_std': [1, 1, 2] },
      /sampling.joint_initial_std.*\[1, 1, 2\].*one, or 2 \(shoulder, elbow\)/,
    ],
    [
      'three bounds for two joints',
      { 'actions.lower': [-1, -1, -1] },
      /actions.lower.*2 \(shoulder, elbow\)/,
    ],
    [
      'a bound outside the model’s',
      { 'actions.upper': [2, 1.5] },
      /actions.upper.*\[2, 1.5\].*\[2, 1\] rad\/s/,
    ],
    [
      'bounds that cross',
      { 'actions.lower': [1, 0.5], 'actions.upper': [2, 0.5] },
      /actions.upper, elbow: found 0.5 and 0.5/,
    ],
    ['an unknown frozen joint', { 'actions.frozen': 'knee=0' }, /actions.frozen.*knee=0/],
    [
      'a frozen action outside the bounds',
      { 'actions.upper': [0.5], 'actions.frozen': 'elbow=0.9' },
      /actions.frozen/,
    ],
    ['a joint that is not there', { 'objective.expression': 'q[3]' }, /\^/],
    ['an expression that divides by zero', { 'objective.expression': 'action[1, 1] / (2 - 2)' }, /\^/],
  ])('refuses %s', (_, changes, message) => {
    expect(() => {
      check(changes);
    }).toThrow(message);
  });

  it('checks expressions as far as they go before there is a model, and nothing else', () => {
    expect(() => {
      check({ 'objective.expression': 'goal_distnce' }, null);
    }).toThrow(/Did you mean goal_distance/);
    expect(() => {
      check({ 'objective.expression': 'q[3]', 'sampling.elites': 101 }, null);
    }).not.toThrow();
  });
});
