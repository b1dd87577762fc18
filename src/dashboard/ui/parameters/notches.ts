import type { ParameterInfo } from '../../protocol.js';

/** The part of a parameter that a slider is made from. */
export type SliderParameter = Pick<ParameterInfo, 'type' | 'range' | 'step' | 'defaultValue'>;

/** Ranges over more decades than this are logarithmic. */
const LINEAR_DECADES = 2;
/** The finest value above 0 on a logarithmic slider, as far as the range allows. */
const FINEST = 1e-3;
/** The most notches of a linear slider. */
const MAX_LINEAR = 250;
/** Of a decade: steps of at most 10 %, each a number that people say. */
const MANTISSAS = [...steps(10, 20, 1), ...steps(20, 50, 2), ...steps(50, 100, 5)];

/**
 * The values that a slider stops at, in ascending order. A slider moves over indices of this list, so each arrow key changes the value, on a
 * range of one decade as on one of nine.
 *
 * A default of -1 that stands for "the model's own" is a notch of its own at the left end, and so is 0 on a logarithmic slider. The ends of the
 * range and the default are always notches.
 *
 * @returns empty for parameters that no slider can show
 */
export function notchesOf({ type, range, step, defaultValue }: SliderParameter): Float64Array {
  if ((type !== 'integer' && type !== 'double') || range === null) return new Float64Array();
  const [from, to] = range;
  if (!(to > from)) return new Float64Array();
  const isInteger = type === 'integer';
  const hasOwn = from === -1 && defaultValue === -1;
  const lowest = hasOwn ? 0 : from;
  const values = isLogarithmic(lowest, to, isInteger)
    ? logarithmic(lowest, to, isInteger)
    : linear(lowest, to, step ?? 0, isInteger);
  values.push(from, to);
  if (typeof defaultValue === 'number') values.push(defaultValue);
  const inside = values.filter((value) => value >= from && value <= to);
  return Float64Array.from(new Set(inside)).sort();
}

/** Index of the notch nearest to a value, by ratio where the value is above 0. */
export function nearestNotch(notches: Float64Array, value: number): number {
  const above = notches.findIndex((notch) => notch >= value);
  if (above < 0) return Math.max(0, notches.length - 1);
  if (above === 0) return 0;
  const lower = notches[above - 1] ?? NaN;
  const upper = notches[above] ?? NaN;
  return value - lower < upper - value ? above - 1 : above;
}

function isLogarithmic(from: number, to: number, isInteger: boolean): boolean {
  if (from < 0) return false;
  // A number of joints, periods or per cent: every value can be reached one by one.
  if (isInteger && to - from <= 100) return false;
  if (from === 0 && to <= 1) return false;
  return Math.log10(to / finest(from, isInteger)) > LINEAR_DECADES;
}

function finest(from: number, isInteger: boolean): number {
  if (from > 0) return from;
  return isInteger ? 1 : FINEST;
}

function logarithmic(from: number, to: number, isInteger: boolean): number[] {
  const lowest = finest(from, isInteger);
  const values = from === 0 ? [0] : [];
  for (let decade = Math.floor(Math.log10(lowest)); decade <= Math.log10(to); decade++) {
    for (const mantissa of MANTISSAS) {
      const value = Number(`${String(mantissa)}e${String(decade - 1)}`);
      if (value < lowest) continue;
      values.push(isInteger ? Math.round(value) : value);
    }
  }
  return values;
}

function linear(from: number, to: number, step: number, isInteger: boolean): number[] {
  const unit = step > 0 ? step : roundStep((to - from) / MAX_LINEAR);
  const width = isInteger ? Math.max(1, Math.round(unit)) : unit;
  const first = Math.ceil(from / width - 1e-9);
  const count = Math.floor(to / width + 1e-9) - first + 1;
  // As a quotient of whole numbers where the step is a decimal fraction: 3 * 0.1 is not 0.3.
  const inverse = Math.round(1 / width);
  const isFraction = width < 1 && Math.abs(inverse * width - 1) < 1e-9;
  return Array.from({ length: Math.max(0, count) }, (_, index) =>
    isFraction ? (first + index) / inverse : (first + index) * width,
  );
}

/** The next larger 1, 2 or 5 times a power of ten. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5].find((each) => each * power >= step * (1 - 1e-9)) ?? 10;
  return factor < 10 ? Number(`${String(factor)}e${String(Math.round(Math.log10(power)))}`) : 10 * power;
}

function steps(from: number, to: number, by: number): number[] {
  return Array.from({ length: (to - from) / by }, (_, index) => from + index * by);
}
