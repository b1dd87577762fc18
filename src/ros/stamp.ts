/** builtin_interfaces/Time. */
export interface RosTime {
  sec: number;
  nanosec: number;
}

const nsPerSecond = 1_000_000_000n;

export function stampToNs(stamp: RosTime): bigint {
  return BigInt(stamp.sec) * nsPerSecond + BigInt(stamp.nanosec);
}
