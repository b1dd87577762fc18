import { catchError, defer, EMPTY, from, Subject } from 'rxjs';
import type { Subscription } from 'rxjs';

import { newestWins } from './newest-wins.js';

export interface DecodeLaneOptions<Coded, Decoded> {
  readonly decode: (coded: Coded) => Promise<Decoded>;
  /** Given what was decoded, in the order in which it came in. */
  readonly onDecoded: (decoded: Decoded) => void;
  /** Told why something could not be decoded. */
  readonly onProblem: (problem: unknown) => void;
}

/**
 * Decodes one thing at a time; what comes in meanwhile waits, and only the newest of it is decoded. So a slow decoder costs frames and never
 * adds to their age.
 */
export class DecodeLane<Coded, Decoded> {
  readonly #coded = new Subject<{ readonly index: number; readonly coded: Coded }>();
  readonly #running: Subscription;
  #pushed = 0;
  #lastStarted = 0;
  #overtaken = 0;

  constructor({ decode, onDecoded, onProblem }: DecodeLaneOptions<Coded, Decoded>) {
    this.#running = this.#coded
      .pipe(
        newestWins(({ index, coded }) => {
          this.#overtaken += index - this.#lastStarted - 1;
          this.#lastStarted = index;
          return defer(() => from(decode(coded))).pipe(
            catchError((problem: unknown) => {
              onProblem(problem);
              return EMPTY;
            }),
          );
        }),
      )
      .subscribe(onDecoded);
  }

  /** How many were never decoded because a newer one came before their turn. */
  get overtaken(): number {
    return this.#overtaken;
  }

  push(coded: Coded): void {
    this.#pushed += 1;
    this.#coded.next({ index: this.#pushed, coded });
  }

  /** Nothing is handed on any more, nor what is being decoded. */
  dispose(): void {
    this.#running.unsubscribe();
  }
}
