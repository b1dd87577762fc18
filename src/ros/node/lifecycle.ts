import type { JepaMpcError } from '../../core/errors.js';
import type { Logger } from '../../core/types.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';
import { availableLabels, labelOf } from './transitions.js';
import type { Outcome, TransitionLabel, TransitionMachine } from './transitions.js';

/** Why the node cannot be activated. */
export interface Blocker {
  readonly text: string;
  /** Whether it may clear without anybody's help. */
  readonly canClear: boolean;
}

export interface LifecycleHandlers {
  configure(): Outcome;
  activate(): Outcome;
  deactivate(): Outcome;
  cleanup(): Outcome;
  shutdown(): Outcome;
  /** After an error: makes the node as if it had never been configured. */
  recover(): Outcome;
  /** Why activation would be refused; null if it would not. */
  blocker(): Blocker | null;
  /** How long a request to activate may wait for its blocker to clear; 0: not at all. */
  readonly activationWaitMs: number;
}

/** A request to activate that is answered later. */
interface PendingActivation {
  readonly answer: (success: boolean) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The node's states, as lifecycle managers see them. A transition is over when its handler returns: what takes longer goes on in the
 * background. A request to activate may wait until the node is ready, or until another request replaces it.
 */
export class Lifecycle {
  readonly #machine: TransitionMachine;
  readonly #handlers: LifecycleHandlers;
  readonly #log: Logger;
  readonly #problems: ProblemLog;
  /** Of the last handler that ran. */
  #outcome: Outcome | null = null;
  #fault: JepaMpcError | null = null;
  #pending: PendingActivation | null = null;

  constructor(machine: TransitionMachine, handlers: LifecycleHandlers, log: Logger, problems: ProblemLog) {
    this.#machine = machine;
    this.#handlers = handlers;
    this.#log = log;
    this.#problems = problems;
    machine.connect({
      onTransition: (label) => this.#run(label),
      onError: () => this.#recover(),
      onRequest: (transition, answer) => {
        this.#onRequest(transition, answer);
      },
    });
  }

  /** Does a transition; false if there is no such transition now, or it was refused or failed. */
  request(label: TransitionLabel): boolean {
    this.#settlePending(false);
    return this.#trigger(label);
  }

  /** Takes a configured node through the error state to unconfigured: it cannot go on after this fault. */
  fail(fault: JepaMpcError): void {
    this.#settlePending(false);
    const label = availableLabels(this.#machine).find((each) => each === 'deactivate' || each === 'cleanup');
    if (label === undefined) return;
    this.#fault = fault;
    this.#trigger(label);
    this.#fault = null;
  }

  /** Call it when a blocker may have cleared: a pending request to activate is tried again. */
  reconsider(): void {
    if (this.#pending === null || this.#handlers.blocker()?.canClear === true) return;
    this.#settlePending(this.#trigger('activate'));
  }

  /** Answers a pending request with a failure. */
  close(): void {
    this.#settlePending(false);
  }

  #onRequest(transition: TransitionMachine['transitions'][number], answer: (success: boolean) => void): void {
    const label = labelOf(this.#machine, transition);
    if (label === null) {
      const name = transition.label === '' ? String(transition.id) : transition.label;
      this.#log.warn(
        `there is no transition ${name} in state ${this.#machine.state}: found ${name}, expected one of ${availableLabels(this.#machine).join(', ')}`,
      );
      answer(false);
      return;
    }
    this.#settlePending(false);
    if (label !== 'activate' || !this.#canPend(answer)) answer(this.#trigger(label));
  }

  /** Lets a request to activate wait, if that may help. */
  #canPend(answer: (success: boolean) => void): boolean {
    const { activationWaitMs } = this.#handlers;
    if (activationWaitMs <= 0) return false;
    const blocker = this.#handlers.blocker();
    if (blocker?.canClear !== true) return false;
    this.#log.info(`activation waits: ${blocker.text}`);
    const timer = setTimeout(() => {
      this.#settlePending(this.#trigger('activate'));
    }, activationWaitMs);
    this.#pending = { answer, timer };
    return true;
  }

  #trigger(label: TransitionLabel): boolean {
    if (!availableLabels(this.#machine).includes(label)) return false;
    this.#outcome = null;
    this.#machine.trigger(label);
    return this.#hasSucceeded;
  }

  get #hasSucceeded(): boolean {
    return this.#outcome === 'success';
  }

  #run(label: TransitionLabel): Outcome {
    this.#outcome = this.#fault === null ? this.#attempt(() => this.#handlers[label]()) : 'error';
    return this.#outcome;
  }

  #recover(): Outcome {
    const outcome = this.#attempt(() => this.#handlers.recover());
    const reason = this.#fault?.message ?? this.#problems.last?.text ?? 'no reason is known';
    const state = outcome === 'success' ? 'unconfigured' : 'finalized';
    this.#log.error(`the node is ${state} after an error: ${reason}`);
    return outcome;
  }

  #attempt(action: () => Outcome): Outcome {
    try {
      return action();
    } catch (error) {
      this.#problems.report(error);
      return 'error';
    }
  }

  #settlePending(success: boolean): void {
    const pending = this.#pending;
    if (pending === null) return;
    this.#pending = null;
    clearTimeout(pending.timer);
    // The client may be gone by now, and no callback of rclnodejs is there to catch what the answer throws.
    this.#problems.guard(() => {
      pending.answer(success);
    });
  }
}
