/** Something that is drawn again and again while it is in view. */
export interface Drawable {
  /** @param nowS time of the page [s] */
  draw(nowS: number): void;
}

export interface DrawLoopOptions {
  /** `requestAnimationFrame`. */
  readonly nextFrame: (then: (nowMs: number) => void) => void;
  /** Least time between two drawings [ms]. */
  readonly periodMs: () => number;
}

/** One loop that draws everything in view, at most at one rate. It stops by itself while nothing is in view. */
export class DrawLoop {
  readonly #options: DrawLoopOptions;
  readonly #drawables = new Set<Drawable>();
  #isRunning = false;
  #lastMs = -Infinity;

  constructor(options: DrawLoopOptions) {
    this.#options = options;
  }

  /** @returns a function that ends it */
  add(drawable: Drawable): () => void {
    this.#drawables.add(drawable);
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#options.nextFrame(this.#frame);
    }
    return () => {
      this.#drawables.delete(drawable);
    };
  }

  readonly #frame = (nowMs: number): void => {
    if (this.#drawables.size === 0) {
      this.#isRunning = false;
      return;
    }
    // Half a frame early is in time: the next frame would be half a frame late.
    if (nowMs - this.#lastMs >= this.#options.periodMs() - 8) {
      this.#lastMs = nowMs;
      for (const drawable of this.#drawables) drawable.draw(nowMs / 1000);
    }
    this.#options.nextFrame(this.#frame);
  };
}
