import type { ActionSpec } from '../core/model-spec.js';
import type { ObjectiveWeights } from '../core/objective-spec.js';
import type { ParameterFragment } from '../core/parameter.js';
import type { JointSituation } from '../core/ports.js';

/** The sequences that a cost is computed for. */
export interface SequenceShape {
  readonly action: ActionSpec;
  /** Raw actions in a sequence (K). */
  readonly periods: number;
}

/** Where the joints will be, if that is known. */
export interface PredictedJoints {
  /** Joint positions at the end of each period `[N, K, J]`, rad or m. */
  readonly positions: Float32Array;
  readonly situation: JointSituation;
}

/**
 * The cost of one sequence, times its weight, on the host.
 *
 * @param candidates raw actions `[N, K, A]`
 * @param start index of the first number of the sequence
 * @param end index after its last number
 */
export type HostCost = (
  candidates: Float32Array,
  start: number,
  end: number,
  joints: PredictedJoints | null,
) => number;

/** The operators that costs are written with as nodes of a graph. A size of 1 is broadcast, as in numpy. */
export interface GraphOps<Value> {
  scalar(value: number): Value;
  floats(values: readonly number[], dims: readonly number[]): Value;
  add(a: Value, b: Value): Value;
  sub(a: Value, b: Value): Value;
  mul(a: Value, b: Value): Value;
  binary(operator: 'Max' | 'Min', a: Value, b: Value): Value;
  slice(x: Value, axis: number, start: number, end: number): Value;
  reduce(
    operator: 'ReduceSum' | 'ReduceMean' | 'ReduceSumSquare',
    x: Value,
    axes: readonly number[],
    keepDims: boolean,
  ): Value;
}

/** What a cost is computed from as nodes of a graph. All float32. */
export interface CostGraph<Value> {
  readonly ops: GraphOps<Value>;
  readonly sequence: SequenceShape;
  /** Weight `[]`: a graph input, so that it changes without a new graph. */
  readonly weight: Value;
  /** Raw actions `[N, K * A]`. */
  readonly actions: Value;
  /** Null if joint positions do not follow from the actions. */
  readonly joints: GraphJoints<Value> | null;
}

/** Joint positions in the unit of raw actions: `position = start + gain * travelled`. */
export interface GraphJoints<Value> {
  /** `[N, K * A]` */
  travelled(): Value;
  readonly gain: number;
  /** Bounds of `travelled` inside the margin of the position limits, `[K * A]`. */
  readonly minSums: Value;
  readonly maxSums: Value;
}

/**
 * A cost of the motion itself, in addition to the distance from the goal. Both implementations stand side by side: the planner computes the cost
 * on the host or in a compiled graph; the compiler's objective-nodes.test.ts compares the two for every cost of the registry.
 */
export interface CostDefinition {
  /** Key of its weight in {@link ObjectiveWeights}, and the part of `cost_<name>` in `~/statistics`. */
  readonly name: string;
  readonly parameters: ParameterFragment;
  /** Keys in {@link ObjectiveWeights}, each with the parameter that gives its value: the weight under `name`, and what else is live. */
  readonly values: Readonly<Record<string, string>>;
  /** Whether the cost means anything for such sequences. */
  appliesTo(sequence: SequenceShape): boolean;
  /** Whether it needs {@link PredictedJoints}; without them it is 0. */
  readonly needsJoints: boolean;
  onHost(sequence: SequenceShape, weights: ObjectiveWeights): HostCost;
  /** @returns cost times weight, `[N]` */
  asNodes<Value>(graph: CostGraph<Value>): Value;
}

/** A value of the objective by its key; a cost that nobody weighs has weight 0. */
export function weightOf(weights: ObjectiveWeights, key: string): number {
  return weights[key] ?? 0;
}

/**
 * Mean of the squares of each row, `[N]`.
 *
 * @param rows `[N, size]`, of any number of periods
 * @param unit what a number of an action is divided by
 */
export function meanSquare<Value>(
  ops: GraphOps<Value>,
  rows: Value,
  size: number,
  numbers: number,
  unit: (number: number) => number,
): Value {
  const gain = ops.floats(
    Array.from({ length: size }, (_, i) => 1 / (unit(i % numbers) * Math.sqrt(size))),
    [size],
  );
  return ops.reduce('ReduceSumSquare', ops.mul(rows, gain), [1], false);
}
