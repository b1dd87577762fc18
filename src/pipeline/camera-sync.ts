import type { FrameSet } from '../core/model-info.js';
import type { ImageFrame } from '../core/types.js';

/**
 * Puts frames of several cameras together by stamp: a set is complete when every camera has a frame and no two stamps differ by more than
 * the tolerance. With one camera every frame is a set.
 */
export class CameraSync {
  readonly #latest: (ImageFrame | null)[];
  readonly #toleranceNs: bigint;

  constructor(cameras: number, toleranceMs: number) {
    this.#latest = Array.from({ length: cameras }, () => null);
    this.#toleranceNs = BigInt(Math.round(toleranceMs * 1e6));
  }

  /** The set that this frame completes, or null. A frame is used once. */
  push(camera: number, frame: ImageFrame): FrameSet | null {
    this.#latest[camera] = frame;
    const frames: ImageFrame[] = [];
    let oldest = frame.stampNs;
    let newest = frame.stampNs;
    for (const candidate of this.#latest) {
      if (candidate === null) return null;
      frames.push(candidate);
      if (candidate.stampNs < oldest) oldest = candidate.stampNs;
      if (candidate.stampNs > newest) newest = candidate.stampNs;
    }
    if (newest - oldest > this.#toleranceNs) return null;
    this.#latest.fill(null);
    return { stampNs: oldest, frames };
  }
}
