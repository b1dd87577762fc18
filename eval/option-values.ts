import { InvalidArgumentError } from 'commander';

/** Largest value of a ROS parameter or seed that the programs under test accept. */
const MAX_WHOLE_NUMBER = 2147483647;

/** Parses a whole number of at least `lower` on a command line. */
export function wholeNumber(lower: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= lower && value <= MAX_WHOLE_NUMBER)) {
      throw new InvalidArgumentError(
        `Found '${text}', expected a whole number from ${lower} to ${MAX_WHOLE_NUMBER}.`,
      );
    }
    return value;
  };
}
