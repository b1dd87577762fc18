import type { JepaMpcError } from '../../core/errors.js';
import {
  hasNode,
  type BinaryOperator,
  type ComparisonExpression,
  type Expression,
  type StepReference,
  type UnaryOperator,
} from '../../core/expression.js';
import { didYouMean } from '../../core/names.js';
import { asStep, commonShape, compare, dependsOnCandidate, reduce, select } from './expression-parts.js';
import type { ExpressionText } from './expression-text.js';
import { BINARY, UNARY } from './operators.js';
import type { CallSyntax, IndexSyntax, NameSyntax, OperatorSyntax, Syntax } from './syntax.js';
import {
  BINARY_OPERATORS,
  COMPARISONS,
  CONSTANTS,
  EXTREMES,
  FUNCTIONS,
  QUANTITIES,
  REDUCTIONS,
  UNARY_FUNCTIONS,
  UNITS,
} from './vocabulary.js';

/** What an expression may refer to. `null`: not known yet, and so not checked. */
export interface ExpressionScope {
  /** Joints that the model acts on (J). */
  readonly joints: number | null;
  /** Whether the model has a learned distance, `goal_distance`. */
  readonly hasTemporalDistance: boolean | null;
  /** Whether joint positions follow from its actions, `state`. */
  readonly foreseesState: boolean | null;
}

const STEP_ADVICE = 'Steps are t or H, plus or minus a whole number, or a whole number:';
const HERE: StepReference = { from: 'current', offset: 0 };

/** Turns syntax into an {@link Expression}: names and shapes are checked, constants are computed. */
export class ExpressionChecker {
  readonly #source: ExpressionText;
  readonly #scope: ExpressionScope;

  constructor(source: ExpressionText, scope: ExpressionScope) {
    this.#source = source;
    this.#scope = scope;
  }

  /** @throws JepaMpcError `objective.invalid` */
  check(root: Syntax): Expression {
    const expression = this.#read(root);
    if (expression.shape === 'scalar') return expression;
    throw this.#source.refusal(
      root.at,
      'one number for each joint',
      'one number, the cost',
      'Add up the joints, for example with sum(…) or norm(…):',
    );
  }

  #read(syntax: Syntax): Expression {
    switch (syntax.kind) {
      case 'number':
        return this.#constant(syntax.value, syntax.at);
      case 'name':
        return this.#name(syntax);
      case 'index':
        return this.#index(syntax);
      case 'call':
        return this.#call(syntax);
      case 'operator':
        return this.#operator(syntax);
      case 'conditional': {
        const condition = this.#condition(this.#read(syntax.condition));
        return select(condition, this.#read(syntax.whenTrue), this.#read(syntax.whenFalse));
      }
    }
  }

  #name({ name, at }: NameSyntax): Expression {
    const constant = CONSTANTS.get(name);
    if (constant !== undefined) return this.#constant(constant, at);
    switch (name) {
      case 't':
        return { kind: 'step', shape: 'scalar', step: 'current' };
      case 'H':
        return { kind: 'step', shape: 'scalar', step: 'last' };
      case 'latent_distance':
        return { kind: 'distance', shape: 'scalar', to: name };
      case 'goal_distance':
        this.#requireTemporalDistance(at);
        return { kind: 'distance', shape: 'scalar', to: name };
      case 'action':
      case 'state':
      case 'q':
        return this.#joints(name, at, HERE, null);
      default:
        throw this.#unknownName(name, at);
    }
  }

  #index({ name, at, indices }: IndexSyntax): Expression {
    if (name !== 'action' && name !== 'state' && name !== 'q') {
      if (!isQuantity(name)) throw this.#unknownName(name, at);
      throw this.#source.refusal(
        at,
        `an index on ${name}, which is one number`,
        'an index on action or state',
        'Leave the index out:',
      );
    }
    const [first, second] = indices;
    if (first === undefined || indices.length > 2) {
      throw this.#source.refusal(
        at,
        `${String(indices.length)} indices`,
        `${name}[joint] or ${name}[step, joint]`,
        'Correct the indices:',
      );
    }
    if (second === undefined) return this.#joints(name, at, HERE, this.#joint(first));
    return this.#joints(name, at, this.#step(first), this.#joint(second));
  }

  #joints(name: 'action' | 'state' | 'q', at: number, step: StepReference, joint: number | null): Expression {
    const of = name === 'action' ? 'action' : 'state';
    if (of === 'state' && this.#scope.foreseesState === false) {
      throw this.#source.refusal(
        at,
        `${name}, for a model whose actions do not tell where the joints will be`,
        'a model that acts by joint velocities',
        'Leave it out:',
      );
    }
    return { kind: 'joints', shape: joint === null ? 'vector' : 'scalar', of, step, joint };
  }

  /** @returns index of a joint, from 0 */
  #joint(syntax: Syntax): number {
    const { joints } = this.#scope;
    const joint = this.#read(syntax);
    const isWhole = joint.kind === 'constant' && Number.isInteger(joint.value);
    if (isWhole && joint.value >= 1 && joint.value <= (joints ?? Infinity)) return joint.value - 1;
    throw this.#source.refusal(
      syntax.at,
      joint.kind === 'constant' ? `joint ${String(joint.value)}` : 'a joint that is not a fixed number',
      `a whole number from 1${joints === null ? '' : ` to ${String(joints)}`}`,
      'Joints are counted from 1, in the order of the model; the step comes first: action[t - 1, 2].',
    );
  }

  #step(syntax: Syntax): StepReference {
    const step = asStep(this.#read(syntax));
    if (step !== null) return step;
    throw this.#source.refusal(syntax.at, 'a step that is neither', 't, H or a whole number', STEP_ADVICE);
  }

  #operator(syntax: OperatorSyntax): Expression {
    const [left, right] = syntax.operands;
    if (left === undefined) throw this.#unsupportedOperator(syntax);
    if (right === undefined) {
      if (syntax.operator === 'unaryPlus') return this.#read(left);
      if (syntax.operator === 'unaryMinus') return this.#unary('negate', this.#read(left), syntax.at);
      throw this.#unsupportedOperator(syntax);
    }
    const comparison = COMPARISONS.get(syntax.operator);
    if (comparison !== undefined) return compare(comparison, this.#read(left), this.#read(right));
    const operator = BINARY_OPERATORS.get(syntax.operator);
    if (operator === undefined) throw this.#unsupportedOperator(syntax);
    const first = this.#read(left);
    const unit = operator === 'multiply' || operator === 'divide' ? this.#unit(right) : null;
    if (unit === null) return this.#binary(operator, first, this.#read(right), syntax.at, right.at);
    if (first.kind === 'constant') return this.#binary(operator, first, unit, syntax.at, right.at);
    throw this.#source.refusal(
      right.at,
      'a unit after something that is not a number',
      'a number before the unit, as in 30 deg',
      'Quantities are in SI units and rad. Write a number and its unit in brackets: q[1] / (1 deg), (5 mm/s).',
    );
  }

  /** `deg`, or `s^2`: what one of it is, in SI units. */
  #unit(syntax: Syntax): Expression | null {
    if (syntax.kind === 'name') {
      const value = UNITS.get(syntax.name);
      return value === undefined ? null : this.#constant(value, syntax.at);
    }
    if (syntax.kind !== 'operator' || syntax.operator !== 'pow') return null;
    const [base, exponent] = syntax.operands;
    const unit = base === undefined ? null : this.#unit(base);
    if (unit === null || exponent === undefined) return null;
    return this.#binary('power', unit, this.#read(exponent), syntax.at, exponent.at);
  }

  #call(syntax: CallSyntax): Expression {
    const { name, at } = syntax;
    if (!FUNCTIONS.includes(name)) throw this.#unknownFunction(name, at);
    const [first, second, ...others] = syntax.arguments.map((argument) => this.#read(argument));
    const extreme = EXTREMES.get(name);
    if (extreme !== undefined && first !== undefined && second !== undefined) {
      return [second, ...others].reduce(
        (result, argument) => this.#binary(extreme, result, argument, at, at),
        first,
      );
    }
    const expected = name === 'dot' || name === 'atan2' ? 2 : 1;
    if (syntax.arguments.length !== expected || first === undefined) {
      throw this.#source.refusal(
        at,
        `${name} of ${String(syntax.arguments.length)} arguments`,
        `${name} of ${expected === 1 ? 'one argument' : 'two arguments'}`,
        'Correct the call:',
      );
    }
    if (second !== undefined) {
      if (name === 'atan2') return this.#binary('atan2', first, second, at, at);
      this.#requireVector(first, name, at);
      this.#requireVector(second, name, at);
      return reduce('sum', this.#binary('multiply', first, second, at, at));
    }
    const unary = UNARY_FUNCTIONS.get(name);
    if (unary !== undefined) return this.#unary(unary, first, at);
    this.#requireVector(first, name, at);
    const reduction = REDUCTIONS.get(name);
    if (reduction !== undefined) return reduce(reduction, first);
    return this.#unary('sqrt', reduce('sum', this.#unary('square', first, at)), at);
  }

  /** An expression that is not a comparison is true if it is not 0. */
  #condition(condition: Expression): ComparisonExpression | number {
    if (condition.kind === 'constant') return condition.value;
    if (condition.kind === 'compare') return condition;
    const zero: Expression = { kind: 'constant', shape: 'scalar', value: 0 };
    return { kind: 'compare', shape: condition.shape, operator: 'unequal', left: condition, right: zero };
  }

  #unary(operator: UnaryOperator, operand: Expression, at: number): Expression {
    if (operand.kind === 'constant') return this.#constant(UNARY[operator](operand.value), at);
    return { kind: 'unary', shape: operand.shape, operator, operand };
  }

  /** @param rightAt place of the right operand */
  #binary(
    operator: BinaryOperator,
    left: Expression,
    right: Expression,
    at: number,
    rightAt: number,
  ): Expression {
    if (operator === 'divide' && right.kind === 'constant' && right.value === 0) {
      throw this.#source.refusal(rightAt, 'a division by 0', 'another divisor', 'Correct it:');
    }
    if (operator === 'power' && hasNode(right, dependsOnCandidate)) {
      throw this.#source.refusal(
        rightAt,
        'an exponent that differs between candidates',
        'an exponent of numbers, t and H',
        'Write the power as exp(exponent * log(base)):',
      );
    }
    if (left.kind === 'constant' && right.kind === 'constant')
      return this.#constant(BINARY[operator](left.value, right.value), at);
    if (operator === 'power' && right.kind === 'constant' && right.value === 2)
      return this.#unary('square', left, at);
    return { kind: 'binary', shape: commonShape(left, right), operator, left, right };
  }

  #constant(value: number, at: number): Expression {
    if (Number.isFinite(Math.fround(value))) return { kind: 'constant', shape: 'scalar', value };
    throw this.#source.refusal(
      at,
      `a constant that is ${Number.isFinite(value) ? 'too large for a float32' : String(value)}`,
      'a finite number',
      'Correct this part:',
    );
  }

  #requireTemporalDistance(at: number): void {
    if (this.#scope.hasTemporalDistance !== false) return;
    throw this.#source.refusal(
      at,
      'goal_distance, for a model without a learned distance',
      'a model with distance.onnx',
      'Use latent_distance, or train and export a distance head.',
    );
  }

  #requireVector(argument: Expression, name: string, at: number): void {
    if (argument.shape === 'vector') return;
    throw this.#source.refusal(
      at,
      `${name} of a single number`,
      `${name} of a number for each joint, such as action or state`,
      'Leave the function out, or the index:',
    );
  }

  #unknownName(name: string, at: number): JepaMpcError {
    if (FUNCTIONS.includes(name))
      return this.#source.refusal(at, `the function ${name} alone`, `${name}(…)`, 'Add its arguments:');
    if (UNITS.has(name)) {
      return this.#source.refusal(
        at,
        `the unit ${name} alone`,
        `a number before it, as in 1 ${name}`,
        'Add it:',
      );
    }
    const known = [...QUANTITIES, ...CONSTANTS.keys()];
    return this.#source.refusal(
      at,
      `the unknown name "${name}"`,
      `one of ${known.join(', ')}`,
      didYouMean(name, known),
    );
  }

  #unknownFunction(name: string, at: number): JepaMpcError {
    if (isQuantity(name)) {
      return this.#source.refusal(
        at,
        `${name} with arguments`,
        'square brackets around indices, as in action[t - 1, 2]',
        'It is no function:',
      );
    }
    return this.#source.refusal(
      at,
      `the unknown function "${name}"`,
      `one of ${FUNCTIONS.join(', ')}`,
      didYouMean(name, FUNCTIONS),
    );
  }

  #unsupportedOperator({ symbol, at }: OperatorSyntax): JepaMpcError {
    return this.#source.refusal(
      at,
      `the operator ${symbol}`,
      'one of + - * / ^ < <= > >= == !=',
      'docs/objectives.md lists what an expression may use.',
    );
  }
}

function isQuantity(name: string): boolean {
  return QUANTITIES.some((quantity) => quantity === name);
}
