import { expect, it } from 'vitest';

import { plannerOptionsFromTuning } from '../../../src/planning/planner-options-from-tuning.js';
import { defaultTuning } from '../../fixtures/default-tuning.js';
import { planningFacts } from '../../fixtures/planning-facts.js';

const clock = (): number => 0;
const { plannerDefaults } = planningFacts;
const facts = {
  ...planningFacts,
  action: { ...planningFacts.action, frozen: [null, 0.25] },
  plannerDefaults: { ...plannerDefaults, momentum: 0.15, actionRepeat: 5 },
};

it('leaves to the model what a tuning does not say', () => {
  expect(plannerOptionsFromTuning(defaultTuning, facts, clock)).toMatchObject({
    samples: plannerDefaults.samples,
    momentum: 0.15,
    actionRepeat: 5,
    frozen: [null, 0.25],
  });
});

it('takes what a tuning says, for the entries that it names', () => {
  const tuning = { ...defaultTuning, momentum: 0, actionRepeat: 1, frozenActions: 'elbow=0.5' };
  expect(plannerOptionsFromTuning(tuning, facts, clock)).toMatchObject({
    momentum: 0,
    actionRepeat: 1,
    frozen: [null, 0.5],
  });
});

it('has the planner choose where neither says anything', () => {
  const options = plannerOptionsFromTuning(defaultTuning, planningFacts, clock);
  expect(options).toMatchObject({ actionRepeat: 1, frozen: [null, null] });
  expect(options).not.toHaveProperty('momentum');
});
