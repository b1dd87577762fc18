export interface NewestWinsOptions {
  readonly after: (ms: number, then: () => void) => void;
  /** Least time between the starts of two of a kind [ms]. */
  readonly spacingMs: number;
}

interface Kind<Outcome> {
  /** The newest one that waits. */
  waiting: (() => Promise<Outcome>) | null;
  readonly outcome: Promise<Outcome>;
}

/** Does things one at a time for each kind, such as the values of one slider: while one is under way, only the newest waits. */
export class NewestWins<Outcome> {
  readonly #options: NewestWinsOptions;
  readonly #kinds = new Map<string, Kind<Outcome>>();

  constructor(options: NewestWinsOptions) {
    this.#options = options;
  }

  /** @returns the outcome of the last one, when nothing of the kind is left to do */
  run(kind: string, act: () => Promise<Outcome>): Promise<Outcome> {
    const known = this.#kinds.get(kind);
    if (known !== undefined) {
      known.waiting = act;
      return known.outcome;
    }
    const made: Kind<Outcome> = {
      waiting: null,
      outcome: Promise.resolve().then(() => this.#work(kind, act)),
    };
    this.#kinds.set(kind, made);
    return made.outcome;
  }

  async #work(kind: string, first: () => Promise<Outcome>): Promise<Outcome> {
    let act = first;
    for (;;) {
      const spacing = new Promise<void>((resolve) => {
        this.#options.after(this.#options.spacingMs, resolve);
      });
      const outcome = await act();
      const kept = this.#kinds.get(kind);
      if (!kept?.waiting) {
        this.#kinds.delete(kind);
        return outcome;
      }
      await spacing;
      // A newer one may have come meanwhile.
      act = kept.waiting;
      kept.waiting = null;
    }
  }
}
