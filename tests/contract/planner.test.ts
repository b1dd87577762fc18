import { createPlanner, plannerNames } from '../../src/planning/registry.js';
import { describePlannerContract } from './planner-contract.js';

for (const name of plannerNames) {
  describePlannerContract(name, (model, objective, options) =>
    createPlanner(name, model, objective, options),
  );
}
