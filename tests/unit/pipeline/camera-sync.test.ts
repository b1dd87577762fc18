import { describe, expect, it } from 'vitest';

import type { ImageFrame } from '../../../src/core/types.js';
import { CameraSync } from '../../../src/pipeline/camera-sync.js';

const frameAt = (ms: number): ImageFrame => ({
  stampNs: BigInt(ms) * 1_000_000n,
  width: 1,
  height: 1,
  encoding: 'mono8',
  step: 1,
  data: new Uint8Array(1),
});

describe('CameraSync', () => {
  it('with one camera every frame is a set', () => {
    const sync = new CameraSync(1, 20);
    expect(sync.push(0, frameAt(10))?.stampNs).toBe(10_000_000n);
    expect(sync.push(0, frameAt(20))?.frames).toHaveLength(1);
  });

  it('puts frames within the tolerance together, stamped with the oldest', () => {
    const sync = new CameraSync(2, 20);
    expect(sync.push(0, frameAt(100))).toBeNull();
    const set = sync.push(1, frameAt(115));
    expect(set?.stampNs).toBe(100_000_000n);
    expect(set?.frames.map((frame) => frame.stampNs)).toEqual([100_000_000n, 115_000_000n]);
  });

  it('waits for a frame that fits, and uses a frame once', () => {
    const sync = new CameraSync(2, 20);
    sync.push(0, frameAt(100));
    expect(sync.push(1, frameAt(150))).toBeNull();
    expect(sync.push(0, frameAt(140))?.stampNs).toBe(140_000_000n);
    expect(sync.push(0, frameAt(160))).toBeNull();
  });
});
