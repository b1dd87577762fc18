import {
  hasEffort,
  jointTravel,
  type ActionSpec,
  type JointTravel,
  type LatentStream,
} from '../../../../src/core/model-spec.js';
import { noJointPositions, noTemporalDistance } from '../../../../src/core/objective-errors.js';
import {
  COSINE_EPSILON,
  stepWeights,
  type DistanceMetric,
  type ObjectiveSpec,
  type ObjectiveWeights,
} from '../../../../src/core/objective-spec.js';
import { at, CANDIDATES, isCandidates } from '../graph/dims.js';
import { expressionNodes, type ExpressionSources } from './expression-nodes.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { Value } from '../graph/value.js';

/** Weights that a graph takes as inputs. The margin of the limits is in `minSums` and `maxSums` of {@link ObjectiveInputs.joints}. */
export const WEIGHT_NAMES = [
  'action',
  'smoothness',
  'limit',
] as const satisfies readonly (keyof ObjectiveWeights)[];
type WeightName = (typeof WEIGHT_NAMES)[number];

type LatentMetric = Exclude<DistanceMetric, 'temporal_distance'>;

/**
 * What an objective is computed from. All float32. N: candidates; H: predictor steps; K = H * block: raw actions in a sequence; A: numbers of
 * an action; T, D: tokens of a latent and numbers of a token.
 */
export interface ObjectiveInputs {
  /** Predicted latents, `[N, T, D]` for each of the H predictor steps. */
  readonly latents: readonly Value[];
  /** Goal latent `[1, T, D]`. */
  readonly goal: Value;
  /** Raw actions `[N, K, A]`. */
  readonly actions: Value;
  /** Each `[]`. Graph inputs, so that they change without a new graph. */
  readonly weights: Readonly<Record<WeightName, Value>>;
  /**
   * Graph inputs as well, for actions that joint positions follow from (A = joints): measured positions `[A]`, and bounds `[K * A]`, row-major,
   * of what positions are computed from (sums of raw actions up to each period, or the actions themselves), with the margin of the limits
   * taken off. Null leaves the limits out.
   */
  readonly joints: { readonly position: Value; readonly minSums: Value; readonly maxSums: Value } | null;
  /** The model's own distance of latents `[N, T, D]` from the goal, `[N]`; null if the model has none. */
  readonly temporalDistance: ((latents: Value) => Value) | null;
}

/**
 * Writes an objective as nodes. They compute what CandidateEvaluator computes on the host; objective-nodes.test.ts compares
 * the two. Everything except the weights and the joints is fixed in the graph.
 *
 * @returns costs `[N]`, or `[]` if no candidate changes them
 * @throws JepaMpcError `model.unsupported` when a temporal distance is needed and there is none; `planner.not-ready` when the expression
 *   names `state` and there are no joints
 */
export function objectiveNodes(
  builder: GraphBuilder,
  spec: ObjectiveSpec,
  action: ActionSpec,
  inputs: ObjectiveInputs,
): Value {
  builder.origin = 'objective';
  return new ObjectiveWriter(builder, spec, action, inputs).write();
}

class ObjectiveWriter {
  readonly #builder: GraphBuilder;
  readonly #spec: ObjectiveSpec;
  readonly #action: ActionSpec;
  readonly #inputs: ObjectiveInputs;
  readonly #horizon: number;

  constructor(builder: GraphBuilder, spec: ObjectiveSpec, action: ActionSpec, inputs: ObjectiveInputs) {
    this.#builder = builder;
    this.#spec = spec;
    this.#action = action;
    this.#inputs = inputs;
    this.#horizon = inputs.latents.length;
  }

  write(): Value {
    const builder = this.#builder;
    const { weights, joints } = this.#inputs;
    let cost = hasEffort(this.#action) ? builder.mul(weights.action, this.#effort()) : builder.scalar(0);
    if (this.#periods > 1) cost = builder.add(cost, builder.mul(weights.smoothness, this.#jerkiness()));
    if (joints !== null) cost = builder.add(cost, this.#weightedNearness(joints));
    for (const [index, weight] of stepWeights(this.#spec.steps, this.#horizon).entries()) {
      if (weight === 0) continue;
      cost = builder.add(cost, builder.mul(builder.scalar(weight), this.#stepCost(index + 1)));
    }
    return cost;
  }

  /** Distance or expression at step t, `[N]` or `[]`. */
  #stepCost(t: number): Value {
    const { metric, expression } = this.#spec;
    if (expression === null) return this.#distance(metric, t);
    const sources: ExpressionSources = {
      horizon: this.#horizon,
      distance: (to, step) =>
        this.#distance(to === 'goal_distance' ? 'temporal_distance' : 'squared_latent_distance', step),
      joints: (of, step) => (of === 'action' ? this.#meanActions(step) : this.#state(step)),
    };
    const value = expressionNodes(this.#builder, expression.root, t, sources);
    return this.#builder.reshape(value, value.dims.some(isCandidates) ? [CANDIDATES] : []);
  }

  /** `[N]` */
  #distance(metric: DistanceMetric, t: number): Value {
    const latents = this.#inputs.latents[t - 1] as Value;
    const { goal, temporalDistance } = this.#inputs;
    switch (metric) {
      case 'temporal_distance':
        if (temporalDistance === null) throw noTemporalDistance();
        return temporalDistance(latents);
      default:
        return this.#latentDistance(metric, latents, goal);
    }
  }

  /** `[N]`: distance of the latents as a whole, or weighted sum of the distances of their streams. */
  #latentDistance(metric: LatentMetric, latents: Value, goal: Value): Value {
    const builder = this.#builder;
    const { streams } = this.#spec;
    if (streams === undefined) return this.#between(metric, latents, goal);
    const part = (latent: Value, { tokens, dims }: LatentStream): Value =>
      builder.slice(builder.slice(latent, 1, ...tokens), 2, ...dims);
    const weighted = streams.map((stream) =>
      builder.mul(
        builder.scalar(stream.weight),
        this.#between(metric, part(latents, stream), part(goal, stream)),
      ),
    );
    return weighted.reduce((sum, distance) => builder.add(sum, distance));
  }

  /** `[N]`: distance of latents or parts of them. */
  #between(metric: LatentMetric, latents: Value, goal: Value): Value {
    const builder = this.#builder;
    switch (metric) {
      case 'squared_latent_distance': {
        const difference = builder.sub(latents, goal);
        return builder.reduce('ReduceSum', builder.mul(difference, difference), [1, 2], false);
      }
      case 'l1':
        return builder.reduce('ReduceMean', builder.unary('Abs', builder.sub(latents, goal)), [1, 2], false);
      case 'smooth_l1': {
        const difference = builder.unary('Abs', builder.sub(latents, goal));
        // The part of the difference below 1 counts squared, the part above as it is.
        const low = builder.binary('Min', difference, builder.scalar(1));
        const squared = builder.mul(builder.scalar(0.5), builder.mul(low, low));
        return builder.reduce(
          'ReduceMean',
          builder.add(squared, builder.sub(difference, low)),
          [1, 2],
          false,
        );
      }
      case 'cosine': {
        const dot = builder.reduce('ReduceSum', builder.mul(latents, goal), [2], false);
        const lengths = builder.mul(this.#lengths(latents), this.#lengths(goal));
        const cosine = builder.div(dot, builder.binary('Max', lengths, builder.scalar(COSINE_EPSILON)));
        return builder.reduce('ReduceMean', builder.sub(builder.scalar(1), cosine), [1], false);
      }
    }
  }

  /** Euclidean length of each token, `[N, T]`. */
  #lengths(latents: Value): Value {
    const squares = this.#builder.mul(latents, latents);
    return this.#builder.unary('Sqrt', this.#builder.reduce('ReduceSum', squares, [2], false));
  }

  /** Mean raw actions of step t, `[N, A]`. */
  #meanActions(t: number): Value {
    const builder = this.#builder;
    const { block, names } = this.#action;
    const blocks = builder.reshape(this.#inputs.actions, [CANDIDATES, this.#horizon, block, names.length]);
    const means = builder.reduce('ReduceMean', blocks, [2], false);
    return builder.reshape(builder.slice(means, 1, t - 1, t), [CANDIDATES, names.length]);
  }

  /** Joint positions at the end of step t, `[N, A]`. */
  #state(t: number): Value {
    const builder = this.#builder;
    const { joints } = this.#inputs;
    if (joints === null) throw noJointPositions(this.#spec);
    const count = this.#action.names.length;
    const end = t * this.#action.block * count;
    const travelled = builder.slice(this.#travelled(), 1, end - count, end);
    const { isSum, gain } = this.#travel;
    if (!isSum) return travelled;
    return builder.add(builder.mul(travelled, builder.scalar(gain)), joints.position);
  }

  /**
   * What positions are computed from, in the unit of raw actions, `[N, K * A]`: the sums of the actions up to each period, or the actions
   * themselves.
   */
  #travelled(): Value {
    const builder = this.#builder;
    const { actions } = this.#inputs;
    if (!this.#travel.isSum) return this.#inRows(actions);
    // Not a product with a triangle of ones: a GPU may round that to 10 bits.
    const axis = builder.constant({ type: 'int64', dims: [], data: Float64Array.of(1) });
    return this.#inRows(builder.node('CumSum', [actions, axis], {}, 'float32', actions.dims));
  }

  /** @throws JepaMpcError `planner.not-ready` where joint positions do not follow from the actions */
  get #travel(): JointTravel {
    const travel = jointTravel(this.#action);
    if (travel === null) throw noJointPositions(this.#spec);
    return travel;
  }

  /** `[N]`: mean of the squared actions, as fractions of the larger bound of each. */
  #effort(): Value {
    const { lower, upper } = this.#action;
    const largerBound = (joint: number): number =>
      Math.max(Math.abs(at(lower, joint)), Math.abs(at(upper, joint)));
    return this.#meanSquare(this.#inRows(this.#inputs.actions), largerBound);
  }

  /** `[N]`: mean of the squared changes from action to action, as fractions of half the range. */
  #jerkiness(): Value {
    const builder = this.#builder;
    const actions = this.#inRows(this.#inputs.actions);
    const { lower, upper, names } = this.#action;
    const joints = names.length;
    const size = this.#periods * joints;
    const change = builder.sub(
      builder.slice(actions, 1, joints, size),
      builder.slice(actions, 1, 0, size - joints),
    );
    return this.#meanSquare(change, (joint) => (at(upper, joint) - at(lower, joint)) / 2);
  }

  /**
   * Mean of the squares of each row, `[N]`.
   *
   * @param rows `[N, k * A]`, of any number of periods
   * @param unit what a number of an action is divided by
   */
  #meanSquare(rows: Value, unit: (joint: number) => number): Value {
    const builder = this.#builder;
    const joints = this.#action.names.length;
    const size = at(rows.dims, 1);
    const gain = builder.floats(
      Array.from({ length: size }, (_, i) => 1 / (unit(i % joints) * Math.sqrt(size))),
      [size],
    );
    return builder.reduce('ReduceSumSquare', builder.mul(rows, gain), [1], false);
  }

  /** `[N]`: mean over periods of the squared depth inside the margin of the limits, times its weight. */
  #weightedNearness({ minSums, maxSums }: NonNullable<ObjectiveInputs['joints']>): Value {
    const builder = this.#builder;
    const sums = this.#travelled();
    const depths = [builder.sub(minSums, sums), builder.sub(sums, maxSums), builder.scalar(0)];
    const excess = builder.node('Max', depths, {}, 'float32', sums.dims);
    const squares = builder.reduce('ReduceSumSquare', excess, [1], false);
    const unit = builder.scalar(this.#travel.gain ** 2 / this.#periods);
    return builder.mul(builder.mul(this.#inputs.weights.limit, unit), squares);
  }

  /** K */
  get #periods(): number {
    return this.#horizon * this.#action.block;
  }

  /** `[N, K, A]` as `[N, K * A]`: operators on rows of two or three numbers would take ten times as long. */
  #inRows(values: Value): Value {
    return this.#builder.reshape(values, [CANDIDATES, this.#periods * this.#action.names.length]);
  }
}
