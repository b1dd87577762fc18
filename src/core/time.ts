const NS_PER_SECOND = 1e9;
const NS_PER_MS = 1e6;

/** @param seconds any finite number @returns the nearest whole nanosecond */
export function secondsToNs(seconds: number): bigint {
  return BigInt(Math.round(seconds * NS_PER_SECOND));
}

/** @param milliseconds any finite number @returns the nearest whole nanosecond */
export function msToNs(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * NS_PER_MS));
}
