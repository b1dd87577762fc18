import type {
  Comparison,
  ComparisonExpression,
  Expression,
  Reduction,
  Shape,
  StepReference,
} from '../../core/expression.js';
import { BINARY } from './operators.js';

/** Whether a node has another value for each candidate. */
export function dependsOnCandidate(node: Expression): boolean {
  return node.kind === 'distance' || node.kind === 'joints';
}

/** The shape of what operands of these shapes give: one number for each joint if any of them has that. */
export function commonShape(...parts: readonly Expression[]): Shape {
  return parts.some((part) => part.shape === 'vector') ? 'vector' : 'scalar';
}

/** A comparison; of two constants, its result. */
export function compare(operator: Comparison, left: Expression, right: Expression): Expression {
  if (left.kind === 'constant' && right.kind === 'constant')
    return { kind: 'constant', shape: 'scalar', value: BINARY[operator](left.value, right.value) };
  return { kind: 'compare', shape: commonShape(left, right), operator, left, right };
}

/** One of two expressions. @param condition a comparison, or the number that it came to */
export function select(
  condition: ComparisonExpression | number,
  whenTrue: Expression,
  whenFalse: Expression,
): Expression {
  if (typeof condition === 'number') return condition === 0 ? whenFalse : whenTrue;
  return {
    kind: 'select',
    shape: commonShape(condition, whenTrue, whenFalse),
    condition,
    whenTrue,
    whenFalse,
  };
}

/** A reduction of one number for each joint to one number. */
export function reduce(operator: Reduction, operand: Expression): Expression {
  return { kind: 'reduce', shape: 'scalar', operator, operand };
}

/** The step that an expression stands for: t, H or a whole number, plus or minus whole numbers; otherwise null. */
export function asStep(expression: Expression): StepReference | null {
  if (expression.kind === 'constant')
    return Number.isInteger(expression.value) ? { from: 'start', offset: expression.value } : null;
  if (expression.kind === 'step') return { from: expression.step, offset: 0 };
  if (expression.kind !== 'binary') return null;
  const left = asStep(expression.left);
  const right = asStep(expression.right);
  if (left === null || right === null) return null;
  if (expression.operator === 'add' && right.from === 'start')
    return { from: left.from, offset: left.offset + right.offset };
  if (expression.operator === 'add' && left.from === 'start')
    return { from: right.from, offset: left.offset + right.offset };
  if (expression.operator === 'subtract' && right.from === 'start')
    return { from: left.from, offset: left.offset - right.offset };
  return null;
}
