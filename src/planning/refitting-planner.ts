import type {
  CandidateScorer,
  PlanContext,
  Planner,
  PlannerResult,
  PlannerState,
  Rng,
} from '../core/ports.js';
import type { PlannerModel } from './planner-definition.js';
import { SamplingSearch } from './sampling-search.js';
import type { PlannerDefaults, SamplingSettings } from './sampling-settings.js';

/** Defaults of CEM, MPPI and CMA, on the host and on the device. */
export const REFITTING_DEFAULTS: PlannerDefaults = { momentum: 0, noiseBeta: 0, returned: 'checked_mean' };

/**
 * The loop of planners that sample the same number of candidates in each iteration, score them, and move their Gaussian to the elites. How it
 * moves differs from planner to planner.
 *
 * The result depends on (state, context, rng) alone, a time budget aside. Buffers are reused: one plan at a time.
 */
export abstract class RefittingPlanner implements Planner {
  abstract readonly name: string;
  readonly #search: SamplingSearch;
  readonly #weights: Float64Array;

  /** @throws JepaMpcError `params.invalid` */
  constructor(model: PlannerModel, scorer: CandidateScorer, settings: SamplingSettings) {
    this.#search = new SamplingSearch(model, scorer, settings);
    this.#weights = new Float64Array(settings.elites);
  }

  /**
   * Moves the distribution of the search to its elites.
   *
   * @param weights one for each elite `[E]`, to be filled
   */
  protected abstract refit(search: SamplingSearch, weights: Float64Array): void;

  /**
   * @returns actions `[K, J]`, raw, K = horizon * block
   * @throws JepaMpcError `planner.wrong-shape` or `planner.not-finite`
   */
  async plan(state: PlannerState | null, context: PlanContext, rng: Rng): Promise<PlannerResult> {
    const search = this.#search;
    await search.start(state, context);
    do {
      search.sample(rng, search.settings.samples, search.known);
      await search.score();
      this.refit(search, this.#weights.subarray(0, search.elites.length));
    } while (search.goesOn());
    return search.finish();
  }
}
