import { JepaMpcError } from '../core/errors.js';
import { f32, f64 } from '../core/array-access.js';
import { namesState } from '../core/expression.js';
import { noFiniteCost, noJointPositions } from '../core/objective-errors.js';
import { jointTravel } from '../core/model-spec.js';
import { weightOf } from '../costs/cost.js';
import { COSTS } from '../costs/registry.js';
import { stepWeights, type ObjectiveSpec } from '../core/objective-spec.js';
import type { CandidateScorer, JointSituation, Objective, PlanContext } from '../core/ports.js';
import { foreseePositions } from '../planning/objectives/foreseen-positions.js';
import { MotionCost } from '../planning/objectives/motion-cost.js';
import { createStepCost, type StepCost } from '../planning/objectives/step-cost.js';
import type { RolloutModel } from '../planning/planner-definition.js';
import { Rollout } from './rollout.js';

/**
 * Rolls candidates out on the host and scores them. The cost is the distance (or the user's expression) of the predicted latents, weighted over the
 * predictor steps, plus the costs of the motion. docs/objectives.md has the formulas; the graph compiler writes the same as nodes.
 */
export class CandidateEvaluator implements CandidateScorer {
  readonly #model: RolloutModel;
  readonly #spec: ObjectiveSpec;
  readonly #horizon: number;
  /** `[H]` */
  readonly #stepWeights: Float64Array;
  readonly #stepCost: StepCost;
  readonly #motion: MotionCost;
  /** Whether a cost of the motion depends on joint positions. */
  readonly #needsJoints: boolean;
  #rollout: Rollout | null = null;
  #costs = new Float32Array(0);
  #sums = new Float64Array(0);
  #positions = new Float32Array(0);

  /**
   * @param temporalDistance the model's own distance, null when it has none
   * @param horizon predictor steps (H)
   * @throws JepaMpcError `model.unsupported` when the objective needs a temporal distance and there is none; `params.invalid` for weights
   *   out of range
   */
  constructor(model: RolloutModel, temporalDistance: Objective | null, spec: ObjectiveSpec, horizon: number) {
    checkObjectiveSpec(spec);
    this.#model = model;
    this.#spec = spec;
    this.#horizon = horizon;
    this.#stepWeights = stepWeights(spec.steps, horizon);
    this.#stepCost = createStepCost(spec, temporalDistance, model.action);
    this.#needsJoints = COSTS.some(
      ({ name, needsJoints }) => needsJoints && weightOf(spec.weights, name) > 0,
    );
    this.#motion = new MotionCost(model.action, spec.weights, horizon * model.action.block);
  }

  /**
   * @param candidates raw actions `[N, K, J]`; any N of at least 1
   * @returns costs `[N]`, at least one of them finite; overwritten by the next call
   * @throws JepaMpcError `planner.not-finite` when no candidate has a finite cost; `planner.not-ready` when the expression names `state`
   *   and the context has no joint positions
   */
  async score(context: PlanContext, candidates: Float32Array): Promise<Float32Array> {
    const { goal, history, joints } = context;
    const rollout = this.#rolloutFor(candidates);
    const positions = this.#foresee(joints, candidates);
    const sums = this.#sums;
    this.#motion.write(
      candidates,
      positions === null || joints === undefined ? null : { positions, situation: joints },
      sums,
    );
    const horizon = this.#horizon;
    let step = 0;
    for await (const latents of rollout.run(history, candidates, horizon)) {
      step++;
      const weight = f64(this.#stepWeights, step - 1);
      if (weight === 0) continue;
      const costs = await this.#stepCost({ step, horizon, latents, goal, actions: candidates, positions });
      for (let n = 0; n < sums.length; n++) sums[n] = f64(sums, n) + weight * f32(costs, n);
    }
    this.#costs.set(sums);
    if (!this.#costs.some((cost) => Number.isFinite(cost))) {
      throw noFiniteCost(this.#costs.length, f32(this.#costs, 0), this.#spec);
    }
    return this.#costs;
  }

  /** Joint positions at the end of each period `[N, K, J]`, null if nothing needs them. */
  #foresee(joints: JointSituation | undefined, candidates: Float32Array): Float32Array | null {
    const { expression } = this.#spec;
    const isNamed = namesState(expression);
    const { action } = this.#model;
    const travel = jointTravel(action);
    if (travel === null || (!isNamed && !this.#needsJoints)) return null;
    if (joints === undefined) {
      if (!isNamed) return null;
      throw noJointPositions(this.#spec);
    }
    if (this.#positions.length !== candidates.length) this.#positions = new Float32Array(candidates.length);
    foreseePositions(joints.position, candidates, this.#horizon * action.block, travel, this.#positions);
    return this.#positions;
  }

  #rolloutFor(candidates: Float32Array): Rollout {
    const { block, names } = this.#model.action;
    const batch = candidates.length / (this.#horizon * block * names.length);
    if (this.#rollout === null || batch !== this.#costs.length) {
      this.#rollout = new Rollout(this.#model, batch);
      this.#costs = new Float32Array(batch);
      this.#sums = new Float64Array(batch);
    }
    return this.#rollout;
  }
}

/** @throws JepaMpcError `params.invalid`, naming every weight that is negative or not finite */
function checkObjectiveSpec({ weights }: ObjectiveSpec): void {
  const wrong = Object.entries(weights).filter(([, value]) => !(value >= 0 && value < Infinity));
  if (wrong.length === 0) return;
  throw new JepaMpcError('params.invalid', {
    subject: 'objective weights',
    found: wrong.map(([name, value]) => `${name} ${String(value)}`).join(', '),
    expected: 'finite numbers of at least 0',
    remedy: 'Change these objective parameters.',
  });
}
