import { assertLength, f64 } from '../core/array-access.js';

/** Extrinsic xyz Euler angles [rad], URDF's roll, pitch, yaw, as a row-major 3x3 matrix: R = Rz(yaw) Ry(pitch) Rx(roll). */
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

/**
 * The inverse of {@link rotationFromRpy}, with pitch from -π/2 to π/2. At these two, where only the sum or difference of roll and yaw is
 * determined, roll is 0.
 *
 * @param rotation row-major 3x3
 * @throws RangeError for another size
 */
export function rpyFromRotation(rotation: Float64Array): [number, number, number] {
  const [r00, r01, , r10, r11, , r20, r21, r22] = entriesOf(rotation);
  const length = Math.hypot(r00, r10);
  const pitch = Math.atan2(-r20, length);
  if (length < GIMBAL_LOCK) return [0, pitch, Math.atan2(-r01, r11)];
  return [Math.atan2(r21, r22), pitch, Math.atan2(r10, r00)];
}

const GIMBAL_LOCK = 1e-9;

/**
 * Axis times angle [rad] of a rotation by less than π; zero for no rotation.
 *
 * @param rotation row-major 3x3
 * @throws RangeError for another size
 */
export function rotationVector(rotation: Float64Array): Float64Array {
  const [r00, r01, r02, r10, r11, r12, r20, r21, r22] = entriesOf(rotation);
  const sine = Float64Array.of(r21 - r12, r02 - r20, r10 - r01).map((value) => value / 2);
  const length = Math.hypot(...sine);
  const angle = Math.atan2(length, (r00 + r11 + r22 - 1) / 2);
  return length === 0 ? sine : sine.map((value) => (value / length) * angle);
}

/** `rotation * vector`. @param rotation row-major 3x3 @param vector `[3]` @throws RangeError for other sizes */
export function rotated(rotation: Float64Array, vector: Float64Array): Float64Array {
  assertLength('vector', vector, 3);
  const x = f64(vector, 0);
  const y = f64(vector, 1);
  const z = f64(vector, 2);
  const [r00, r01, r02, r10, r11, r12, r20, r21, r22] = entriesOf(rotation);
  return Float64Array.of(
    r00 * x + r01 * y + r02 * z,
    r10 * x + r11 * y + r12 * z,
    r20 * x + r21 * y + r22 * z,
  );
}

type Entries = readonly [number, number, number, number, number, number, number, number, number];

function entriesOf(rotation: Float64Array): Entries {
  assertLength('rotation matrix', rotation, 9);
  return Array.from(rotation) as unknown as Entries;
}
