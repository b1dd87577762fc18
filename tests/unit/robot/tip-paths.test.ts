import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { jointLimits } from '../../../src/robot/joint-limits.js';
import { TipPaths } from '../../../src/robot/tip-paths.js';
import { parseUrdf } from '../../../src/robot/urdf.js';
import { jointSemantics } from '../../fixtures/robot.js';

const urdf = parseUrdf(readFileSync('urdf/reacher.urdf', 'utf8'));
const joints = ['shoulder', 'elbow'];
const limits = jointLimits(urdf, joints, { positionMargin: 0, velocityScale: 1, accelerationScale: 1 });
const semantics = jointSemantics(limits);
const pathsOf = (link?: string): TipPaths => new TipPaths(urdf, limits, semantics, link);

/** The reacher's fingertip: links of 0.38 m and 0.32 m in a plane. */
const fingertip = (shoulder: number, elbow: number): number[] => [
  0.38 * Math.cos(shoulder) + 0.32 * Math.cos(shoulder + elbow),
  0.38 * Math.sin(shoulder) + 0.32 * Math.sin(shoulder + elbow),
];

describe('the paths of the tip', () => {
  it('are those of the last link behind the joints that are moved, in the frame of the root link', () => {
    expect(pathsOf().link).toBe('fingertip');
    expect(pathsOf().frame).toBe('world');
    expect(pathsOf('upper_link').link).toBe('upper_link');
    expect(() => pathsOf('no_such_link')).toThrow(/no_such_link/);
  });

  it('start where the tip is and follow each sequence of velocities', () => {
    const sequences = Float32Array.of(1, 0, 1, 0, 0, -1, 0, -1);
    const { points, count, length } = pathsOf().trace(Float64Array.of(0.2, 0.4), sequences, 2, 0.1);
    expect([count, length]).toEqual([2, 3]);
    const at = (path: number, point: number): number[] => {
      const start = 3 * (path * length + point);
      return [...points.subarray(start, start + 2)];
    };
    const expected = [
      [fingertip(0.2, 0.4), fingertip(0.3, 0.4), fingertip(0.4, 0.4)],
      [fingertip(0.2, 0.4), fingertip(0.2, 0.3), fingertip(0.2, 0.2)],
    ];
    for (const [path, row] of expected.entries()) {
      for (const [point, [x = NaN, y = NaN]] of row.entries()) {
        expect(at(path, point)[0]).toBeCloseTo(x, 6);
        expect(at(path, point)[1]).toBeCloseTo(y, 6);
      }
    }
  });

  it('end at the position limits', () => {
    const { points } = pathsOf().trace(Float64Array.of(2.5, 0), new Float32Array(20).fill(2), 10, 0.1);
    const [x = NaN, y = NaN] = fingertip(2.6, 2);
    expect(points.at(-3)).toBeCloseTo(x, 6);
    expect(points.at(-2)).toBeCloseTo(y, 6);
  });

  it('of a long plan keep some of the points, the last one among them', () => {
    const periods = 100;
    const { points, length } = pathsOf().trace(
      Float64Array.of(0, 0),
      new Float32Array(2 * periods).fill(0.1),
      periods,
      0.1,
    );
    expect(length).toBeLessThanOrEqual(33);
    const [x = NaN] = fingertip(1, 1);
    expect(points.at(-3)).toBeCloseTo(x, 5);
    expect(points).toHaveLength(3 * length);
  });
});
