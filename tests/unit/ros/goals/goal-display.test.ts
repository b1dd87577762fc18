import { CdrReader } from '@foxglove/cdr';
import { describe, expect, it } from 'vitest';

import type { FrameSet, ModelCamera } from '../../../../src/core/model-info.js';
import { GoalDisplay } from '../../../../src/ros/goals/goal-display.js';

const cameras = (...names: string[]): ModelCamera[] =>
  names.map((name) => ({ name, topic: name, wanted: 'colour' }));

/** A goal of one grey pixel for each camera. */
function goal(stampNs: bigint, ...pixels: number[]): FrameSet {
  const frames = pixels.map((pixel) => {
    return { stampNs, width: 1, height: 1, encoding: 'mono8', step: 1, data: Uint8Array.of(pixel) };
  });
  return { stampNs, frames };
}

interface Shown {
  readonly stampS: number;
  readonly size: readonly [width: number, height: number];
  readonly pixels: readonly number[];
}

/** sensor_msgs/Image */
function read(message: Buffer): Shown {
  const reader = new CdrReader(message);
  const stampS = reader.int32() + reader.uint32() * 1e-9;
  expect(reader.string()).toBe('');
  const [height, width] = [reader.uint32(), reader.uint32()];
  expect([reader.string(), reader.uint8(), reader.uint32()]).toEqual(['mono8', 0, width]);
  return { stampS, size: [width, height], pixels: [...reader.uint8Array()] };
}

/** A display, and what late subscribers of each topic would get. */
function display(): { display: GoalDisplay; shown: Map<string, Shown | null> } {
  const shown = new Map<string, Shown | null>();
  const made = new GoalDisplay((topic) => {
    shown.set(topic, null);
    return {
      publish: (message) => void shown.set(topic, read(message)),
      dispose: () => void shown.delete(topic),
    };
  });
  return { display: made, shown };
}

describe('the display of the goal', () => {
  it('is one topic for a model with one camera', () => {
    const { display: one, shown } = display();
    one.open(cameras('front camera'));
    one.show(goal(3_500_000_000n, 7));
    expect([...shown]).toEqual([['~/goal_image', { stampS: 3.5, size: [1, 1], pixels: [7] }]]);
  });

  it('is one topic for each of several cameras, by its name where ROS allows it', () => {
    const { display: several, shown } = display();
    several.open(cameras('front', '../wrist'));
    several.show(goal(1n, 7, 8));
    expect([...shown].map(([topic, image]) => [topic, image?.pixels])).toEqual([
      ['~/goal_image/front', [7]],
      ['~/goal_image/camera1', [8]],
    ]);
  });

  it('shows a goal that came before the model', () => {
    const { display: late, shown } = display();
    late.show(goal(1n, 5));
    expect(shown.size).toBe(0);
    late.open(cameras('front'));
    expect(shown.get('~/goal_image')?.pixels).toEqual([5]);
  });

  it.each([
    ['none any more', null],
    ['a latent', { stampNs: 2n, frames: [], latent: Float32Array.of(1) }],
  ])('puts an empty image in the place of the last one where there is %s', (_, next) => {
    const { display: emptied, shown } = display();
    emptied.open(cameras('front'));
    emptied.show(next);
    expect(shown.get('~/goal_image')).toBeNull();
    emptied.show(goal(1n, 5));
    emptied.show(next);
    expect(shown.get('~/goal_image')?.size).toEqual([0, 0]);
  });
});
