import { plannerNames } from '../../src/planning/registry.js';
import { describePlannerContract } from './planner-contract.js';
import { makePlanner, makeRestingPlanner } from '../fixtures/planners.js';

for (const name of plannerNames) {
  describePlannerContract(name, (model, scorer, options) => makePlanner(name, model, scorer, options));
}

// A margin that decides nothing in these worlds: what it decides has tests of its own.
const rest = { margin: 1e-9, patienceMs: 1000 };
describePlannerContract(
  'cem',
  (model, scorer, options) =>
    makeRestingPlanner(makePlanner('cem', model, scorer, options), model, scorer, options, rest),
  { title: 'cem that rests', runsAfter: 1 },
);
