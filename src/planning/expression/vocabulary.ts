import type { BinaryOperator, Comparison, Reduction, UnaryOperator } from '../../core/expression.js';

/* What expressions may name. docs/objectives.md is the reference for users. */

export const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ['pi', Math.PI],
  ['e', Math.E],
]);

/** Units that may follow a number, and what they are in SI units and rad. */
export const UNITS: ReadonlyMap<string, number> = new Map([
  ['rad', 1],
  ['deg', Math.PI / 180],
  ['m', 1],
  ['cm', 0.01],
  ['mm', 0.001],
  ['s', 1],
  ['ms', 0.001],
]);

/** Quantities, besides the constants. `q` is short for `state`. */
export const QUANTITIES = ['goal_distance', 'latent_distance', 'action', 'state', 'q', 't', 'H'] as const;

/** Functions of one argument, joint by joint. */
export const UNARY_FUNCTIONS: ReadonlyMap<string, UnaryOperator> = new Map([
  ['abs', 'abs'],
  ['sqrt', 'sqrt'],
  ['exp', 'exp'],
  ['log', 'log'],
  ['square', 'square'],
  ['sign', 'sign'],
  ['floor', 'floor'],
  ['sin', 'sin'],
  ['cos', 'cos'],
  ['tan', 'tan'],
  ['atan', 'atan'],
]);

/** Functions of a vector. `min` and `max` of several arguments are {@link EXTREMES}. */
export const REDUCTIONS: ReadonlyMap<string, Reduction> = new Map([
  ['sum', 'sum'],
  ['mean', 'mean'],
  ['min', 'min'],
  ['max', 'max'],
]);

export const EXTREMES: ReadonlyMap<string, 'min' | 'max'> = new Map([
  ['min', 'min'],
  ['max', 'max'],
]);

/** Names of every function: those above, and the ones that are made of them. */
export const FUNCTIONS: readonly string[] = [
  ...UNARY_FUNCTIONS.keys(),
  ...REDUCTIONS.keys(),
  'norm',
  'dot',
  'atan2',
];

/** mathjs' operators. Joint by joint is the only way here, so that `.*` is `*`. */
export const BINARY_OPERATORS: ReadonlyMap<string, BinaryOperator> = new Map([
  ['add', 'add'],
  ['subtract', 'subtract'],
  ['multiply', 'multiply'],
  ['dotMultiply', 'multiply'],
  ['divide', 'divide'],
  ['dotDivide', 'divide'],
  ['pow', 'power'],
  ['dotPow', 'power'],
]);

export const COMPARISONS: ReadonlyMap<string, Comparison> = new Map([
  ['smaller', 'less'],
  ['smallerEq', 'lessOrEqual'],
  ['larger', 'greater'],
  ['largerEq', 'greaterOrEqual'],
  ['equal', 'equal'],
  ['unequal', 'unequal'],
]);
