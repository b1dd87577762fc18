import type { FrameSet } from '../core/model-info.js';
import type { ImageFrame } from '../core/types.js';

/** Frames kept of each camera while those of the others are on their way: a quarter of a second at 30 Hz. */
const keptFrames = 8;

/**
 * Puts frames of several cameras together by stamp: a set has one frame of every camera, and no two of its stamps differ by more than the
 * tolerance. A frame is used once, and sets follow each other in time. With one camera every frame is a set.
 */
export class CameraSync {
  readonly #waiting: ImageFrame[][];
  readonly #unmatched: number[];
  readonly #toleranceNs: bigint;

  /** @param toleranceMs at least 0 */
  constructor(cameras: number, toleranceMs: number) {
    this.#waiting = Array.from({ length: cameras }, () => []);
    this.#unmatched = Array.from({ length: cameras }, () => 0);
    this.#toleranceNs = BigInt(Math.round(toleranceMs * 1e6));
  }

  /** Frames of each camera that were given up on: nothing fitted them. */
  get unmatched(): readonly number[] {
    return this.#unmatched;
  }

  /** The set that this frame completes, stamped with the oldest of it, or null. */
  push(camera: number, frame: ImageFrame): FrameSet | null {
    this.#keep(camera, frame);
    const frames: ImageFrame[] = [];
    let oldest = frame.stampNs;
    let newest = frame.stampNs;
    for (const [index, waiting] of this.#waiting.entries()) {
      const candidate = index === camera ? frame : nearest(waiting, frame.stampNs);
      if (candidate === null) return null;
      frames.push(candidate);
      if (candidate.stampNs < oldest) oldest = candidate.stampNs;
      if (candidate.stampNs > newest) newest = candidate.stampNs;
    }
    if (newest - oldest > this.#toleranceNs) return null;
    for (const [index, used] of frames.entries()) this.#release(index, used);
    return { stampNs: oldest, frames };
  }

  #keep(camera: number, frame: ImageFrame): void {
    const waiting = this.#waiting[camera];
    if (waiting === undefined) throw new RangeError(`there is no camera ${String(camera)}`);
    const last = waiting.at(-1);
    // A clock that went back: what came before belongs to another time.
    if (last !== undefined && frame.stampNs <= last.stampNs) this.#drop(camera, waiting.length);
    waiting.push(frame);
    if (waiting.length > keptFrames) this.#drop(camera, 1);
  }

  /** Lets go of a used frame, and of those before it: a later set would be older. */
  #release(camera: number, used: ImageFrame): void {
    this.#drop(camera, this.#waiting[camera]?.indexOf(used) ?? 0);
    this.#waiting[camera]?.shift();
  }

  #drop(camera: number, count: number): void {
    this.#waiting[camera]?.splice(0, count);
    this.#unmatched[camera] = (this.#unmatched[camera] ?? 0) + count;
  }
}

function nearest(frames: readonly ImageFrame[], stampNs: bigint): ImageFrame | null {
  let best: ImageFrame | null = null;
  let bestNs = 0n;
  for (const frame of frames) {
    const distanceNs = frame.stampNs < stampNs ? stampNs - frame.stampNs : frame.stampNs - stampNs;
    if (best === null || distanceNs < bestNs) {
      best = frame;
      bestNs = distanceNs;
    }
  }
  return best;
}
