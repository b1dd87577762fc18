import type {
  CandidateScorer,
  PlanContext,
  Planner,
  PlannerResult,
  PlannerState,
  Rng,
} from '../core/ports.js';
import { logRankWeights } from './elites.js';
import type { PlannerModel } from './planner-model.js';
import type { PlannerOptions } from './planner-options.js';
import { SamplingSearch } from './sampling-search.js';

/**
 * Covariance matrix adaptation with a diagonal covariance (Ros and Hansen 2008), its rank-mu update alone: as {@link CemPlanner}, but better
 * elites count more, and the deviation is that of the elites' steps from the mean that they were sampled around (Hansen 2016, "The CMA
 * Evolution Strategy: A Tutorial", eq. 30, with learning rate 1 - `momentum`). Along a direction in which the mean travels the deviation
 * therefore grows, where CEM's, taken about the elites' own mean, shrinks and slows the search down long before it has arrived. It makes do
 * with a third of CEM's samples.
 *
 * The evolution paths of CMA are left out: they pay over hundreds of iterations, a plan has a few.
 *
 * The result depends on (state, context, rng) alone, a time budget aside. Buffers are reused: one plan at a time.
 */
export class CmaPlanner implements Planner {
  readonly name = 'cma';
  readonly #search: SamplingSearch;
  readonly #weights: Float64Array;

  /** @throws JepaMpcError `params.invalid` */
  constructor(model: PlannerModel, scorer: CandidateScorer, options: PlannerOptions) {
    const own = { momentum: 0, noiseBeta: 0, returned: 'checked_mean' } as const;
    this.#search = new SamplingSearch(model, scorer, options, own);
    this.#weights = new Float64Array(options.elites);
  }

  /**
   * @returns actions `[K, J]`, raw, K = horizon * block
   * @throws JepaMpcError `planner.wrong-shape` or `planner.not-finite`
   */
  async plan(state: PlannerState | null, context: PlanContext, rng: Rng): Promise<PlannerResult> {
    const search = this.#search;
    search.start(state, context);
    do {
      search.sample(rng, search.options.samples, search.known);
      await search.score();
      search.refit(logRankWeights(search.elites.length, this.#weights), 'steps');
    } while (search.goesOn());
    return search.finish();
  }
}
