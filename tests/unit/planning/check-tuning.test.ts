import { describe, expect, it } from 'vitest';

import { checkTuning } from '../../../src/planning/check-tuning.js';
import type { PlannerTuning } from '../../../src/planning/planner-port.js';
import { defaultTuning } from '../../fixtures/default-tuning.js';
import { planningFacts } from '../../fixtures/planning-facts.js';

function check(changes: Partial<PlannerTuning>, facts: typeof planningFacts | null = planningFacts): void {
  checkTuning({ ...defaultTuning, ...changes }, facts);
}

describe('checkTuning', () => {
  it.each<[string, Partial<PlannerTuning>]>([
    ['what the model says', {}],
    ['deviations of each joint', { jointInitialStd: [0.5, 0.1], jointMinStd: [0.1, 0.05] }],
    ['one deviation for all joints', { jointInitialStd: [0.5] }],
    ['bounds inside the model’s', { actionLower: [-0.5], actionUpper: [2, 0.5] }],
    ['one bound', { actionUpper: [0.5, 0.5] }],
  ])('accepts %s', (_, changes) => {
    expect(() => {
      check(changes);
    }).not.toThrow();
  });

  it.each<[string, Partial<PlannerTuning>, RegExp]>([
    ['more elites than samples', { elites: 101 }, /cem.elites 101, .* from 1 to cem.samples \(100\)/],
    ['fewer samples than the model’s elites', { samples: 5 }, /cem.elites 10, .* cem.samples \(5\)/],
    [
      'a least deviation above the first',
      { minStd: 0.3 },
      /cem.min_std 0.3, .* cem.initial_std or cem.joint_initial_std \(0.2\)/,
    ],
    [
      'three deviations for two joints',
      { jointInitialStd: [1, 1, 2] },
      /\[1, 1, 2\].*cem.joint_initial_std, one for each of 2 joints/,
    ],
    ['three bounds for two joints', { actionLower: [-1, -1, -1] }, /actions.lower.*2 \(shoulder, elbow\)/],
    ['a bound outside the model’s', { actionUpper: [2, 1.5] }, /actions.upper.*\[2, 1.5\].*\[2, 1\] rad\/s/],
    [
      'bounds that cross',
      { actionLower: [1, 0.5], actionUpper: [2, 0.5] },
      /actions.upper, elbow: found 0.5 and 0.5/,
    ],
    ['an unknown frozen joint', { frozenActions: 'knee=0' }, /actions.frozen.*knee=0/],
    [
      'a frozen action outside the bounds',
      { actionUpper: [0.5], frozenActions: 'elbow=0.9' },
      /actions.frozen/,
    ],
    ['a joint that is not there', { objectiveExpression: 'q[3]' }, /\^/],
    ['an expression that divides by zero', { objectiveExpression: 'action[1, 1] / (2 - 2)' }, /\^/],
  ])('refuses %s', (_, changes, message) => {
    expect(() => {
      check(changes);
    }).toThrow(message);
  });

  it('checks expressions as far as they go before there is a model, and nothing else', () => {
    expect(() => {
      check({ objectiveExpression: 'goal_distnce' }, null);
    }).toThrow(/Did you mean goal_distance/);
    expect(() => {
      check({ objectiveExpression: 'q[3]', elites: 101 }, null);
    }).not.toThrow();
  });
});
