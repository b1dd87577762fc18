/** Always watched: it is small, and plots keep their past while they are out of view. */
const ALWAYS = ['statistics'];

/** Which channels the server is to send: those that something in view shows. */
export class Watching {
  readonly #users = new Map<string, number>();
  readonly #send: (channels: readonly string[]) => void;
  readonly #soon: (then: () => void) => void;
  #isPlanned = false;
  #isPageHidden = false;
  #sent = '';

  /**
   * @param send takes the list of channels whenever it changes
   * @param soon runs a function a little later: panels come into view together
   */
  constructor(send: (channels: readonly string[]) => void, soon: (then: () => void) => void) {
    this.#send = send;
    this.#soon = soon;
  }

  /** @returns a function that ends it */
  watch(channels: readonly string[]): () => void {
    this.#count(channels, 1);
    return () => {
      this.#count(channels, -1);
    };
  }

  /** While the page is hidden it watches only what is always watched. */
  setPageHidden(isHidden: boolean): void {
    this.#isPageHidden = isHidden;
    this.#plan();
  }

  #count(channels: readonly string[], change: number): void {
    for (const channel of channels) {
      const users = (this.#users.get(channel) ?? 0) + change;
      if (users > 0) this.#users.set(channel, users);
      else this.#users.delete(channel);
    }
    this.#plan();
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#soon(() => {
      this.#isPlanned = false;
      const shown = this.#isPageHidden ? [] : [...this.#users.keys()];
      const channels = [...new Set([...ALWAYS, ...shown])].sort();
      const text = channels.join('\n');
      if (text === this.#sent) return;
      this.#sent = text;
      this.#send(channels);
    });
  }
}
