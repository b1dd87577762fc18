/**
 * Joint positions at the end of each period, from joint velocities that are held for a period each: `q[k] = q[0] + Σ action * period`.
 *
 * @param start measured positions `[J]`, rad or m
 * @param velocities `[N, K, J]`, rad/s or m/s
 * @param periods K
 * @param out positions `[N, K, J]`
 */
export function foreseePositions(
  start: Float64Array,
  velocities: Float32Array,
  periods: number,
  periodS: number,
  out: Float32Array,
): void {
  const joints = start.length;
  const size = periods * joints;
  for (let sequence = 0; sequence < velocities.length; sequence += size) {
    for (let joint = 0; joint < joints; joint++) {
      let position = start[joint] ?? NaN;
      for (let i = sequence + joint; i < sequence + size; i += joints) {
        position += (velocities[i] ?? NaN) * periodS;
        out[i] = position;
      }
    }
  }
}
