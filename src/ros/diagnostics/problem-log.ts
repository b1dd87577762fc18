import { JepaMpcError } from '../../core/errors.js';
import type { Logger } from '../../core/types.js';

/** The same problem is logged at most this often. */
const repeatMs = 1000;

/** How long a problem stays in the diagnostics. */
const recentMs = 5000;

/** Reports what went wrong without ending the node: to the log, each problem at most once a second, and for 5 s to the diagnostics. */
export class ProblemLog {
  readonly #log: Pick<Logger, 'error'>;
  readonly #nowMs: () => number;
  #last: { readonly text: string; readonly atMs: number } | null = null;
  /** When a kind of problem was last logged, for kinds within `repeatMs`. */
  readonly #loggedAtMs = new Map<string, number>();

  constructor(log: Pick<Logger, 'error'>, nowMs: () => number = () => performance.now()) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** The last problem, and whether it is recent; null if there was none. */
  get last(): { readonly text: string; readonly isRecent: boolean } | null {
    return this.#last && { text: this.#last.text, isRecent: this.#nowMs() - this.#last.atMs < recentMs };
  }

  /** Logs a problem (one code of one subject at most once a second) and keeps it for the diagnostics. */
  report(error: unknown): JepaMpcError {
    const problem =
      error instanceof JepaMpcError
        ? error
        : new JepaMpcError('planner.not-ready', {
            subject: 'planner_node',
            found: error instanceof Error ? error.message : String(error),
            expected: 'no such failure',
            remedy: 'Please report it, with the log.',
            cause: error,
          });
    const nowMs = this.#nowMs();
    this.#last = { text: problem.message, atMs: nowMs };
    for (const [kind, atMs] of this.#loggedAtMs) if (nowMs - atMs >= repeatMs) this.#loggedAtMs.delete(kind);
    const kind = `${problem.code} ${problem.facts.subject}`;
    if (!this.#loggedAtMs.has(kind)) {
      this.#loggedAtMs.set(kind, nowMs);
      this.#log.error(problem.message);
    }
    return problem;
  }

  /** Runs an action that may refuse a message or a setting. A refusal is reported. @returns it, or null */
  guard(action: () => void): JepaMpcError | null {
    try {
      action();
      return null;
    } catch (error) {
      return this.report(error);
    }
  }
}
