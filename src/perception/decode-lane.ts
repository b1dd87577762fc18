import { catchError, defer, EMPTY, from, Subject } from 'rxjs';
import type { Subscription } from 'rxjs';

import { newestWins } from './newest-wins.js';

export interface DecodeLaneOptions<Coded, Decoded> {
  readonly decode: (coded: Coded) => Promise<Decoded>;
  /** Called with each result, in the order in which the inputs arrived. */
  readonly onDecoded: (decoded: Decoded) => void;
  /** Called with the error when an input cannot be decoded. */
  readonly onProblem: (problem: unknown) => void;
}

/**
 * Decodes one input at a time. Of the inputs that arrive meanwhile, only the newest is kept. A slow decoder therefore drops frames, and never
 * lets a backlog grow that would make them old.
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

  /** Inputs that were dropped because a newer one arrived before their turn. */
  get overtaken(): number {
    return this.#overtaken;
  }

  push(coded: Coded): void {
    this.#pushed += 1;
    this.#coded.next({ index: this.#pushed, coded });
  }

  /** Stops: `onDecoded` is not called again, not even for an input that is being decoded. */
  dispose(): void {
    this.#running.unsubscribe();
  }
}
