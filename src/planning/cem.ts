import type {
  CandidateScorer,
  PlanContext,
  Planner,
  PlannerResult,
  PlannerState,
  Rng,
} from '../core/ports.js';
import { equalWeights } from './elites.js';
import type { PlannerModel } from './planner-model.js';
import type { PlannerOptions } from './planner-options.js';
import { SamplingSearch } from './sampling-search.js';

/**
 * The cross-entropy method (Rubinstein 1999; for planning in latent space: Hafner et al. 2019, Zhou et al. 2024): sample action
 * sequences from a diagonal Gaussian, roll them out, score them, refit the Gaussian to the elites, repeat.
 *
 * The mean is a candidate of every iteration, and so are (see the option `keep`) the best sequence so far and resting. Committed actions
 * are the same in every candidate; every other one lies inside the constraints. By default the last mean is handed out, which moves more
 * smoothly from plan to plan than the best sample, after a check that it is no dearer than the means before it.
 *
 * With `keep: 'mean'`, `minStd: 0`, `returned: 'mean'` and bounds far away this is the CEM of stable-worldmodel, number for number
 * (tests/unit/planning/parity.test.ts).
 *
 * The result depends on (state, context, rng) alone, a time budget aside. Buffers are reused: one plan at a time.
 */
export class CemPlanner implements Planner {
  readonly name = 'cem';
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
      search.refit(equalWeights(search.elites.length, this.#weights), 'elites');
    } while (search.goesOn());
    return search.finish();
  }
}
