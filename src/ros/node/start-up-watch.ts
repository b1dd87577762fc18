import type { Logger } from '../../core/types.js';
import { inputInWords } from './awaited-inputs.js';
import type { AwaitedInput } from './awaited-inputs.js';

/** How long a node waits for its inputs before it says so, ms. */
const patienceMs = 5000;

/** How often it says so again, ms. */
const repeatMs = 30_000;

/** Says what a node that is to activate by itself waits for: after 5 s, with every change of it, and every 30 s; and when it is all there. */
export class StartUpWatch {
  readonly #log: Pick<Logger, 'info' | 'warn'>;
  readonly #publishersOf: (topic: string) => readonly string[];
  readonly #nowMs: () => number;
  #sinceMs: number | null = null;
  #said: { readonly key: string; readonly atMs: number } | null = null;

  /**
   * @param publishersOf fully qualified names of the nodes that publish a topic
   * @param nowMs wall clock
   */
  constructor(
    log: Pick<Logger, 'info' | 'warn'>,
    publishersOf: (topic: string) => readonly string[],
    nowMs: () => number = () => performance.now(),
  ) {
    this.#log = log;
    this.#publishersOf = publishersOf;
    this.#nowMs = nowMs;
  }

  /**
   * To be called once a second or so.
   *
   * @param awaited what is waited for; empty: nothing any more; null: nobody waits
   */
  look(awaited: readonly AwaitedInput[] | null): void {
    const nowMs = this.#nowMs();
    if (awaited === null || awaited.length === 0) {
      if (awaited !== null && this.#said !== null) {
        this.#log.info(`all that was waited for is there, after ${this.#waited(nowMs)}`);
      }
      this.#sinceMs = null;
      this.#said = null;
      return;
    }
    this.#sinceMs ??= nowMs;
    if (nowMs - this.#sinceMs < patienceMs) return;
    const lines = awaited.map((input) => inputInWords(input, this.#publishersOf(input.topic)));
    // An age is another one each time.
    const key = lines.join('; ').replace(/\d+/g, '#');
    if (this.#said?.key === key && nowMs - this.#said.atMs < repeatMs) return;
    this.#said = { key, atMs: nowMs };
    this.#log.warn(`not activated yet, after ${this.#waited(nowMs)}: ${lines.join('; ')}`);
  }

  #waited(nowMs: number): string {
    return `${((nowMs - (this.#sinceMs ?? nowMs)) / 1000).toFixed(0)} s`;
  }
}
