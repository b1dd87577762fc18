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

/** Weights that a graph takes as inputs. The margin of the limits is in {@link LimitSums}. */
export const WEIGHT_NAMES = [
  'action',
  'smoothness',
  'limit',
] as const satisfies readonly (keyof ObjectiveWeights)[];
type WeightName = (typeof WEIGHT_NAMES)[number];

type LatentMetric = Exclude<DistanceMetric, 'temporal_distance'>;

/** What an objective is computed from. All float32. */
export interface ObjectiveInputs {
  /** Predicted latents of each of the H predictor steps, `[N, T, D]`. */
  readonly latents: readonly Value[];
  /** Goal latent `[1, T, D]`. */
  readonly goal: Value;
  /** Raw actions `[N, K, J]`, K = H * block. */
  readonly actions: Value;
  /** Each `[]`: graph inputs, so that they change without a new graph. */
  readonly weights: Readonly<Record<WeightName, Value>>;
  /** Graph inputs as well: measured positions `[J]` and limits as {@link LimitSums}; null leaves the limits out. */
  readonly joints: { readonly position: Value; readonly least: Value; readonly largest: Value } | null;
  /** The model's own distance of latents `[N, T, D]` from the goal, `[N]`; null when it has none. */
  readonly temporalDistance: ((latents: Value) => Value) | null;
}

/**
 * Writes an objective as nodes. What it computes is what planning/candidate-evaluator.ts computes on the host; a test holds the two
 * together. Everything but the weights and the joints is fixed in the graph.
 *
 * @returns costs `[N]`
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

  /** `[N]`: of the latents as a whole, or of their streams by weight. */
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

  /** `[N]` */
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

  /** Of each token. */
  #lengths(latents: Value): Value {
    const squares = this.#builder.mul(latents, latents);
    return this.#builder.unary('Sqrt', this.#builder.reduce('ReduceSum', squares, [2], false));
  }

  /** Mean raw actions of step t, `[N, J]`. */
  #meanActions(t: number): Value {
    const builder = this.#builder;
    const { block, names } = this.#action;
    const blocks = builder.reshape(this.#inputs.actions, [CANDIDATES, this.#horizon, block, names.length]);
    const means = builder.reduce('ReduceMean', blocks, [2], false);
    return builder.reshape(builder.slice(means, 1, t - 1, t), [CANDIDATES, names.length]);
  }

  /** Joint positions at the end of step t, `[N, J]`. */
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

  /** What positions come from, in the unit of raw actions: their sums from the first period to each, or they themselves, `[N, K * J]`. */
  #travelled(): Value {
    const builder = this.#builder;
    const { actions } = this.#inputs;
    if (!this.#travel.isSum) return this.#inRows(actions);
    // Not a product with a triangle of ones, which a GPU may round to 10 bits.
    const axis = builder.constant({ type: 'int64', dims: [], data: Float64Array.of(1) });
    return this.#inRows(builder.node('CumSum', [actions, axis], {}, 'float32', actions.dims));
  }

  /** There is one wherever there are joints. */
  get #travel(): JointTravel {
    const travel = jointTravel(this.#action);
    if (travel === null) throw noJointPositions(this.#spec);
    return travel;
  }

  /** `[N]`: mean of the squared actions, as fractions of their larger bounds. */
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

  /** `[N]` of rows of k periods, each joint in its own unit. */
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

  /** `[N]`: mean over periods of the squared way into the margin of the limits, with its weight. */
  #weightedNearness({ least, largest }: NonNullable<ObjectiveInputs['joints']>): Value {
    const builder = this.#builder;
    const sums = this.#travelled();
    const ways = [builder.sub(least, sums), builder.sub(sums, largest), builder.scalar(0)];
    const excess = builder.node('Max', ways, {}, 'float32', sums.dims);
    const squares = builder.reduce('ReduceSumSquare', excess, [1], false);
    const unit = builder.scalar(this.#travel.gain ** 2 / this.#periods);
    return builder.mul(builder.mul(this.#inputs.weights.limit, unit), squares);
  }

  /** K */
  get #periods(): number {
    return this.#horizon * this.#action.block;
  }

  /** `[N, K, J]` as `[N, K * J]`: operators on rows of two or three joints would take ten times as long. */
  #inRows(values: Value): Value {
    return this.#builder.reshape(values, [CANDIDATES, this.#periods * this.#action.names.length]);
  }
}
