import { u32 } from '../core/array-access.js';
import { double, dynamic, integer, type ValuesOf } from '../core/parameter.js';
import type {
  CandidateScorer,
  PlanContext,
  Planner,
  PlannerResult,
  PlannerState,
  Rng,
} from '../core/ports.js';
import { equalWeights } from './elites.js';
import { definePlanner, type PlannerModel } from './planner-definition.js';
import { SamplingSearch } from './sampling-search.js';
import type { SamplingSettings } from './sampling-settings.js';
import { shiftWarmStart } from './warm-start.js';

const icemParameters = {
  'icem.shrink': dynamic(
    double({ min: 1, max: 10, default: 1.25 }),
    '1',
    'icem: each iteration has this many times fewer candidates than the one before.',
  ),
  'icem.kept_elites': dynamic(
    integer({ min: 0, max: 10000, default: 3 }),
    '1',
    'icem: number of elites that the next iteration and the next plan take over, at most sampling.elites.',
  ),
};

type IcemValues = ValuesOf<typeof icemParameters>;

/**
 * The improved cross-entropy method (Pinneri et al. 2020): CEM with noise that is coloured in time, momentum, a population that shrinks
 * from iteration to iteration, and elites that the next iteration and, shifted, the next plan take over. The plan is the best sequence.
 *
 * As in stable-worldmodel, and unlike in the paper, the mean is a candidate of every iteration, not only of the last, and kept elites replace
 * samples. The best of the kept elites is the best sequence so far. The population never falls below twice the elites.
 *
 * With `keep: 'mean'`, `shrink: 1`, `minStd: 0`, `returned: 'mean'` this is the iCEM of stable-worldmodel, number for number, given the
 * same coloured noise (its own has another scale, see `ColouredNoise`).
 *
 * The result depends on (state, context, rng) alone, a time budget aside. Buffers are reused: one plan at a time.
 */
class IcemPlanner implements Planner {
  readonly name = 'icem';
  readonly #search: SamplingSearch;
  readonly #shrink: number;
  /** Maximum number of elites that are taken over. */
  readonly #keptElites: number;
  readonly #periodMs: number;
  readonly #weights: Float64Array;
  /** The elites taken over, `[keptElites, K, J]`; the first `#taken` values count. */
  readonly #kept: Float32Array;
  #taken = 0;

  /** @throws JepaMpcError `params.invalid` */
  constructor(model: PlannerModel, scorer: CandidateScorer, settings: SamplingSettings, values: IcemValues) {
    this.#search = new SamplingSearch(model, scorer, settings);
    this.#shrink = values['icem.shrink'];
    this.#keptElites = Math.min(values['icem.kept_elites'], settings.elites);
    this.#periodMs = model.action.periodMs;
    this.#weights = new Float64Array(settings.elites);
    this.#kept = new Float32Array(this.#keptElites * this.#search.constraints.size);
  }

  /**
   * @returns actions `[K, J]`, raw, K = horizon * block; a state with the kept elites
   * @throws JepaMpcError `planner.wrong-shape` or `planner.not-finite`
   */
  async plan(state: PlannerState | null, context: PlanContext, rng: Rng): Promise<PlannerResult> {
    const search = this.#search;
    await search.start(state, context);
    this.#takeFromLastPlan(state, context.committed);
    do {
      search.sample(rng, this.#population(), this.#known());
      await search.score();
      this.#takeElites();
      search.refit(equalWeights(this.#weights.subarray(0, search.elites.length)), 'elites');
    } while (search.goesOn());
    const result = await search.finish();
    return { ...result, state: { ...result.state, elites: this.#kept.slice(0, this.#taken) } };
  }

  /** Samples of the next iteration. */
  #population(): number {
    const { samples, elites } = this.#search.settings;
    const shrunk = Math.round(samples / this.#shrink ** this.#search.iterations);
    return Math.min(samples, Math.max(shrunk, 2 * elites));
  }

  /** Candidates that are not sampled, besides the mean. */
  #known(): readonly Float32Array[] {
    const { known, alternative, settings, rest } = this.#search;
    if (this.#taken === 0) return known;
    const elites = this.#kept.subarray(0, this.#taken);
    return settings.keep === 'mean' ? [elites, ...alternative] : [elites, ...alternative, rest];
  }

  /** The last plan's elites on the time grid of this plan. */
  #takeFromLastPlan(state: PlannerState | null, committed: Float32Array): void {
    const { constraints } = this.#search;
    this.#taken = 0;
    if (state?.elites === undefined) return;
    const { mean, elites, ageMs } = state;
    const count = Math.min(Math.floor(elites.length / mean.length), this.#keptElites);
    for (let elite = 0; elite < count; elite++) {
      const old = { mean: elites.subarray(elite * mean.length, (elite + 1) * mean.length), ageMs };
      const shifted = this.#kept.subarray(this.#taken, this.#taken + constraints.size);
      if (!shiftWarmStart(old, constraints.bounds.joints, this.#periodMs, shifted)) continue;
      constraints.holdMean(shifted, committed);
      this.#taken += constraints.size;
    }
  }

  /** The elites that the next iteration, or the next plan, takes over. */
  #takeElites(): void {
    const { candidates, constraints, elites } = this.#search;
    this.#taken = Math.min(elites.length, this.#keptElites) * constraints.size;
    for (let start = 0, k = 0; start < this.#taken; start += constraints.size, k++) {
      const elite = u32(elites, k) * constraints.size;
      this.#kept.set(candidates.subarray(elite, elite + constraints.size), start);
    }
  }
}

export const icem = definePlanner({
  name: 'icem',
  parameters: icemParameters,
  defaults: { momentum: 0.1, noiseBeta: 2, returned: 'best' },
  create: (model, scorer, settings, values) => new IcemPlanner(model, scorer, settings, values),
});
