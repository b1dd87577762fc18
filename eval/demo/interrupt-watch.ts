/** Exit status of a program ended by a signal, by the convention of shells: 128 + signal number. */
const STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export type InterruptSignal = keyof typeof STATUS;

/**
 * Catches the signals by which a user ends a program, so that the program can shut down in order. Only the first signal counts: under npm a
 * Ctrl-C arrives twice, from the terminal and from npm.
 */
export class InterruptWatch {
  #caught: InterruptSignal | null = null;
  #callback: ((signal: InterruptSignal) => void) | null = null;
  readonly #handlers = new Map<InterruptSignal, () => void>();

  constructor() {
    for (const signal of Object.keys(STATUS) as InterruptSignal[]) {
      const handler = (): void => {
        if (this.#caught !== null) return;
        this.#caught = signal;
        this.#callback?.(signal);
      };
      this.#handlers.set(signal, handler);
      process.on(signal, handler);
    }
  }

  /** Exit status for the signal that ended the run; null while there was none. */
  get exitStatus(): number | null {
    return this.#caught === null ? null : STATUS[this.#caught];
  }

  /** Calls `callback` on a signal, immediately if one has already arrived. */
  onInterrupt(callback: (signal: InterruptSignal) => void): void {
    this.#callback = callback;
    if (this.#caught !== null) callback(this.#caught);
  }

  /** Restores the default handling of the signals. */
  dispose(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }
}
