import { resolveStep, type Expression } from '../../core/expression.js';
import { BINARY, FOLD, UNARY } from './operators.js';

/** Everything that an expression may name at one predictor step, for N candidates at once. */
export interface StepInputs {
  /** N */
  readonly candidates: number;
  /** t, 1 … H */
  readonly step: number;
  /** H */
  readonly horizon: number;
  /** Distances of step t `[N]`; null when the expression does not name them. */
  readonly goalDistance: Float32Array | null;
  readonly latentDistance: Float32Array | null;
  /** Raw actions `[N, K, J]`, K = H * block. */
  readonly actions: Float32Array;
  /** Joint positions at the end of each action `[N, K, J]`; null when the expression does not name them. */
  readonly positions: Float32Array | null;
}

/** @returns the expression's values, `[N]` or `[N, J]`; overwritten by the next call */
export type CompiledExpression = (inputs: StepInputs) => Float32Array;

/** How an expression is laid out over the joints. */
interface Layout {
  readonly joints: number;
  /** Raw actions in one predictor step. */
  readonly block: number;
}

/**
 * Turns an expression into closures over typed arrays, one for each node, which keep their buffers from step to step. Results are rounded to
 * float32 after every operator, as the device that runs the same expression as ONNX nodes rounds them.
 */
export function compileExpression(node: Expression, layout: Layout): CompiledExpression {
  const width = (part: Expression): number => (part.shape === 'vector' ? layout.joints : 1);
  const compile = (part: Expression): CompiledExpression => compileExpression(part, layout);
  switch (node.kind) {
    case 'constant':
      return fill(() => node.value);
    case 'step':
      return fill(({ step, horizon }) => (node.step === 'current' ? step : horizon));
    case 'distance':
      return ({ goalDistance, latentDistance }) =>
        (node.to === 'goal_distance' ? goalDistance : latentDistance) ?? missing(node.to);
    case 'joints':
      return compileJoints(node, layout);
    case 'unary': {
      const operand = compile(node.operand);
      const apply = UNARY[node.operator];
      const buffer = new Buffer(width(node));
      return (inputs) => {
        const values = operand(inputs);
        const out = buffer.for(inputs.candidates);
        for (let i = 0; i < out.length; i++) out[i] = apply(values[i] ?? NaN);
        return out;
      };
    }
    case 'binary':
    case 'compare': {
      const left = compile(node.left);
      const right = compile(node.right);
      const apply = BINARY[node.operator];
      const pick = broadcast(width(node), width(node.left), width(node.right));
      const buffer = new Buffer(width(node));
      return (inputs) => {
        const a = left(inputs);
        const b = right(inputs);
        const out = buffer.for(inputs.candidates);
        for (let i = 0; i < out.length; i++) out[i] = apply(a[pick(i, 0)] ?? NaN, b[pick(i, 1)] ?? NaN);
        return out;
      };
    }
    case 'select': {
      const condition = compile(node.condition);
      const whenTrue = compile(node.whenTrue);
      const whenFalse = compile(node.whenFalse);
      const pick = broadcast(width(node), width(node.condition), width(node.whenTrue), width(node.whenFalse));
      const buffer = new Buffer(width(node));
      return (inputs) => {
        const holds = condition(inputs);
        const a = whenTrue(inputs);
        const b = whenFalse(inputs);
        const out = buffer.for(inputs.candidates);
        for (let i = 0; i < out.length; i++)
          out[i] = (holds[pick(i, 0)] === 1 ? a[pick(i, 1)] : b[pick(i, 2)]) ?? NaN;
        return out;
      };
    }
    case 'reduce': {
      const operand = compile(node.operand);
      const fold = FOLD[node.operator];
      const divisor = node.operator === 'mean' ? layout.joints : 1;
      const buffer = new Buffer(1);
      return (inputs) => {
        const values = operand(inputs);
        const out = buffer.for(inputs.candidates);
        for (let n = 0; n < out.length; n++) {
          const start = n * layout.joints;
          let total = values[start] ?? NaN;
          for (let joint = 1; joint < layout.joints; joint++)
            total = fold(total, values[start + joint] ?? NaN);
          out[n] = total / divisor;
        }
        return out;
      };
    }
  }
}

/** A value that all candidates share. */
function fill(value: (inputs: StepInputs) => number): CompiledExpression {
  const buffer = new Buffer(1);
  return (inputs) => buffer.for(inputs.candidates).fill(value(inputs));
}

/** The mean over the actions of a step, or the position at its end. */
function compileJoints(
  node: Extract<Expression, { kind: 'joints' }>,
  { joints, block }: Layout,
): CompiledExpression {
  const first = node.joint ?? 0;
  const count = node.joint === null ? joints : 1;
  const averaged = node.of === 'action' ? block : 1;
  const buffer = new Buffer(count);
  return (inputs) => {
    const source = node.of === 'action' ? inputs.actions : (inputs.positions ?? missing('state'));
    const periods = inputs.horizon * block;
    const end = resolveStep(node.step, inputs.step, inputs.horizon) * block;
    const out = buffer.for(inputs.candidates);
    for (let n = 0; n < inputs.candidates; n++) {
      for (let j = 0; j < count; j++) {
        let sum = 0;
        for (let period = end - averaged; period < end; period++)
          sum += source[(n * periods + period) * joints + first + j] ?? NaN;
        out[n * count + j] = sum / averaged;
      }
    }
    return out;
  };
}

/** Where element i of a result finds that of operand `which`: operands narrower than the result count for every joint. */
function broadcast(width: number, ...operands: readonly number[]): (i: number, which: number) => number {
  const narrow = operands.map((operand) => operand < width);
  return (i, which) => (narrow[which] === true ? Math.floor(i / width) : i);
}

/** A result buffer that follows the number of candidates. */
class Buffer {
  readonly #width: number;
  #values = new Float32Array(0);

  constructor(width: number) {
    this.#width = width;
  }

  for(candidates: number): Float32Array {
    const size = candidates * this.#width;
    if (this.#values.length !== size) this.#values = new Float32Array(size);
    return this.#values;
  }
}

function missing(name: string): never {
  throw new TypeError(`the expression names ${name}, which was not computed for it`);
}
