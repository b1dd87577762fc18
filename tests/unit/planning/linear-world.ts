import type { ActionSpec } from '../../../src/core/model-spec.js';
import type { CandidateScorer, PlanContext, Predictor, Rng } from '../../../src/core/ports.js';
import type { StepAggregation } from '../../../src/core/objective-spec.js';
import type { Tensor } from '../../../src/core/types.js';
import { CandidateEvaluator } from '../../../src/rollout/candidate-evaluator.js';
import type { RolloutModel } from '../../../src/planning/planner-definition.js';
import { type TestSettings } from '../../fixtures/planners.js';

/**
 * Two joints whose latent is their pose in rad: each raw action [rad/s] moves it for 0.1 s. Bounds and normalisation differ from joint to joint,
 * so that a mix-up shows.
 */
export const linearAction: ActionSpec = {
  kind: 'joint_velocity',
  joints: ['shoulder', 'elbow'],
  names: ['shoulder', 'elbow'],
  unit: 'rad/s',
  periodMs: 100,
  block: 2,
  mean: [0.5, -0.25],
  std: [2, 0.5],
  lower: [-2, -1.1],
  upper: [2, 1.7],
  frozen: [null, null],
  deadBand: [0, 0],
  endEffector: null,
  gripper: null,
};

const PERIOD_S = linearAction.periodMs / 1000;
const JOINTS = linearAction.joints.length;
const WINDOW = 2;

/** Moves a pose by the raw actions `[k, J]`. */
export function move(pose: readonly number[], rawActions: Float32Array): number[] {
  const moved = [...pose];
  for (const [i, action] of rawActions.entries())
    moved[i % JOINTS] = (moved[i % JOINTS] ?? NaN) + PERIOD_S * action;
  return moved;
}

/** Undoes the normalisation and moves the newest latent. */
const linearPredictor: Predictor = {
  predict(history: Tensor, actions: Tensor): Promise<Tensor> {
    const batch = history.shape[0] ?? 0;
    const block = JOINTS * linearAction.block;
    const data = new Float32Array(batch * JOINTS);
    for (let n = 0; n < batch; n++) {
      const raw = actions.data
        .slice(n * block, (n + 1) * block)
        .map(
          (value, i) =>
            value * (linearAction.std[i % JOINTS] ?? NaN) + (linearAction.mean[i % JOINTS] ?? NaN),
        );
      const newest = history.data.slice((n * WINDOW + WINDOW - 1) * JOINTS, (n + 1) * WINDOW * JOINTS);
      data.set(move([...newest], raw), n * JOINTS);
    }
    return Promise.resolve({ data, shape: [batch, 1, JOINTS] });
  },
};

export const linearModel: RolloutModel = {
  predictor: linearPredictor,
  latent: { tokens: 1, dim: JOINTS },
  history: { mode: 'sliding', window: WINDOW, warmup: 'repeat', actions: 'newest' },
  action: linearAction,
};

export const linearOptions: TestSettings = {
  samples: 100,
  iterations: 5,
  elites: 10,
  horizon: 4,
  initialStd: 1,
  minStd: 0.02,
};

/** The linear world rolled out: the squared distance of the pose from the goal. */
export function linearScorer(
  steps: StepAggregation = 'last',
  model: RolloutModel = linearModel,
): CandidateScorer {
  const weights = { action: 0, smoothness: 0, limit: 0, limitMargin: 0, limitMarginM: 0 };
  const spec = { metric: 'squared_latent_distance', steps, expression: null, weights } as const;
  return new CandidateEvaluator(model, null, spec, linearOptions.horizon);
}

/** Scores each candidate by itself, without a model. */
export function scorerOf(cost: (actions: Float32Array) => number): CandidateScorer {
  const size = linearOptions.horizon * linearAction.block * JOINTS;
  return {
    score: (_context, candidates) =>
      Promise.resolve(
        Float32Array.from({ length: candidates.length / size }, (_, n) =>
          cost(candidates.subarray(n * size, (n + 1) * size)),
        ),
      ),
  };
}

/** Noise that is all zero, so that only the candidates that are not sampled differ. */
export const silence: Rng = { normals: (out) => out.fill(0), uniforms: (out) => out.fill(0) };

/** Another source's noise, changed: `change` is given all of one iteration's normals. */
export function changedNoise(rng: Rng, change: (normals: Float32Array) => void): Rng {
  return {
    uniforms: (out) => {
      rng.uniforms(out);
    },
    normals: (out) => {
      rng.normals(out);
      change(out);
    },
  };
}

/** A pose, and one that can be reached from it within {@link linearOptions}' horizon. */
export const START: readonly number[] = [0.2, -0.1];
export const GOAL: readonly number[] = [1.1, 0.5];

/** At rest at `pose`, wanting to be at `goal`; the first `committed` raw actions `[n, J]` are decided. */
export function linearContext(
  pose: readonly number[],
  goal: readonly number[],
  committed: readonly number[] = [],
): PlanContext {
  return {
    history: { data: Float32Array.from([...pose, ...pose]), shape: [1, WINDOW, 1, JOINTS] },
    goal: { data: Float32Array.from(goal), shape: [1, 1, JOINTS] },
    committed: Float32Array.from(committed),
  };
}

export function distanceBetween(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, i) => value - (b[i] ?? NaN)));
}
