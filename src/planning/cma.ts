import { logRankWeights } from './elites.js';
import { definePlanner } from './planner-definition.js';
import { REFITTING_DEFAULTS, RefittingPlanner } from './refitting-planner.js';
import type { SamplingSearch } from './sampling-search.js';

/**
 * Covariance matrix adaptation with a diagonal covariance (Ros and Hansen 2008), its rank-mu update alone. It differs from CEM in two
 * ways: better elites have more weight, and the standard deviation is that of the elites' steps from the mean that they were sampled around
 * (Hansen 2016, "The CMA Evolution Strategy: A Tutorial", eq. 30, with learning rate 1; `momentum` keeps a share of the old one). So the standard
 * deviation grows along a direction in which the mean moves. That of CEM, taken about the elites' own mean, shrinks and slows the search long
 * before it has arrived. CMA needs a third of CEM's samples.
 *
 * The evolution paths of CMA are left out: they pay off over hundreds of iterations, and a plan has a few.
 */
class CmaPlanner extends RefittingPlanner {
  readonly name = 'cma';

  protected refit(search: SamplingSearch, weights: Float64Array): void {
    search.refit(logRankWeights(weights), 'steps');
  }
}

export const cma = definePlanner({
  name: 'cma',
  parameters: {},
  defaults: REFITTING_DEFAULTS,
  create: (model, scorer, settings) => new CmaPlanner(model, scorer, settings),
});
