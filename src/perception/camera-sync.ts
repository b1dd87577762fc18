import { at } from '../core/array-access.js';
import type { FrameSet } from '../core/model-info.js';
import { msToNs } from '../core/time.js';
import type { ImageFrame } from '../core/types.js';
import { double, fixed } from '../core/parameter.js';

export const cameraSyncParameters = {
  'camera.sync_tolerance_ms': fixed(
    double({ min: 0, max: 1000, default: 20 }),
    'ms',
    'Frames of several cameras belong to one set if their stamps differ by less than this.',
  ),
};

/** Frames kept of each camera while the others are on their way: a quarter of a second at 30 Hz. */
const MAX_WAITING = 8;

/** A stamp further behind than this means that the clock was set back. Less than that, the frame was overtaken. */
const SET_BACK_NS = 1_000_000_000n;

/**
 * Groups frames of several cameras by stamp. A set has one frame from every camera, and no two of its stamps differ by more than the
 * tolerance. Each frame is used at most once, and sets are in order of time. Frames may arrive late, out of order or twice. With one camera,
 * every frame is a set.
 */
export class CameraSync {
  readonly #waiting: ImageFrame[][];
  readonly #unmatched: number[];
  /** Stamp of each camera's frame in the last set. */
  readonly #usedNs: (bigint | null)[];
  readonly #toleranceNs: bigint;

  /**
   * @param cameras at least 1
   * @param toleranceMs at least 0
   */
  constructor(cameras: number, toleranceMs: number) {
    this.#waiting = Array.from({ length: cameras }, () => []);
    this.#unmatched = Array.from({ length: cameras }, () => 0);
    this.#usedNs = Array.from({ length: cameras }, () => null);
    this.#toleranceNs = msToNs(toleranceMs);
  }

  /** Frames of each camera that were dropped: without a match, repeated, or too late. */
  get unmatched(): readonly number[] {
    return this.#unmatched;
  }

  /**
   * The cameras that have sent nothing since a set with this stamp, by their indices, in order; none is where there is one camera. The stamp is
   * that of the set's oldest frame: its other frames are newer by the tolerance at most.
   */
  lateSince(sinceNs: bigint): readonly number[] {
    return this.#waiting.flatMap((waiting, camera) => {
      const newestNs = waiting.at(-1)?.stampNs ?? at(this.#usedNs, camera);
      return this.#waiting.length > 1 && (newestNs === null || newestNs <= sinceNs + this.#toleranceNs)
        ? [camera]
        : [];
    });
  }

  /**
   * @param camera index, from 0
   * @returns the set that this frame completes, with the stamp of its oldest frame, or null
   * @throws RangeError when there is no such camera
   */
  push(camera: number, frame: ImageFrame): FrameSet | null {
    if (this.#waiting.length === 1) return { stampNs: frame.stampNs, frames: [frame] };
    if (!this.#keep(camera, frame)) return null;
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

  /** Inserts the frame among the waiting ones, in order of stamps. @returns false when it is of no use */
  #keep(camera: number, frame: ImageFrame): boolean {
    const waiting = at(this.#waiting, camera);
    let usedNs = at(this.#usedNs, camera);
    const newestNs = waiting.at(-1)?.stampNs ?? usedNs;
    if (newestNs !== null && newestNs - frame.stampNs > SET_BACK_NS) {
      // The waiting frames have stamps of the old time.
      this.#drop(camera, waiting.length);
      this.#usedNs[camera] = usedNs = null;
    }
    const before = waiting.findLastIndex(({ stampNs }) => stampNs <= frame.stampNs);
    const isLate = usedNs !== null && frame.stampNs <= usedNs;
    if (isLate || waiting[before]?.stampNs === frame.stampNs) {
      this.#countUnmatched(camera, 1);
      return false;
    }
    waiting.splice(before + 1, 0, frame);
    if (waiting.length > MAX_WAITING) this.#drop(camera, 1);
    return waiting.includes(frame);
  }

  /** Removes a used frame, and drops those before it: a set with one of them would be older than this set. */
  #release(camera: number, used: ImageFrame): void {
    const waiting = at(this.#waiting, camera);
    this.#drop(camera, waiting.indexOf(used));
    waiting.shift();
    this.#usedNs[camera] = used.stampNs;
  }

  #drop(camera: number, count: number): void {
    at(this.#waiting, camera).splice(0, count);
    this.#countUnmatched(camera, count);
  }

  #countUnmatched(camera: number, count: number): void {
    this.#unmatched[camera] = at(this.#unmatched, camera) + count;
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
