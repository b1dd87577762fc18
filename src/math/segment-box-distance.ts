import { f64 } from '../core/array-access.js';

/** Boxes that may be turned, one after the other in each array. */
export interface Boxes {
  /** `[B, 3]`, m */
  readonly centres: Float64Array;
  /** Row-major 3x3 matrices `[B, 9]`: a column is the direction of an edge. */
  readonly rotations: Float64Array;
  /** Half the length of each edge `[B, 3]`, m, 0 or more. */
  readonly halves: Float64Array;
}

/**
 * The signed distance of a segment and a box, m: 0 where they touch. Where they overlap, it is minus the length of the shortest translation that
 * parts them. No arrays are made.
 *
 * @param ends start and end of every segment `[S, 2, 3]`, m
 */
export function segmentBoxDistance(ends: Float64Array, segment: number, boxes: Boxes, box: number): number {
  const { centres, rotations, halves } = boxes;
  const from = 6 * segment;
  const px = f64(ends, from) - f64(centres, 3 * box);
  const py = f64(ends, from + 1) - f64(centres, 3 * box + 1);
  const pz = f64(ends, from + 2) - f64(centres, 3 * box + 2);
  const ux = f64(ends, from + 3) - f64(ends, from);
  const uy = f64(ends, from + 4) - f64(ends, from + 1);
  const uz = f64(ends, from + 5) - f64(ends, from + 2);
  const r = 9 * box;
  const r0 = f64(rotations, r);
  const r1 = f64(rotations, r + 1);
  const r2 = f64(rotations, r + 2);
  const r3 = f64(rotations, r + 3);
  const r4 = f64(rotations, r + 4);
  const r5 = f64(rotations, r + 5);
  const r6 = f64(rotations, r + 6);
  const r7 = f64(rotations, r + 7);
  const r8 = f64(rotations, r + 8);
  const x = r0 * px + r3 * py + r6 * pz;
  const y = r1 * px + r4 * py + r7 * pz;
  const z = r2 * px + r5 * py + r8 * pz;
  const dx = r0 * ux + r3 * uy + r6 * uz;
  const dy = r1 * ux + r4 * uy + r7 * uz;
  const dz = r2 * ux + r5 * uy + r8 * uz;
  const hx = f64(halves, 3 * box);
  const hy = f64(halves, 3 * box + 1);
  const hz = f64(halves, 3 * box + 2);
  const outside = distanceOutside(x, y, z, dx, dy, dz, hx, hy, hz);
  return outside > 0 ? outside : -depth(x, y, z, dx, dy, dz, hx, hy, hz);
}

/**
 * The distance of the segment from p to p + d and the box from -h to h, m: 0 where they overlap.
 *
 * The derivative of the squared distance of p + t d grows with t, and is linear between the values of t at which the segment crosses the plane of a
 * face. So its zero is bracketed by these values, and interpolated between the last two.
 */
export function distanceOutside(
  px: number,
  py: number,
  pz: number,
  dx: number,
  dy: number,
  dz: number,
  hx: number,
  hy: number,
  hz: number,
): number {
  let slopeLow = slope(0, px, py, pz, dx, dy, dz, hx, hy, hz);
  if (slopeLow >= 0) return distanceAt(0, px, py, pz, dx, dy, dz, hx, hy, hz);
  let slopeHigh = slope(1, px, py, pz, dx, dy, dz, hx, hy, hz);
  if (slopeHigh <= 0) return distanceAt(1, px, py, pz, dx, dy, dz, hx, hy, hz);
  let low = 0;
  let high = 1;
  for (let face = 0; face < 6; face++) {
    const axis = face >> 1;
    const d = axis === 0 ? dx : axis === 1 ? dy : dz;
    const p = axis === 0 ? px : axis === 1 ? py : pz;
    const h = axis === 0 ? hx : axis === 1 ? hy : hz;
    // A segment in parallel to a face does not cross its plane: then t is not finite.
    const t = (face % 2 === 0 ? h - p : -h - p) / d;
    if (!(t > low && t < high)) continue;
    const slopeHere = slope(t, px, py, pz, dx, dy, dz, hx, hy, hz);
    if (slopeHere < 0) {
      low = t;
      slopeLow = slopeHere;
    } else {
      high = t;
      slopeHigh = slopeHere;
    }
  }
  const t = low + ((high - low) * slopeLow) / (slopeLow - slopeHigh);
  return distanceAt(t, px, py, pz, dx, dy, dz, hx, hy, hz);
}

/** The distance of p + t d from the box. */
function distanceAt(
  t: number,
  px: number,
  py: number,
  pz: number,
  dx: number,
  dy: number,
  dz: number,
  hx: number,
  hy: number,
  hz: number,
): number {
  const x = beyond(px + t * dx, hx);
  const y = beyond(py + t * dy, hy);
  const z = beyond(pz + t * dz, hz);
  return Math.sqrt(x * x + y * y + z * z);
}

/** Half the derivative of the squared distance of p + t d and the box. */
function slope(
  t: number,
  px: number,
  py: number,
  pz: number,
  dx: number,
  dy: number,
  dz: number,
  hx: number,
  hy: number,
  hz: number,
): number {
  return beyond(px + t * dx, hx) * dx + beyond(py + t * dy, hy) * dy + beyond(pz + t * dz, hz) * dz;
}

/** How far a coordinate is above `half`, or, as a negative number, below `-half`; 0 between them. */
function beyond(value: number, half: number): number {
  return Math.max(value - half, 0) + Math.min(value + half, 0);
}

/** By how much the segment from p to p + d and the box from -h to h overlap, m; they do. */
function depth(
  px: number,
  py: number,
  pz: number,
  dx: number,
  dy: number,
  dz: number,
  hx: number,
  hy: number,
  hz: number,
): number {
  const ex = Math.abs(dx / 2);
  const ey = Math.abs(dy / 2);
  const ez = Math.abs(dz / 2);
  const mx = px + dx / 2;
  const my = py + dy / 2;
  const mz = pz + dz / 2;
  return Math.max(
    0,
    Math.min(
      hx + ex - Math.abs(mx),
      hy + ey - Math.abs(my),
      hz + ez - Math.abs(mz),
      across(my, mz, dy, dz, hy, hz),
      across(mz, mx, dz, dx, hz, hx),
      across(mx, my, dx, dy, hx, hy),
    ),
  );
}

/** The overlap of the two along the direction that is perpendicular to d and to an axis of the box: in the plane of its other two axes. */
function across(ma: number, mb: number, da: number, db: number, ha: number, hb: number): number {
  const length = Math.sqrt(da * da + db * db);
  if (length < PARALLEL_M) return Infinity;
  return (ha * Math.abs(db) + hb * Math.abs(da) - Math.abs(ma * db - mb * da)) / length;
}

/** A segment whose two parts across an axis are shorter than this, m, counts as parallel to it: their direction is rounding. */
const PARALLEL_M = 1e-9;
