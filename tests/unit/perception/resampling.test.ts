import fc from 'fast-check';
import { expect, it } from 'vitest';

import { planResampling, type AxisWeights } from '../../../src/perception/resampling.js';
import type { CameraSpec } from '../../../src/core/model-spec.js';

const camera: CameraSpec = {
  name: 'image',
  topic: 'image',
  width: 1,
  height: 1,
  channels: 1,
  colorOrder: 'mono',
  resize: 'squash',
  interpolation: 'area',
  scale: 1,
  mean: [0],
  std: [1],
};
const side = fc.integer({ min: 1, max: 40 });

function expectTapsInside({ start, first, weights }: AxisWeights, input: number, output: number): void {
  expect(start).toHaveLength(output);
  expect(first).toHaveLength(output + 1);
  expect(first[output]).toBe(weights.length);
  for (const [index, from] of start.entries()) {
    const begin = first[index] ?? NaN;
    const count = (first[index + 1] ?? NaN) - begin;
    expect(count).toBeGreaterThanOrEqual(1);
    expect(from).toBeGreaterThanOrEqual(0);
    expect(from + count).toBeLessThanOrEqual(input);
    const sum = weights.slice(begin, begin + count).reduce((total, weight) => total + weight, 0);
    expect(sum).toBeCloseTo(1, 5);
  }
}

it('gives every output pixel taps inside the input, whose weights add up to 1', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('squash' as const, 'shortest-edge-crop' as const, 'largest-square-crop' as const),
      fc.constantFrom(
        'area' as const,
        'bilinear' as const,
        'bilinear-antialias' as const,
        'bicubic-antialias' as const,
        'nearest' as const,
      ),
      side,
      side,
      side,
      side,
      (resize, interpolation, width, height, inputWidth, inputHeight) => {
        const spec: CameraSpec = { ...camera, resize, interpolation, width, height };
        const { columns, rows } = planResampling(spec, inputWidth, inputHeight);
        expectTapsInside(columns, inputWidth, width);
        expectTapsInside(rows, inputHeight, height);
      },
    ),
    { numRuns: 200 },
  );
});
