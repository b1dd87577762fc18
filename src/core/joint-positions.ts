/** Maximum share of the range of a joint that a margin takes from each end. */
const MAX_MARGIN_SHARE = 0.1;

/**
 * A margin inside position limits, at most a tenth of the range. A margin made for an arm may be more than the whole range of a gripper's
 * finger.
 *
 * @param lower position limit, rad or m
 * @param upper position limit, above `lower`
 * @param margin at least 0
 */
export function marginWithin(lower: number, upper: number, margin: number): number {
  return Math.min(margin, MAX_MARGIN_SHARE * (upper - lower));
}

/**
 * The displacement from one position of a joint to another, rad or m. A continuous joint may be reported wrapped into one revolution, so whole
 * revolutions do not count: the result is then from -π to π.
 */
export function displacement(from: number, to: number, continuous: boolean): number {
  const difference = to - from;
  return continuous ? difference - 2 * Math.PI * Math.round(difference / (2 * Math.PI)) : difference;
}
