import { beforeEach, describe, expect, it } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import { FrozenImage } from '../../../src/safety/frozen-image.js';
import { jointLimit } from '../../fixtures/robot.js';

const JOINTS = [
  jointLimit('arm'),
  jointLimit('lift', { unit: 'm' }),
  jointLimit('turn', { continuous: true }),
];

let pictures: FrozenImage;
let travel: { 'watchdog.frozen_image_travel': number; 'watchdog.frozen_image_travel_m': number };

/** Frames whose cameras show these grey values. */
function showing(...greys: readonly number[]): FrameSet {
  const size = { width: 2, height: 1, encoding: 'mono8', step: 2 };
  return {
    stampNs: 0n,
    frames: greys.map((grey) => ({ stampNs: 0n, ...size, data: Uint8Array.of(7, grey) })),
  };
}

function note(frames: FrameSet, arm: number, lift = 0, turn = 0): void {
  pictures.note(frames, Float64Array.of(arm, lift, turn));
}

beforeEach(() => {
  travel = { 'watchdog.frozen_image_travel': 0.3, 'watchdog.frozen_image_travel_m': 0.03 };
  pictures = new FrozenImage(JOINTS, () => travel);
});

describe('a camera that repeats one picture', () => {
  it('is no fault in front of a robot at rest', () => {
    for (let frame = 0; frame < 100; frame++) note(showing(0), 0.5);
    expect(pictures.found).toBeNull();
  });

  it('is found when the robot has moved further than allowed since the picture first came', () => {
    for (const arm of [0.5, 0.6, 0.7, 0.79]) note(showing(0), arm);
    expect(pictures.found).toBeNull();
    note(showing(0), 0.81);
    expect(pictures.found).toBe('the picture has not changed while the robot moved');
  });

  it('stays found after the robot has come back, until the picture changes', () => {
    for (const arm of [0, 1, 0]) note(showing(0), arm);
    expect(pictures.found).not.toBeNull();
    note(showing(1), 0);
    expect(pictures.found).toBeNull();
    note(showing(1), 0.2);
    expect(pictures.found).toBeNull();
  });

  it('is found by a prismatic joint in metres', () => {
    note(showing(0), 0, 0);
    note(showing(0), 0, 0.029);
    expect(pictures.found).toBeNull();
    note(showing(0), 0, 0.031);
    expect(pictures.found).not.toBeNull();
  });

  it('is not found by whole revolutions', () => {
    note(showing(0), 0, 0, 3.1);
    note(showing(0), 0, 0, -3.1);
    expect(pictures.found).toBeNull();
  });

  it('is named among several', () => {
    note(showing(0, 0), 0);
    note(showing(1, 0), 1);
    expect(pictures.found).toBe('the picture of camera 2 has not changed while the robot moved');
  });

  it('is not looked for with a travel of 0', () => {
    travel = { 'watchdog.frozen_image_travel': 0, 'watchdog.frozen_image_travel_m': 0 };
    note(showing(0), 0);
    note(showing(0), 2);
    expect(pictures.found).toBeNull();
  });

  it('counts from where the robot is first known to be', () => {
    note(showing(0), NaN);
    note(showing(0), 2);
    expect(pictures.found).toBeNull();
    note(showing(0), 2.4);
    expect(pictures.found).not.toBeNull();
  });

  it('is forgotten with a reset', () => {
    note(showing(0), 0);
    note(showing(0), 1);
    pictures.reset();
    expect(pictures.found).toBeNull();
    note(showing(0), 2);
    expect(pictures.found).toBeNull();
  });

  it('is another one with another size', () => {
    note(showing(0), 0);
    const [frame] = showing(0).frames;
    if (frame === undefined) throw new Error('no frame');
    note({ stampNs: 0n, frames: [{ ...frame, width: 1, height: 2 }] }, 1);
    expect(pictures.found).toBeNull();
  });
});
