import type { Logger } from '../../core/types.js';
import { inputInWords } from './awaited-inputs.js';
import type { AwaitedInput } from './awaited-inputs.js';

/** Time to wait for inputs before the first warning. */
const patienceMs = 5000;

/** Time between two warnings of the same inputs. */
const repeatMs = 30_000;

/** Logs the inputs that a node with `autostart` waits for: after 5 s, with every change, and every 30 s; and when all are there. */
export class StartUpWatch {
  readonly #log: Pick<Logger, 'info' | 'warn'>;
  readonly #publishersOf: (topic: string) => readonly string[];
  readonly #nowMs: () => number;
  #sinceMs: number | null = null;
  #warned: { readonly key: string; readonly atMs: number } | null = null;

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
   * Call it about once a second.
   *
   * @param awaited inputs that are missing; empty: none any more; null: the node is not ready to wait for any
   */
  look(awaited: readonly AwaitedInput[] | null): void {
    const nowMs = this.#nowMs();
    if (awaited === null || awaited.length === 0) {
      if (awaited !== null && this.#warned !== null) {
        this.#log.info(`all inputs are there, after ${this.#waited(nowMs)}`);
      }
      this.#sinceMs = null;
      this.#warned = null;
      return;
    }
    this.#sinceMs ??= nowMs;
    if (nowMs - this.#sinceMs < patienceMs) return;
    const lines = awaited.map((input) => inputInWords(input, this.#publishersOf(input.topic)));
    // Ages differ each time.
    const key = lines.join('; ').replace(/\d+/g, '#');
    if (this.#warned?.key === key && nowMs - this.#warned.atMs < repeatMs) return;
    this.#warned = { key, atMs: nowMs };
    this.#log.warn(`not activated yet, after ${this.#waited(nowMs)}: ${lines.join('; ')}`);
  }

  #waited(nowMs: number): string {
    return `${((nowMs - (this.#sinceMs ?? nowMs)) / 1000).toFixed(0)} s`;
  }
}
