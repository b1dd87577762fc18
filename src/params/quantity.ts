import { unit as mathUnit, type Unit } from 'mathjs';

/** A number and the first letter of a unit. Without this check mathjs would accept a unit alone, or a bare number, as a quantity. */
const QUANTITY = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*[a-z]/i;

/** Longest quantity, in characters. Without a limit, the exponents of a long product of units would take long to add up. */
const LONGEST_QUANTITY = 100;

/** Units of the parameter schema that are not physical. */
const PURE_NUMBERS: readonly string[] = ['', '1', 'unit of the cost', 'unit of the distance'];

/**
 * A quantity such as `"30 deg/s"` as a number in the unit of a parameter.
 *
 * @param unit as the parameter schema writes it, such as `ms` or `rad/s² or m/s²`
 * @returns null for text that is not a quantity, or has another dimension
 */
export function quantityIn(text: string, unit: string): number | null {
  if (text.length > LONGEST_QUANTITY) return null;
  const written = asMathjsWrites(text.trim());
  const quantity = QUANTITY.test(written) ? parsed(written) : null;
  if (quantity === null) return null;
  const name = physicalUnits(unit).find((candidate) => quantity.equalBase(mathUnit(candidate)));
  return name === undefined ? null : quantity.toNumber(name);
}

/** The units that a parameter may be given in, as mathjs writes them: `rad/s² or m/s²` is two of them; none for a pure number. */
export function physicalUnits(unit: string): readonly string[] {
  return PURE_NUMBERS.includes(unit) ? [] : unit.split(' or ').map(asMathjsWrites);
}

function parsed(quantity: string): Unit | null {
  try {
    return mathUnit(quantity);
  } catch {
    // Not a quantity; the caller knows what was expected.
    return null;
  }
}

/** `rad/s²` is `rad/s^2`, `1/m²` is `m^-2` and `30°` is `30 deg`. */
function asMathjsWrites(text: string): string {
  return text
    .replaceAll('²', '^2')
    .replaceAll('³', '^3')
    .replaceAll('·', '*')
    .replaceAll('°', ' deg')
    .replace(/^1\/(\w+)\^(\d)$/, '$1^-$2');
}
