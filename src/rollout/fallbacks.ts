import type { JepaMpcError } from '../core/errors.js';
import type { Fallback, Logger } from '../core/types.js';

/** What is done in place of what was requested; logged once, and reported with every plan. */
export class Fallbacks {
  readonly #logger: Logger;
  #list: readonly Fallback[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get list(): readonly Fallback[] {
    return this.#list;
  }

  note(fallback: Fallback): void {
    const { instead, reason, remedy } = fallback;
    if (this.#list.some((known) => known.instead === instead && known.reason === reason)) return;
    this.#list = [...this.#list, fallback];
    this.#logger.warn(`Planning goes on with ${instead}: ${reason}. ${remedy}`);
  }

  /** For an error that does not end the plan. */
  noteError(instead: string, { facts }: JepaMpcError): void {
    const { subject, found, expected, remedy } = facts;
    this.note({ instead, reason: `${subject}: found ${found}, expected ${expected}`, remedy });
  }
}
