import type {
  CandidateScorer,
  PlanContext,
  Planner,
  PlannerResult,
  PlannerState,
  Rng,
} from '../core/ports.js';
import { softmaxWeights } from '../math/softmax.js';
import type { PlannerModel } from './planner-model.js';
import type { PlannerOptions } from './planner-options.js';
import { SamplingSearch } from './sampling-search.js';

/**
 * Model predictive path integral control (Williams et al. 2017, with the sampling distribution's own deviation in place of a control cost):
 * sample around the mean with a deviation that stays, score, and move the mean to the average of the samples, each weighted with
 * `softmax(-(cost - min) / temperature)`. The temperature is in the unit of the objective: at a cost that much above the best a sample
 * counts 1/e of it.
 *
 * As in TD-MPC (Hansen et al. 2022) and stable-worldmodel, only the elites are averaged; `elites` = `samples` is the original. Kept
 * candidates, constraints and the final check are as in {@link CemPlanner}. `minStd` and early stopping have no meaning here.
 *
 * With `keep: 'mean'`, `returned: 'mean'` and bounds far away this is the MPPI of stable-worldmodel, number for number.
 *
 * The result depends on (state, context, rng) alone, a time budget aside. Buffers are reused: one plan at a time.
 */
export class MppiPlanner implements Planner {
  readonly name = 'mppi';
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
    const { samples, temperature } = search.options;
    search.start(state, context);
    do {
      search.sample(rng, samples, search.known);
      await search.score();
      const weights = this.#weights.subarray(0, search.elites.length);
      softmaxWeights(search.costs, search.elites, temperature, weights);
      search.refit(weights, 'kept');
    } while (search.goesOn());
    return search.finish();
  }
}
