import type { BinaryOperator, Comparison, Reduction, UnaryOperator } from '../../core/expression.js';

/* What the operators of an expression compute, for constants and for candidates alike. */

export const UNARY: Readonly<Record<UnaryOperator, (x: number) => number>> = {
  negate: (x) => -x,
  abs: Math.abs,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  square: (x) => x * x,
  sign: Math.sign,
  floor: Math.floor,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  atan: Math.atan,
};

export const BINARY: Readonly<Record<BinaryOperator | Comparison, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  power: (a, b) => a ** b,
  min: Math.min,
  max: Math.max,
  atan2: Math.atan2,
  less: (a, b) => Number(a < b),
  lessOrEqual: (a, b) => Number(a <= b),
  greater: (a, b) => Number(a > b),
  greaterOrEqual: (a, b) => Number(a >= b),
  equal: (a, b) => Number(a === b),
  unequal: (a, b) => Number(a !== b),
};

/** How a reduction goes on from joint to joint; a mean is a sum that is divided in the end. */
export const FOLD: Readonly<Record<Reduction, (a: number, b: number) => number>> = {
  sum: BINARY.add,
  mean: BINARY.add,
  min: Math.min,
  max: Math.max,
};
