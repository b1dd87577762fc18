import { double, dynamic, type ValuesOf } from '../core/parameter.js';
import type { CandidateScorer } from '../core/ports.js';
import { softmaxWeights } from '../math/softmax.js';
import { definePlanner, type PlannerModel } from './planner-definition.js';
import { REFITTING_DEFAULTS, RefittingPlanner } from './refitting-planner.js';
import type { SamplingSearch } from './sampling-search.js';
import type { SamplingSettings } from './sampling-settings.js';

const mppiParameters = {
  'mppi.temperature': dynamic(
    double({ min: 0.000001, max: 1000000, default: 0.1 }),
    'unit of the cost',
    'mppi: weights are softmax(-(cost - lowest cost) / temperature).',
  ),
};

export type MppiValues = ValuesOf<typeof mppiParameters>;

/**
 * Model predictive path integral control (Williams et al. 2017, with the standard deviation of the sampling distribution instead of a control
 * cost): sample around the mean with a constant standard deviation, score, and move the mean to the average of the samples, each weighted with
 * `softmax(-(cost - min) / temperature)`. The temperature is in the unit of the objective: a sample whose cost is that much above the
 * lowest has 1/e of its weight.
 *
 * As in TD-MPC (Hansen et al. 2022) and stable-worldmodel, only the elites are averaged; `elites` = `samples` is the original. Kept
 * candidates, constraints and the final check are as in CEM. `minStd` and early stopping have no meaning here.
 *
 * With `keep: 'mean'`, `returned: 'mean'` and bounds far away this is the MPPI of stable-worldmodel, number for number.
 */
class MppiPlanner extends RefittingPlanner {
  readonly name = 'mppi';
  readonly #temperature: number;

  /** @throws JepaMpcError `params.invalid` */
  constructor(model: PlannerModel, scorer: CandidateScorer, settings: SamplingSettings, values: MppiValues) {
    super(model, scorer, settings);
    this.#temperature = values['mppi.temperature'];
  }

  protected refit(search: SamplingSearch, weights: Float64Array): void {
    softmaxWeights(search.costs, search.elites, this.#temperature, weights);
    search.refit(weights, 'kept');
  }
}

export const mppi = definePlanner({
  name: 'mppi',
  parameters: mppiParameters,
  defaults: REFITTING_DEFAULTS,
  create: (model, scorer, settings, values) => new MppiPlanner(model, scorer, settings, values),
});
