/** A picture that is ready to be sent. */
export interface Picture {
  readonly stampNs: bigint;
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

export interface PictureLaneOptions {
  /** Makes a picture of a serialised message. */
  readonly encode: (message: Uint8Array) => Promise<Picture>;
  readonly onPicture: (picture: Picture) => void;
  /** Gets the reason why a message is no picture. */
  readonly onProblem: (error: unknown) => void;
  readonly nowMs: () => number;
}

/** Pictures start to be encoded at least this long apart: 30 a second. */
const MIN_INTERVAL_MS = 33;

/** Encodes the pictures of one channel, one at a time and at most 30 a second. Of the messages that arrive meanwhile, only the newest is kept. */
export class PictureLane {
  readonly #options: PictureLaneOptions;
  #waiting: Uint8Array | null = null;
  #isBusy = false;
  #isClosed = false;
  #lastMs = -Infinity;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: PictureLaneOptions) {
    this.#options = options;
  }

  push(message: Uint8Array): void {
    this.#waiting = message;
    this.#next();
  }

  /** No picture comes out after this. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #next(): void {
    if (this.#waiting === null || this.#isBusy || this.#isClosed || this.#timer !== null) return;
    const dueInMs = this.#lastMs + MIN_INTERVAL_MS - this.#options.nowMs();
    if (dueInMs > 0) {
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#next();
      }, dueInMs);
      this.#timer.unref();
      return;
    }
    const message = this.#waiting;
    this.#waiting = null;
    this.#lastMs = this.#options.nowMs();
    this.#isBusy = true;
    void this.#encode(message).finally(() => {
      this.#isBusy = false;
      this.#next();
    });
  }

  async #encode(message: Uint8Array): Promise<void> {
    const { encode, onPicture, onProblem } = this.#options;
    try {
      const picture = await encode(message);
      if (!this.#isClosed) onPicture(picture);
    } catch (error) {
      onProblem(error);
    }
  }
}
