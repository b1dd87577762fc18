import type { JepaMpcError } from '../../core/errors.js';
import type { JointStateMessage } from '../../robot/joint-reading.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';
import { ArrivalRate } from '../topics/arrival-rate.js';
import { stampToNs } from '../topics/stamp.js';
import type { RosTime } from '../topics/stamp.js';

export interface JointStateInputOptions {
  readonly problems: ProblemLog;
  /** The time, if messages are to be stamped on arrival; else null. */
  readonly arrivalNs: () => bigint | null;
  /** May throw a JepaMpcError for a message that cannot be used. */
  readonly onMessage: (message: JointStateMessage, stampNs: bigint) => void;
}

/** The topic `joint_states`: how often messages come, and whether the newest was refused. */
export class JointStateInput {
  readonly #options: JointStateInputOptions;
  readonly rate = new ArrivalRate();
  #refusal: JepaMpcError | null = null;

  constructor(options: JointStateInputOptions) {
    this.#options = options;
  }

  get isReceived(): boolean {
    return this.rate.ageMs(performance.now()) !== null;
  }

  /** Why the newest message was refused; null if it was not. */
  get refusal(): JepaMpcError | null {
    return this.#refusal;
  }

  receive(message: JointStateMessage & { readonly header: { readonly stamp: RosTime } }): void {
    const { problems, arrivalNs, onMessage } = this.#options;
    this.rate.note(performance.now());
    this.#refusal = problems.guard(() => {
      onMessage(message, arrivalNs() ?? stampToNs(message.header.stamp));
    });
  }
}
