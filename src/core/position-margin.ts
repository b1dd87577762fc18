/** Largest share of the range of a joint that a margin takes from each end. */
const LARGEST_SHARE = 0.1;

/** A margin inside position limits, as far as the range has room for it: a gripper's finger moves by less than a margin made for arms. */
export function marginWithin(lower: number, upper: number, margin: number): number {
  return Math.min(margin, LARGEST_SHARE * (upper - lower));
}
