import type { FrameSet } from '../core/model-info.js';
import type { ImageFrame } from '../core/types.js';
import { double, fixed } from '../core/parameter.js';

export const cameraSyncParameters = {
  'camera.sync_tolerance_ms': fixed(
    double({ min: 0, max: 1000, default: 20 }),
    'ms',
    'Frames of several cameras belong to one set if their stamps differ by less than this.',
  ),
};

/** Frames kept of each camera while those of the others are on their way: a quarter of a second at 30 Hz. */
const keptFrames = 8;

/** A stamp this far behind is of a clock that was set back; one less far behind is of a frame that was overtaken. */
const setBackNs = 1_000_000_000n;

/**
 * Puts frames of several cameras together by stamp: a set has one frame of every camera, and no two of its stamps differ by more than the
 * tolerance. A frame is used once, and sets follow each other in time. Frames may come late, overtake each other and come twice. With one
 * camera every frame is a set.
 */
export class CameraSync {
  readonly #waiting: ImageFrame[][];
  readonly #unmatched: number[];
  /** Stamp of each camera's frame in the last set. */
  readonly #usedNs: (bigint | null)[];
  readonly #toleranceNs: bigint;

  /** @param toleranceMs at least 0 */
  constructor(cameras: number, toleranceMs: number) {
    this.#waiting = Array.from({ length: cameras }, () => []);
    this.#unmatched = Array.from({ length: cameras }, () => 0);
    this.#usedNs = Array.from({ length: cameras }, () => null);
    this.#toleranceNs = BigInt(Math.round(toleranceMs * 1e6));
  }

  /** Frames of each camera that were given up on: nothing fitted them, they came again, or too late. */
  get unmatched(): readonly number[] {
    return this.#unmatched;
  }

  /** The set that this frame completes, stamped with the oldest of it, or null. */
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

  /** Puts the frame among those that wait, in the order of their stamps; false where it is of no use. */
  #keep(camera: number, frame: ImageFrame): boolean {
    const waiting = this.#waiting[camera];
    if (waiting === undefined) throw new RangeError(`there is no camera ${String(camera)}`);
    let usedNs = this.#usedNs[camera] ?? null;
    const newestNs = waiting.at(-1)?.stampNs ?? usedNs;
    if (newestNs !== null && newestNs - frame.stampNs > setBackNs) {
      // What came before belongs to another time.
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
    if (waiting.length > keptFrames) this.#drop(camera, 1);
    return waiting.includes(frame);
  }

  /** Lets go of a used frame, and of those before it: a later set would be older. */
  #release(camera: number, used: ImageFrame): void {
    this.#drop(camera, this.#waiting[camera]?.indexOf(used) ?? 0);
    this.#waiting[camera]?.shift();
    this.#usedNs[camera] = used.stampNs;
  }

  #drop(camera: number, count: number): void {
    this.#waiting[camera]?.splice(0, count);
    this.#countUnmatched(camera, count);
  }

  #countUnmatched(camera: number, count: number): void {
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
