import { logRankWeights } from './elites.js';
import { definePlanner } from './planner-definition.js';
import { REFITTING_DEFAULTS, RefittingPlanner } from './refitting-planner.js';
import type { SamplingSearch } from './sampling-search.js';

/**
 * Covariance matrix adaptation with a diagonal covariance (Ros and Hansen 2008), its rank-mu update alone: as {@link CemPlanner}, but better
 * elites count more, and the deviation is that of the elites' steps from the mean that they were sampled around (Hansen 2016, "The CMA
 * Evolution Strategy: A Tutorial", eq. 30, with learning rate 1; `momentum` keeps a share of the old deviation). Along a direction in which the mean travels the deviation
 * therefore grows, where CEM's, taken about the elites' own mean, shrinks and slows the search down long before it has arrived. It makes do
 * with a third of CEM's samples.
 *
 * The evolution paths of CMA are left out: they pay over hundreds of iterations, a plan has a few.
 */
export class CmaPlanner extends RefittingPlanner {
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
