import { f64 } from '../core/array-access.js';

/**
 * The distance of two segments, m. No arrays are made.
 *
 * The closest points are sought for the lines first; where one of them is beyond the end of its segment, the end takes its place and the other
 * point follows (Ericson, Real-Time Collision Detection, 2005, section 5.1.9).
 *
 * @param ends start and end of every segment `[S, 2, 3]`
 * @param first index of one segment
 * @param second index of the other
 */
export function segmentDistance(ends: Float64Array, first: number, second: number): number {
  const p = 6 * first;
  const q = 6 * second;
  const px = f64(ends, p);
  const py = f64(ends, p + 1);
  const pz = f64(ends, p + 2);
  const qx = f64(ends, q);
  const qy = f64(ends, q + 1);
  const qz = f64(ends, q + 2);
  const ux = f64(ends, p + 3) - px;
  const uy = f64(ends, p + 4) - py;
  const uz = f64(ends, p + 5) - pz;
  const vx = f64(ends, q + 3) - qx;
  const vy = f64(ends, q + 4) - qy;
  const vz = f64(ends, q + 5) - qz;
  const rx = px - qx;
  const ry = py - qy;
  const rz = pz - qz;
  const uu = ux * ux + uy * uy + uz * uz;
  const vv = vx * vx + vy * vy + vz * vz;
  const uv = ux * vx + uy * vy + uz * vz;
  const ur = ux * rx + uy * ry + uz * rz;
  const vr = vx * rx + vy * ry + vz * rz;
  const denominator = uu * vv - uv * uv;
  // A quotient of a segment without length, or of parallel ones, is not finite: any point of the segment will do.
  let s = denominator > PARALLEL * uu * vv ? clamp((uv * vr - vv * ur) / denominator) : 0;
  const free = vv > 0 ? (uv * s + vr) / vv : 0;
  const t = clamp(free);
  if (t !== free || vv === 0) s = uu > 0 ? clamp((uv * t - ur) / uu) : 0;
  const dx = rx + s * ux - t * vx;
  const dy = ry + s * uy - t * vy;
  const dz = rz + s * uz - t * vz;
  return Math.sqrt(dx * dx + dy * dy + dz * dz);
}

/** Square of the sine of the angle between segments that count as parallel. */
const PARALLEL = 1e-14;

function clamp(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}
