import { equalWeights } from './elites.js';
import { definePlanner } from './planner-definition.js';
import { REFITTING_DEFAULTS, RefittingPlanner } from './refitting-planner.js';
import type { SamplingSearch } from './sampling-search.js';

/**
 * The cross-entropy method (Rubinstein 1999; for planning in latent space: Hafner et al. 2019, Zhou et al. 2024): sample action
 * sequences from a diagonal Gaussian, roll them out, score them, refit the Gaussian to the elites, repeat.
 *
 * The mean is a candidate of every iteration, and so are (see the setting `keep`) the best sequence so far and resting. Committed actions
 * are the same in every candidate; every other one lies inside the constraints. By default the plan is the last mean, which changes
 * less from plan to plan than the best sample, after a check that it costs no more than the means before it.
 *
 * With `keep: 'mean'`, `minStd: 0`, `returned: 'mean'` and bounds far away this is the CEM of stable-worldmodel, number for number
 * (tests/unit/planning/parity.test.ts).
 */
class CemPlanner extends RefittingPlanner {
  readonly name = 'cem';

  protected refit(search: SamplingSearch, weights: Float64Array): void {
    search.refit(equalWeights(weights), 'elites');
  }
}

export const cem = definePlanner({
  name: 'cem',
  parameters: {},
  defaults: REFITTING_DEFAULTS,
  create: (model, scorer, settings) => new CemPlanner(model, scorer, settings),
});
