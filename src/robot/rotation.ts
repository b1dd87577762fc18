/** Extrinsic xyz Euler angles, URDF's roll, pitch, yaw, as a row-major 3x3 matrix: R = Rz(yaw) Ry(pitch) Rx(roll). */
export function rotationFromRpy([roll, pitch, yaw]: readonly [number, number, number]): Float64Array {
  const [cr, sr, cp, sp] = [Math.cos(roll), Math.sin(roll), Math.cos(pitch), Math.sin(pitch)];
  const [cy, sy] = [Math.cos(yaw), Math.sin(yaw)];
  // prettier-ignore
  return Float64Array.of(
    cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr,
    sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr,
    -sp, cp * sr, cp * cr,
  );
}

/** The inverse of {@link rotationFromRpy}, pitch from -π/2 to π/2; at those two, where only a sum of the others is known, roll is 0. */
export function rpyFromRotation(rotation: Float64Array): [number, number, number] {
  const [r00 = 1, r01 = 0, , r10 = 0, r11 = 1, , r20 = 0, r21 = 0, r22 = 1] = rotation;
  const length = Math.hypot(r00, r10);
  const pitch = Math.atan2(-r20, length);
  if (length < GIMBAL_LOCK) return [0, pitch, Math.atan2(-r01, r11)];
  return [Math.atan2(r21, r22), pitch, Math.atan2(r10, r00)];
}

const GIMBAL_LOCK = 1e-9;

/** Axis times angle [rad] of a rotation by less than π; of one by nothing, 0. */
export function rotationVector(rotation: Float64Array): Float64Array {
  const [r00 = 1, r01 = 0, r02 = 0, r10 = 0, r11 = 1, r12 = 0, r20 = 0, r21 = 0, r22 = 1] = rotation;
  const sine = Float64Array.of(r21 - r12, r02 - r20, r10 - r01).map((value) => value / 2);
  const length = Math.hypot(...sine);
  const angle = Math.atan2(length, (r00 + r11 + r22 - 1) / 2);
  return length === 0 ? sine : sine.map((value) => (value / length) * angle);
}
