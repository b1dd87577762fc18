import type {
  CandidateScorer,
  PlanContext,
  Planner,
  PlannerResult,
  PlannerState,
  Rng,
} from '../core/ports.js';
import type { PlannerModel } from './planner-model.js';
import type { PlannerOptions } from './planner-options.js';
import { SamplingSearch } from './sampling-search.js';

const ALL_TO_THE_BEST = Float64Array.of(1);

/**
 * Predictive sampling (Howell et al. 2022): sample around the nominal plan, take the cheapest, which is the next nominal. The nominal is a
 * candidate, so a plan never gets worse by planning. `actionRepeat` holds each sampled action as the paper's spline of order zero does.
 * More than one iteration repeats this around the cheapest so far.
 *
 * `elites`, `momentum`, `minStd`, `returned` and early stopping have no meaning here. With `iterations: 1`, `keep: 'mean'` and bounds far
 * away this is the predictive sampling of stable-worldmodel.
 *
 * The result depends on (state, context, rng) alone, a time budget aside. Buffers are reused: one plan at a time.
 */
export class PredictiveSamplingPlanner implements Planner {
  readonly name = 'predictive_sampling';
  readonly #search: SamplingSearch;

  /** @throws JepaMpcError `params.invalid` */
  constructor(model: PlannerModel, scorer: CandidateScorer, options: PlannerOptions) {
    const fixed = { elites: 1, momentum: 0, returned: 'best' } as const;
    this.#search = new SamplingSearch(model, scorer, options, { noiseBeta: 0, ...fixed }, fixed);
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
      search.refit(ALL_TO_THE_BEST, 'kept');
    } while (search.goesOn());
    return search.finish();
  }
}
