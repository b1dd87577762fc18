import type { PlanContext } from '../../src/core/ports.js';
import { plannerNames } from '../../src/planning/registry.js';
import { describePlannerContract } from './planner-contract.js';
import { makePlanner, makeRestingPlanner } from '../fixtures/planners.js';

for (const name of plannerNames.filter((each) => each !== 'inverse_dynamics')) {
  describePlannerContract(name, (model, scorer, options) => makePlanner(name, model, scorer, options));
}

// What is proposed depends on the goal alone, and breaks every bound.
describePlannerContract(
  'inverse_dynamics',
  (model, scorer, options) => {
    const planner = makePlanner('inverse_dynamics', model, scorer, options);
    const proposing = (context: PlanContext): PlanContext => ({
      ...context,
      proposal: Float32Array.from({ length: 7 }, (_, i) => (i - 3) * (context.goal.data[i % 2] ?? NaN)),
    });
    return {
      name: planner.name,
      plan: (state, context, rng) => planner.plan(state, proposing(context), rng),
    };
  },
  { draws: false },
);

// A margin that decides nothing in these worlds: what it decides has tests of its own.
const rest = { margin: 1e-9, patienceMs: 1000 };
describePlannerContract(
  'cem',
  (model, scorer, options) =>
    makeRestingPlanner(makePlanner('cem', model, scorer, options), model, scorer, options, rest),
  { title: 'cem that rests', runsAfter: 1 },
);
