/** builtin_interfaces/Time. */
export interface RosTime {
  sec: number;
  nanosec: number;
}

const nsPerSecond = 1_000_000_000n;

export function stampToNs(stamp: RosTime | RosDuration): bigint {
  return BigInt(stamp.sec) * nsPerSecond + BigInt(stamp.nanosec);
}

/** builtin_interfaces/Duration. */
export interface RosDuration {
  sec: number;
  nanosec: number;
}

/** @param ns at least 0 */
export function nsToDuration(ns: bigint): RosDuration {
  return { sec: Number(ns / nsPerSecond), nanosec: Number(ns % nsPerSecond) };
}
