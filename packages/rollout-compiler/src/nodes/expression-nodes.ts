import {
  resolveStep,
  type BinaryOperator,
  type Comparison,
  type ComparisonExpression,
  type Expression,
  type Reduction,
  type UnaryOperator,
} from '../../../../src/core/expression.js';
import { CANDIDATES } from '../graph/dims.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { Value } from '../graph/value.js';

/** What an expression may name, for all predictor steps. */
export interface ExpressionSources {
  /** H */
  readonly horizon: number;
  /** Distances of the latents of step t, `[N]`. */
  readonly distance: (to: 'goal_distance' | 'latent_distance', t: number) => Value;
  /** Mean raw actions of a step, or joint positions at its end, `[N, A]`. */
  readonly joints: (of: 'action' | 'state', t: number) => Value;
}

/** Names in ONNX; `square` is written as a product. */
const UNARY: Readonly<Record<Exclude<UnaryOperator, 'square'>, string>> = {
  negate: 'Neg',
  abs: 'Abs',
  sqrt: 'Sqrt',
  exp: 'Exp',
  log: 'Log',
  sign: 'Sign',
  floor: 'Floor',
  sin: 'Sin',
  cos: 'Cos',
  tan: 'Tan',
  atan: 'Atan',
};

const BINARY: Readonly<Record<Exclude<BinaryOperator, 'atan2'>, string>> = {
  add: 'Add',
  subtract: 'Sub',
  multiply: 'Mul',
  divide: 'Div',
  power: 'Pow',
  min: 'Min',
  max: 'Max',
};

const COMPARISON: Readonly<Record<Exclude<Comparison, 'unequal'>, string>> = {
  less: 'Less',
  lessOrEqual: 'LessOrEqual',
  greater: 'Greater',
  greaterOrEqual: 'GreaterOrEqual',
  equal: 'Equal',
};

const REDUCTION: Readonly<Record<Reduction, string>> = {
  sum: 'ReduceSum',
  mean: 'ReduceMean',
  min: 'ReduceMin',
  max: 'ReduceMax',
};

/**
 * Writes an expression at step t as nodes. They compute what compileExpression computes on the host; objective-nodes.test.ts
 * compares the two.
 *
 * @param t predictor step, 1 to H
 * @returns `[N, A]` for a vector, `[N, 1]` for a scalar, and `[]` for what no candidate changes
 */
export function expressionNodes(
  builder: GraphBuilder,
  node: Expression,
  t: number,
  sources: ExpressionSources,
): Value {
  const emit = (operand: Expression): Value => expressionNodes(builder, operand, t, sources);
  switch (node.kind) {
    case 'constant':
      return builder.scalar(node.value);
    case 'step':
      return builder.scalar(node.step === 'current' ? t : sources.horizon);
    case 'distance':
      return builder.reshape(sources.distance(node.to, t), [CANDIDATES, 1]);
    case 'joints': {
      const values = sources.joints(node.of, resolveStep(node.step, t, sources.horizon));
      return node.joint === null ? values : builder.slice(values, 1, node.joint, node.joint + 1);
    }
    case 'unary': {
      const operand = emit(node.operand);
      return node.operator === 'square'
        ? builder.mul(operand, operand)
        : builder.unary(UNARY[node.operator], operand);
    }
    case 'binary': {
      const [left, right] = [emit(node.left), emit(node.right)];
      return node.operator === 'atan2'
        ? arcTangent(builder, left, right)
        : builder.binary(BINARY[node.operator], left, right);
    }
    case 'compare':
      return builder.cast(holds(builder, node, emit), 'float32');
    case 'select':
      return builder.where(holds(builder, node.condition, emit), emit(node.whenTrue), emit(node.whenFalse));
    case 'reduce':
      return builder.reduce(REDUCTION[node.operator], emit(node.operand), [1], true);
  }
}

/** A comparison, as booleans. */
function holds(
  builder: GraphBuilder,
  { operator, left, right }: ComparisonExpression,
  emit: (operand: Expression) => Value,
): Value {
  const [a, b] = [emit(left), emit(right)];
  return operator === 'unequal'
    ? builder.unary('Not', builder.binary('Equal', a, b, 'bool'))
    : builder.binary(COMPARISON[operator], a, b, 'bool');
}

/** Angle of the point (x, y), rad: ONNX has only the arc tangent of one argument, which covers half of the angles. */
function arcTangent(builder: GraphBuilder, y: Value, x: Value): Value {
  const zero = builder.scalar(0);
  const half = builder.where(
    builder.binary('Less', y, zero, 'bool'),
    builder.scalar(-Math.PI),
    builder.scalar(Math.PI),
  );
  const offset = builder.where(builder.binary('Less', x, zero, 'bool'), half, zero);
  const angle = builder.add(builder.unary('Atan', builder.div(y, x)), offset);
  const upright = builder.mul(builder.unary('Sign', y), builder.scalar(Math.PI / 2));
  return builder.where(builder.binary('Equal', x, zero, 'bool'), upright, angle);
}
