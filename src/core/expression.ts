/** One number, or one for each joint `[J]`. */
export type Shape = 'scalar' | 'vector';

export type UnaryOperator =
  'negate' | 'abs' | 'sqrt' | 'exp' | 'log' | 'square' | 'sign' | 'floor' | 'sin' | 'cos' | 'tan' | 'atan';
export type BinaryOperator = 'add' | 'subtract' | 'multiply' | 'divide' | 'power' | 'min' | 'max' | 'atan2';
export type Comparison = 'less' | 'lessOrEqual' | 'greater' | 'greaterOrEqual' | 'equal' | 'unequal';
export type Reduction = 'sum' | 'mean' | 'min' | 'max';

/** A predictor step: the current one, the last one (H), or the start (0), plus `offset`, a whole number. */
export interface StepReference {
  readonly from: 'current' | 'last' | 'start';
  readonly offset: number;
}

/**
 * A cost expression of a user, checked and ready to be computed or compiled to ONNX nodes. It is evaluated for each predictor step t = 1 … H of
 * each candidate. A scalar that is combined with a vector is applied to every joint.
 */
export type Expression =
  /** Finite, also as a float32. */
  | { readonly kind: 'constant'; readonly shape: 'scalar'; readonly value: number }
  /** The index of the current step, t, or of the last one, H. */
  | { readonly kind: 'step'; readonly shape: 'scalar'; readonly step: 'current' | 'last' }
  /** Distance of the latent predicted for step t from the goal: the model's learned distance, or the squared L2 distance. */
  | { readonly kind: 'distance'; readonly shape: 'scalar'; readonly to: 'goal_distance' | 'latent_distance' }
  /**
   * Raw actions of a step (mean over its block), or predicted joint positions at its end [rad or m]. `joint` counts from 0; null is all of
   * them, a vector.
   */
  | {
      readonly kind: 'joints';
      readonly shape: Shape;
      readonly of: 'action' | 'state';
      readonly step: StepReference;
      readonly joint: number | null;
    }
  | {
      readonly kind: 'unary';
      readonly shape: Shape;
      readonly operator: UnaryOperator;
      readonly operand: Expression;
    }
  | {
      readonly kind: 'binary';
      readonly shape: Shape;
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  /** 1 where it holds, 0 where it does not. */
  | ComparisonExpression
  | {
      readonly kind: 'select';
      readonly shape: Shape;
      readonly condition: ComparisonExpression;
      readonly whenTrue: Expression;
      readonly whenFalse: Expression;
    }
  /** Over the joints of a vector. */
  | {
      readonly kind: 'reduce';
      readonly shape: 'scalar';
      readonly operator: Reduction;
      readonly operand: Expression;
    };

export interface ComparisonExpression {
  readonly kind: 'compare';
  readonly shape: Shape;
  readonly operator: Comparison;
  readonly left: Expression;
  readonly right: Expression;
}

/** An expression with its source text, for messages. */
export interface ParsedExpression {
  readonly text: string;
  /** Its shape is `scalar`. */
  readonly root: Expression;
}

/** The step (1 … H) of a reference at step t. A step outside the horizon is clamped to the nearest one. */
export function resolveStep({ from, offset }: StepReference, t: number, horizon: number): number {
  const origin = from === 'current' ? t : from === 'last' ? horizon : 0;
  return Math.min(Math.max(origin + offset, 1), horizon);
}

/** The operands of a node. */
function operandsOf(node: Expression): readonly Expression[] {
  switch (node.kind) {
    case 'constant':
    case 'step':
    case 'distance':
    case 'joints':
      return [];
    case 'unary':
    case 'reduce':
      return [node.operand];
    case 'binary':
    case 'compare':
      return [node.left, node.right];
    case 'select':
      return [node.condition, node.whenTrue, node.whenFalse];
  }
}

/** Whether any node of the expression, the root included, passes a test. */
export function hasNode(root: Expression, test: (node: Expression) => boolean): boolean {
  return test(root) || operandsOf(root).some((operand) => hasNode(operand, test));
}

/** Whether an expression uses predicted joint positions. */
export function namesState(expression: ParsedExpression | null): boolean {
  return (
    expression !== null && hasNode(expression.root, (node) => node.kind === 'joints' && node.of === 'state')
  );
}
