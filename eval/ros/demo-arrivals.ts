import { JepaMpcError } from '../../src/core/errors.js';

interface Waiter {
  readonly condition: () => boolean;
  readonly settle: (failure?: Error) => void;
}

/**
 * Waits for conditions on the messages received so far. Conditions are evaluated when a message arrives, never by polling, so a wait ends in
 * the same turn of the event loop as the message that fulfils it.
 */
export class Arrivals {
  readonly #waiters = new Set<Waiter>();
  #failure: Error | null = null;

  /** Call after each message: ends the waits whose condition now holds. */
  notify(): void {
    for (const waiter of this.#waiters) {
      if (waiter.condition()) waiter.settle();
    }
  }

  /** Rejects every present and future wait with `reason` (a dead child, an interrupt). The first reason stays. */
  fail(reason: Error): void {
    this.#failure ??= reason;
    for (const waiter of this.#waiters) waiter.settle(this.#failure);
  }

  /** Clears the failure, so that later waits wait again. */
  recover(): void {
    this.#failure = null;
  }

  /**
   * Resolves as soon as `condition` holds.
   *
   * @param awaited description of what is awaited, for the error
   * @throws JepaMpcError demo.timeout after `timeoutMs`; the reason given to `fail`
   */
  until(condition: () => boolean, awaited: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      if (condition()) {
        resolve();
        return;
      }
      const timer = setTimeout(() => {
        waiter.settle(timeoutError(awaited, timeoutMs));
      }, timeoutMs);
      const waiter: Waiter = {
        condition,
        settle: (failure) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          if (failure === undefined) resolve();
          else reject(failure);
        },
      };
      this.#waiters.add(waiter);
    });
  }
}

/** The error of a wait that timed out. */
export function timeoutError(awaited: string, timeoutMs: number, cause?: unknown): JepaMpcError {
  return new JepaMpcError('demo.timeout', {
    subject: awaited,
    found: `nothing within ${timeoutMs / 1000} s`,
    expected: 'an answer',
    remedy:
      'Run again with --verbose to see the output of the simulator and the planner node; on a slow machine use --lockstep.',
    cause,
  });
}
