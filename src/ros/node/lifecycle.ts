import type rclnodejs from 'rclnodejs';

import type { JepaMpcError } from '../../core/errors.js';
import type { Logger } from '../../core/types.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';

/** lifecycle_msgs/msg/Transition. rclnodejs has it as an ambient const enum, which cannot be read under verbatimModuleSyntax. */
const callbackCodes = { success: 97, failure: 98, error: 99 } as const;

/** `failure`: refused, nothing has changed. `error`: on to the error state. */
export type Outcome = keyof typeof callbackCodes;

const labels = ['configure', 'activate', 'deactivate', 'cleanup', 'shutdown'] as const;
type Label = (typeof labels)[number];

export interface LifecycleHandlers {
  configure(): Outcome;
  activate(): Outcome;
  deactivate(): Outcome;
  cleanup(): Outcome;
  shutdown(): Outcome;
  /** After an error: makes the node as if it had never been configured. */
  recover(): Outcome;
  /** Why activation would be refused, null when it would not. `canChange`: whether time may help. */
  obstacle(): { readonly text: string; readonly canChange: boolean } | null;
  /** How long a request to activate may wait for the obstacle to go away. */
  readonly activationWaitMs: number;
}

/** What rclnodejs calls for a request of `~/change_state`; not in its types. */
interface ChangeStateRequest {
  readonly transition: { readonly id: number; readonly label: string };
}
interface ChangeStateResponse {
  readonly template: { success: boolean };
  send(response: { success: boolean }): void;
}
/** lifecycle_msgs/msg/TransitionDescription, as far as it is needed here. */
interface AvailableTransition {
  readonly transition: { readonly id: number; readonly label: string };
}

/**
 * The node's states, as lifecycle managers see them. Every transition is done when its handler returns; what takes longer goes on beside it.
 *
 * It answers `~/change_state` itself. rclnodejs 2.2.0 leaves a request for a transition that there is not unanswered, so that its client
 * waits for ever, and calls one successful that ended in the error state.
 */
export class Lifecycle {
  readonly #node: rclnodejs.lifecycle.LifecycleNode;
  readonly #handlers: LifecycleHandlers;
  readonly #log: Logger;
  readonly #problems: ProblemLog;
  /** Of the last handler that was run. */
  #outcome: Outcome | null = null;
  #fault: JepaMpcError | null = null;
  /** A request to activate that waits until the node is ready. */
  #waiting: { readonly answer: (success: boolean) => void; readonly timer: NodeJS.Timeout } | null = null;

  constructor(
    node: rclnodejs.lifecycle.LifecycleNode,
    handlers: LifecycleHandlers,
    log: Logger,
    problems: ProblemLog,
  ) {
    this.#node = node;
    this.#handlers = handlers;
    this.#log = log;
    this.#problems = problems;
    node.registerOnConfigure(() => this.#run('configure'));
    node.registerOnActivate(() => this.#run('activate'));
    node.registerOnDeactivate(() => this.#run('deactivate'));
    node.registerOnCleanup(() => this.#run('cleanup'));
    node.registerOnShutdown(() => this.#run('shutdown'));
    node.registerOnError(() => callbackCodes[this.#recover()]);
    Object.assign(node, {
      _onChangeState: (request: ChangeStateRequest, response: ChangeStateResponse) => {
        this.#onRequest(request, response);
      },
    });
  }

  /** Does a transition; false when there is no such transition now, or it was refused or failed. */
  request(label: Label): boolean {
    this.#settleWaiting(false);
    return this.#trigger(label);
  }

  /** Takes a configured node to the error state and, recovered, to unconfigured: something went wrong that it cannot go on from. */
  fail(fault: JepaMpcError): void {
    this.#settleWaiting(false);
    const way = this.#available().find((label) => label === 'deactivate' || label === 'cleanup');
    if (way === undefined) return;
    this.#fault = fault;
    this.#trigger(way);
    this.#fault = null;
  }

  /** Lets a waiting request to activate know that an obstacle may have gone. */
  reconsider(): void {
    if (this.#waiting === null || this.#handlers.obstacle()?.canChange === true) return;
    this.#settleWaiting(this.#trigger('activate'));
  }

  /** Ends the waiting. */
  close(): void {
    this.#settleWaiting(false);
  }

  #onRequest({ transition }: ChangeStateRequest, response: ChangeStateResponse): void {
    const answer = (success: boolean): void => {
      response.send(Object.assign(response.template, { success }));
    };
    const label = this.#labelOf(transition);
    if (label === null) {
      answer(false);
      return;
    }
    this.#settleWaiting(false);
    const { activationWaitMs } = this.#handlers;
    if (label === 'activate' && activationWaitMs > 0) {
      const obstacle = this.#handlers.obstacle();
      if (obstacle?.canChange === true) {
        this.#log.info(`activation waits: ${obstacle.text}`);
        const timer = setTimeout(() => {
          this.#settleWaiting(this.#trigger('activate'));
        }, activationWaitMs);
        this.#waiting = { answer, timer };
        return;
      }
    }
    answer(this.#trigger(label));
  }

  /** By its label where it is given, else by its id; null, with a warning, where there is no such transition in this state. */
  #labelOf({ id, label }: ChangeStateRequest['transition']): Label | null {
    const wanted = this.#transitions.find(({ transition }) =>
      label === '' ? transition.id === id : transition.label === label,
    );
    const found = labels.find((each) => each === wanted?.transition.label);
    if (found !== undefined) return found;
    const name = label === '' ? String(id) : label;
    const { label: state } = this.#node.currentState as unknown as { readonly label: string };
    this.#log.warn(
      `there is no transition ${name} in state ${state}: found ${name}, expected one of ${this.#available().join(', ')}`,
    );
    return null;
  }

  /** Those of the present state. */
  get #transitions(): readonly AvailableTransition[] {
    return this.#node.availableTransitions as unknown as readonly AvailableTransition[];
  }

  #available(): Label[] {
    return labels.filter((label) => this.#transitions.some(({ transition }) => transition.label === label));
  }

  #trigger(label: Label): boolean {
    if (!this.#available().includes(label)) return false;
    this.#outcome = null;
    this.#node[label]();
    return this.#hasSucceeded;
  }

  get #hasSucceeded(): boolean {
    return this.#outcome === 'success';
  }

  #run(label: Label): number {
    const outcome = this.#fault === null ? this.#attempt(() => this.#handlers[label]()) : 'error';
    this.#outcome = outcome;
    return callbackCodes[outcome];
  }

  #recover(): Outcome {
    const outcome = this.#attempt(() => this.#handlers.recover());
    const reason = this.#fault?.message ?? this.#problems.last?.text ?? 'no reason is known';
    const state = outcome === 'success' ? 'unconfigured' : 'finalized';
    this.#log.error(`an error ended it, the node is ${state} now: ${reason}`);
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

  #settleWaiting(success: boolean): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    clearTimeout(waiting.timer);
    // Outside of rclnodejs' own callback: the client may be gone by now.
    this.#problems.guard(() => {
      waiting.answer(success);
    });
  }
}
