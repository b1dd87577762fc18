/** How the page writes numbers. */

const MINUS = '\u2212';

/**
 * A number in as many digits as tell it apart: 3 of them matter by default. Very large and very small ones in powers of ten.
 *
 * @param digits significant digits
 */
export function writeNumber(value: number, digits = 3): string {
  if (Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : `${MINUS}∞`;
  if (value === 0) return '0';
  const size = Math.abs(value);
  const rounded = Number(size.toPrecision(digits));
  const text = rounded >= 1e-4 && rounded < 1e7 ? plain(rounded) : scientific(rounded);
  return value < 0 ? `${MINUS}${text}` : text;
}

/** All digits of a value that a person set, as they would type them. */
export function writeExact(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(12)));
}

/**
 * With a fixed number of decimals, so that a figure that changes 15 times a second does not jump about.
 *
 * @returns a dash for what is not known
 */
export function writeFixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return writeNumber(value);
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `${MINUS}${text}` : text;
}

/** The unit after a number, with the space before it; empty for pure numbers. */
export function writeUnit(unit: string): string {
  return unit === '' || unit === '1' ? '' : `\u00a0${unit}`;
}

/** A duration for people. */
export function writeSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 1) return `${writeNumber(seconds * 1000, 2)}\u00a0ms`;
  return seconds < 90 ? `${writeNumber(seconds, 2)}\u00a0s` : `${String(Math.round(seconds / 60))}\u00a0min`;
}

function plain(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(12).replace(/\.?0+$/, '') : text;
}

function scientific(value: number): string {
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = exponent.replace('+', '').replace('-', MINUS);
  return `${mantissa}e${power}`;
}
