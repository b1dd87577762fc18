import { at } from '../core/array-access.js';
import type { FrameSet } from '../core/model-info.js';
import type { Tensor } from '../core/types.js';
import type { ResamplingPlan } from '../perception/resampling.js';
import { Occlusion } from './occlusion.js';
import type { DistanceMap } from './planner-port.js';

/** What an explanation is made with. */
export interface ExplanationParts {
  readonly frame: FrameSet;
  /** The frame as the encoder gets it, one `[1, C, H, W]` for each camera. */
  readonly images: readonly Tensor[];
  /** How each of these comes from its frame. */
  readonly plans: readonly ResamplingPlan[];
  /** Patches along the longer side of an image. */
  readonly patches: number;
  /** Distance from the images, as they are now, to the goal. */
  readonly distance: () => Promise<number>;
  /** Any monotonic clock, ms. */
  readonly nowMs: () => number;
}

/** The heat map of the distance from a frame to the goal, in the making: in pieces, so that plans can be made in between. */
export class Explanation {
  readonly #parts: ExplanationParts;
  readonly #occlusions: readonly Occlusion[];
  /** From the whole frame; null until it is known. */
  #distance: number | null = null;
  #camera = 0;
  #patch = 0;

  constructor(parts: ExplanationParts) {
    this.#parts = parts;
    this.#occlusions = parts.images.map((image) => new Occlusion(image, parts.patches));
  }

  /**
   * Hides as many patches as the budget has room for, but at least one.
   *
   * @param budgetMs a patch that would end later is left for the next time
   * @returns the map, once it is complete; null before
   */
  async goOn(budgetMs: number): Promise<DistanceMap | null> {
    const { distance, nowMs } = this.#parts;
    if (this.#distance === null) {
      this.#distance = await distance();
      return null;
    }
    const endMs = nowMs() + budgetMs;
    for (let startMs = nowMs(); this.#camera < this.#occlusions.length;) {
      const occlusion = at(this.#occlusions, this.#camera);
      await occlusion.measure(this.#patch, this.#distance, distance);
      this.#patch += 1;
      if (this.#patch === occlusion.count) {
        this.#camera += 1;
        this.#patch = 0;
      }
      const doneMs = nowMs();
      // The next one is taken to last as long as this one.
      if (doneMs + (doneMs - startMs) > endMs) break;
      startMs = doneMs;
    }
    return this.#camera < this.#occlusions.length ? null : this.#map(this.#distance);
  }

  #map(distance: number): DistanceMap {
    const { frame, plans } = this.#parts;
    const cameras = this.#occlusions.map((occlusion, camera) => {
      const plan = at(plans, camera);
      return { width: plan.inputWidth, height: plan.inputHeight, contributions: occlusion.asLargeAs(plan) };
    });
    const largest = this.#occlusions.reduce(
      (most, { contributions }) => contributions.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), most),
      0,
    );
    return { stampNs: frame.stampNs, distance, largest, cameras };
  }
}
