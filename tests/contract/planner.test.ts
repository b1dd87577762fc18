import { createPlanner, plannerNames } from '../../src/planning/registry.js';
import { describePlannerContract } from './planner-contract.js';

for (const name of plannerNames) {
  describePlannerContract(name, (model, scorer, options) => createPlanner(name, model, scorer, options));
}
