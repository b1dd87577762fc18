const NS_PER_SECOND = 1e9;

/** @param seconds any finite number */
export function secondsToNs(seconds: number): bigint {
  return BigInt(Math.round(seconds * NS_PER_SECOND));
}
