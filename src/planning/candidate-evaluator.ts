import { JepaMpcError } from '../core/errors.js';
import type { ObjectiveSteps } from '../core/model-spec.js';
import type { Objective, PlanContext } from '../core/ports.js';
import { ActionBounds } from './action-bounds.js';
import type { PlannerModel } from './planner-model.js';
import { Rollout } from './rollout.js';

/** How candidates are scored. */
export interface CostSettings {
  readonly horizon: number;
  readonly objectiveSteps: ObjectiveSteps;
  readonly actionPenalty: number;
}

/**
 * The only place where model and cost meet: cost = objective of the last latent (or its mean over all steps)
 * + actionPenalty * mean over the plan of (raw action / larger bound)^2.
 */
export class CandidateEvaluator {
  readonly #rollout: Rollout;
  readonly #objective: Objective;
  readonly #settings: CostSettings;
  readonly #costs: Float32Array;
  readonly #sequenceSize: number;
  /** For each value of a sequence: penalty / (larger bound squared * values in a sequence). */
  readonly #penalty: Float32Array;

  /** @param batch candidates scored at once (N) */
  constructor(model: PlannerModel, objective: Objective, settings: CostSettings, batch: number) {
    const bounds = new ActionBounds(model.action);
    this.#rollout = new Rollout(model, batch);
    this.#objective = objective;
    this.#settings = settings;
    this.#costs = new Float32Array(batch);
    this.#sequenceSize = settings.horizon * model.action.block * bounds.joints;
    this.#penalty = Float32Array.from({ length: this.#sequenceSize }, (_, i) => {
      return settings.actionPenalty / (bounds.largest(i % bounds.joints) ** 2 * this.#sequenceSize);
    });
  }

  /**
   * @param candidates raw actions `[N, K, J]`
   * @returns costs `[N]`, at least one of them finite; overwritten by the next call
   * @throws JepaMpcError `planner.not-finite` when no candidate has a finite cost
   */
  async evaluate(context: PlanContext, candidates: Float32Array): Promise<Float32Array> {
    const { horizon, objectiveSteps } = this.#settings;
    const costs = this.#costs;
    const everyStep = objectiveSteps === 'all';
    this.#actionCosts(candidates);
    let step = 0;
    for await (const latents of this.#rollout.run(context.history, candidates, horizon)) {
      step++;
      if (!everyStep && step < horizon) continue;
      const distances = await this.#objective.distance(latents, context.goal);
      const weight = everyStep ? 1 / horizon : 1;
      for (let n = 0; n < costs.length; n++) costs[n] = (costs[n] ?? 0) + weight * (distances[n] ?? NaN);
    }
    if (!costs.some((cost) => Number.isFinite(cost))) {
      throw new JepaMpcError('planner.not-finite', {
        subject: `costs of ${String(costs.length)} candidates`,
        found: `none that is finite (the first is ${String(costs[0])})`,
        expected: 'at least one finite cost',
        remedy:
          'The model predicts nonsense from this state: check the camera frame, the goal image and the device.',
      });
    }
    return costs;
  }

  /** Starts the costs with what the actions themselves cost. */
  #actionCosts(candidates: Float32Array): void {
    const size = this.#sequenceSize;
    for (let n = 0; n < this.#costs.length; n++) {
      let cost = 0;
      if (this.#settings.actionPenalty > 0) {
        for (let i = 0; i < size; i++) cost += (this.#penalty[i] ?? 0) * (candidates[n * size + i] ?? 0) ** 2;
      }
      this.#costs[n] = cost;
    }
  }
}
