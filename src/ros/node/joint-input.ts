import type { JepaMpcError } from '../../core/errors.js';
import type { JointReading } from '../../core/types.js';
import { JointStateReader, joinedByNameAlone } from '../../timeline/joint-state-reader.js';
import type { JointStateMessage } from '../../timeline/joint-state-reader.js';
import type { Contradiction } from '../../timeline/publisher-conflict.js';
import type { ReadingJoint } from '../../timeline/reading-log.js';
import type { JointStatesReport } from '../diagnostics/input-diagnostics.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';

export interface JointInputOptions {
  readonly problems: Pick<ProblemLog, 'report'>;
  /** The node that a publisher of joint states belongs to, for people. @param publisher its identifier */
  readonly publisherName: (publisher: string) => string;
}

/** The way from messages of joint states to readings, and what is wrong on it. */
export class JointInput {
  readonly #options: JointInputOptions;
  #joints: readonly string[];
  #reader: JointStateReader;
  #overdue: JepaMpcError | null = null;
  #contradiction: { readonly of: Contradiction; readonly text: string } | null = null;

  /** @param joints of the model; their limits are not known yet */
  constructor(joints: readonly string[], options: JointInputOptions) {
    this.#options = options;
    this.#joints = joints;
    this.#reader = new JointStateReader(joinedByNameAlone(joints));
  }

  /** Begins again with joints whose limits are known. */
  setJoints(joints: readonly ReadingJoint[]): void {
    this.#joints = joints.map(({ name }) => name);
    this.#reader = new JointStateReader(joints);
  }

  /**
   * See {@link JointStateReader.read}. A joint that goes missing is reported once, when it does.
   *
   * @throws JepaMpcError `joint-states.wrong-size`, `joint-states.not-finite`
   */
  read(
    message: JointStateMessage,
    stampNs: bigint,
    nowNs: bigint,
    publisher: string | undefined,
  ): JointReading | null {
    const reading = this.#reader.read(message, stampNs, publisher);
    const contradiction = this.#reader.contradiction(nowNs);
    this.#noteContradiction(contradiction);
    // Joints that nobody is believed about are not missing.
    const isMissing = reading === null && contradiction === null;
    const overdue = isMissing ? this.#reader.overdue(nowNs) : null;
    if (overdue !== null && overdue.facts.expected !== this.#overdue?.facts.expected)
      this.#options.problems.report(overdue);
    this.#overdue = overdue;
    return reading;
  }

  /** Why no reading has come for a second although messages do; null when that is not so. */
  get overdue(): JepaMpcError | null {
    return this.#overdue;
  }

  /** Which publishers contradict each other at a time, in words; null when none do. */
  contradiction(nowNs: bigint): string | null {
    const found = this.#reader.contradiction(nowNs);
    return found === null || found !== this.#contradiction?.of ? null : this.#contradiction.text;
  }

  /** Joints without a state of `sinceNs` or later; empty when that is so of all of them: then it is not the joints. */
  lateJoints(sinceNs: bigint): readonly string[] {
    const late = this.#reader.missing(sinceNs);
    return late.length === this.#joints.length ? [] : late;
  }

  /** The state at a time, for diagnostics. */
  report(nowNs: bigint): JointStatesReport {
    return {
      contradiction: this.contradiction(nowNs),
      overdue: this.#overdue?.message ?? null,
      agesMs: this.#reader.agesMs(nowNs),
    };
  }

  /** Forgets what came, for a clock that starts again. */
  reset(): void {
    this.#reader.reset();
    this.#overdue = null;
  }

  /** Names the publishers once, when they are found: that queries the graph. */
  #noteContradiction(found: Contradiction | null): void {
    if (found === null || found === this.#contradiction?.of) return;
    const [one, other] = found.publishers.map((publisher) => this.#nameOf(publisher));
    const [here, there] = found.positions.map((position) => position.toFixed(3));
    const whose = one === other ? `another publisher of ${String(other)}` : String(other);
    const text = `joint '${found.joint}' is at ${String(here)} by ${String(one)} and at ${String(there)} by ${whose}`;
    this.#contradiction = { of: found, text };
  }

  /** They contradict each other, whether they can be named or not. */
  #nameOf(publisher: string): string {
    try {
      return this.#options.publisherName(publisher);
    } catch (error) {
      this.#options.problems.report(error);
      return 'an unknown publisher';
    }
  }
}
