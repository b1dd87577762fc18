/** Draws one decoded picture; null: there is none any more. */
export type PictureSink = (picture: ImageBitmap | null) => void;

interface Channel {
  readonly sinks: Set<PictureSink>;
  /** The newest picture that waits for the decoder; older ones are dropped. */
  waiting: Uint8Array<ArrayBuffer> | null;
  isDecoding: boolean;
  last: ImageBitmap | null;
}

/**
 * Decodes the pictures of each channel, off the page's thread and one at a time: the newest wins. A picture is drawn with the next frame of the
 * screen. Channels without a sink are not decoded.
 */
export class Pictures {
  readonly #channels = new Map<string, Channel>();

  /** @returns a function that ends it */
  show(channel: string, sink: PictureSink): () => void {
    const state = this.#of(channel);
    state.sinks.add(sink);
    if (state.last !== null) sink(state.last);
    return () => {
      state.sinks.delete(sink);
    };
  }

  take(channel: string, jpeg: Uint8Array<ArrayBuffer>): void {
    const state = this.#of(channel);
    state.waiting = jpeg;
    if (!state.isDecoding) void this.#decode(state);
  }

  async #decode(state: Channel): Promise<void> {
    state.isDecoding = true;
    while (state.waiting !== null) {
      const jpeg: Uint8Array<ArrayBuffer> = state.waiting;
      state.waiting = null;
      try {
        const picture =
          jpeg.length === 0 ? null : await createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }));
        state.last?.close();
        state.last = picture;
        for (const sink of state.sinks) sink(picture);
      } catch {
        // A picture that cannot be decoded is dropped like one that came late: the next one is on its way.
      }
    }
    state.isDecoding = false;
  }

  #of(channel: string): Channel {
    const known = this.#channels.get(channel);
    if (known !== undefined) return known;
    const made: Channel = { sinks: new Set(), waiting: null, isDecoding: false, last: null };
    this.#channels.set(channel, made);
    return made;
  }
}
