/** Exit status of a program ended by a signal, as shells count: 128 + its number. */
const STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export type InterruptSignal = keyof typeof STATUS;

/**
 * Catches the signals by which a user ends a program, so that it can end in order. Signals after the first change nothing: a Ctrl-C under
 * npm comes twice, from the terminal and from npm.
 */
export class InterruptWatch {
  #caught: InterruptSignal | null = null;
  #tell: ((signal: InterruptSignal) => void) | null = null;
  readonly #handlers = new Map<InterruptSignal, () => void>();

  constructor() {
    for (const signal of Object.keys(STATUS) as InterruptSignal[]) {
      const handler = (): void => {
        if (this.#caught !== null) return;
        this.#caught = signal;
        this.#tell?.(signal);
      };
      this.#handlers.set(signal, handler);
      process.on(signal, handler);
    }
  }

  /** Exit status that says which signal ended the run; null while none came. */
  get exitStatus(): number | null {
    return this.#caught === null ? null : STATUS[this.#caught];
  }

  /** Calls `tell` when a signal comes, at once if one has come already. */
  onInterrupt(tell: (signal: InterruptSignal) => void): void {
    this.#tell = tell;
    if (this.#caught !== null) tell(this.#caught);
  }

  /** Gives the signals back to their default handling. */
  dispose(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }
}
