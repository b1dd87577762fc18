/** A figure as a page gets it; null: not a number. */
export type Figure = number | string | null | number[];

/**
 * The values of a status as figures. Text that is a number becomes one. Lists of numbers, such as `elites_std_by_iteration`, become arrays, also those
 * of one number. Stamps stay text: a double cannot hold their nanoseconds.
 */
export function readFigures(values: ReadonlyMap<string, string>): Record<string, Figure> {
  return Object.fromEntries([...values].map(([key, value]) => [key, readFigure(key, value)]));
}

function readFigure(key: string, value: string): Figure {
  if (key.endsWith('_ns')) return value;
  const parts = value.trim().split(/\s+/);
  const numbers = parts.map(numberIn);
  if (key.includes('_by_')) return numbers.filter((number) => number !== null && number !== undefined);
  const [number] = numbers;
  return parts.length === 1 && number !== undefined ? number : value;
}

/** Null: NaN or infinite, which JSON has no number for. Undefined: no number. */
function numberIn(text: string): number | null | undefined {
  if (/^[+-]?(nan|inf(inity)?)$/i.test(text)) return null;
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
}
