import type { CandidateScorer } from '../core/ports.js';
import { equalWeights } from './elites.js';
import { definePlanner, type PlannerModel } from './planner-definition.js';
import { RefittingPlanner } from './refitting-planner.js';
import type { SamplingSearch } from './sampling-search.js';
import { checkSamplingSettings, type SamplingSettings } from './sampling-settings.js';

/**
 * Predictive sampling (Howell et al. 2022): sample around the nominal plan; the cheapest sample is the next nominal plan. The nominal plan is
 * a candidate, so an iteration never makes the plan worse. `actionRepeat` holds each sampled action as the paper's spline of order zero does.
 * More than one iteration repeats this around the cheapest so far.
 *
 * `elites`, `momentum`, `minStd`, `returned` and early stopping have no meaning here. With `iterations: 1`, `keep: 'mean'` and bounds far
 * away this is the predictive sampling of stable-worldmodel.
 */
class PredictiveSamplingPlanner extends RefittingPlanner {
  readonly name = 'predictive_sampling';

  /** @throws JepaMpcError `params.invalid` */
  constructor(model: PlannerModel, scorer: CandidateScorer, settings: SamplingSettings) {
    // The settings as they were given: those that have no meaning here must be in range, too.
    checkSamplingSettings(settings, model.action);
    super(model, scorer, { ...settings, elites: 1, momentum: 0, returned: 'best' });
  }

  protected refit(search: SamplingSearch, weights: Float64Array): void {
    // One elite, which has all the weight.
    search.refit(equalWeights(weights), 'kept');
  }
}

export const predictiveSampling = definePlanner({
  name: 'predictive_sampling',
  parameters: {},
  defaults: { momentum: 0, noiseBeta: 0, returned: 'best' },
  create: (model, scorer, settings) => new PredictiveSamplingPlanner(model, scorer, settings),
});
