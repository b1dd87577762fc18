import type { Planner } from '../../src/core/ports.js';
import { plannerNames } from '../../src/planning/registry.js';
import { describePlannerContract } from './planner-contract.js';
import { makePlanner, makeProposalPlanner, makeRestingPlanner } from '../fixtures/planners.js';

for (const name of plannerNames.filter((each) => each !== 'inverse_dynamics')) {
  describePlannerContract(name, (model, scorer, options) => makePlanner(name, model, scorer, options));
}

// What is proposed depends on the goal alone, and breaks every bound.
const proposing = (planner: Planner): Planner => ({
  name: planner.name,
  plan: (state, context, rng) => {
    const proposal = Float32Array.from({ length: 7 }, (_, i) => (i - 3) * (context.goal.data[i % 2] ?? NaN));
    return planner.plan(state, { ...context, proposal }, rng);
  },
});
describePlannerContract(
  'inverse_dynamics',
  (model, scorer, options) => proposing(makePlanner('inverse_dynamics', model, scorer, options)),
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

describePlannerContract(
  'cem',
  (model, scorer, options) => {
    const cem = makePlanner('cem', model, scorer, options);
    return proposing(makeProposalPlanner(cem, model, scorer, options, 1e-9));
  },
  // One run more compares the last plan with the proposal before the first iteration.
  { title: 'cem that departs from proposals only where it pays', runsAfter: 2 },
);
