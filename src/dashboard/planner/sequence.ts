/** Jobs that are done one after the other, in the order of their arrival, and not more of them a second than the planner should have to answer. */
export class Sequence {
  readonly #intervalMs: number;
  #last: Promise<void> = Promise.resolve();

  /** @param intervalMs between the end of a job and the start of the next */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** The result of a job, once it is its turn. */
  run<Result>(job: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(job);
    this.#last = result
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => new Promise((resolve) => setTimeout(resolve, this.#intervalMs)));
    return result;
  }
}
