import type { Call, Transition } from '../protocol.js';
import { refused } from '../server/hub.js';
import type { Outcome } from '../server/hub.js';
import type { PlannerParameters } from './planner-parameters.js';
import type { PlannerStatus } from './planner-status.js';
import type { RosPort, ServiceType } from './ros-port.js';

const TIMEOUT_MS = 5000;
/** Images are read and written. */
const GOAL_TIMEOUT_MS = 15_000;
/** It encodes a picture for each patch, between two plans each. */
const EXPLAIN_TIMEOUT_MS = 120_000;
/** A stop is requested again if it is not answered within this time; the planner answers within 100 ms. */
const STOP_TIMEOUT_MS = 500;
const STOP_TRIES = 10;

/** lifecycle_msgs/msg/Transition */
const TRANSITION_IDS: Readonly<Record<Transition, number>> = {
  configure: 1,
  cleanup: 2,
  activate: 3,
  deactivate: 4,
};
/** `activation.wait_s` may let the node wait for its inputs. */
const TRANSITION_TIMEOUT_MS = 15_000;

export interface PlannerCallsOptions {
  readonly ros: RosPort;
  /** Full name of the planner. */
  readonly node: string;
  readonly parameters: Pick<PlannerParameters, 'set'>;
  readonly status: Pick<PlannerStatus, 'notePaused' | 'noteStopped'>;
}

/** The services of the planner, by their short names. */
export const SERVICES = {
  pause: 'std_srvs/srv/SetBool',
  emergency_stop: 'std_srvs/srv/SetBool',
  reset: 'std_srvs/srv/Trigger',
  recover: 'std_srvs/srv/Trigger',
  capture_goal: 'std_srvs/srv/Trigger',
  save_goal: 'std_srvs/srv/Trigger',
  load_goal: 'std_srvs/srv/Trigger',
  list_goals: 'std_srvs/srv/Trigger',
  goal_from_file: 'std_srvs/srv/Trigger',
  explain_distance: 'std_srvs/srv/Trigger',
} as const satisfies Record<Call['service'], ServiceType>;

/** Calls the services of the planner for pages. */
export class PlannerCalls {
  readonly #options: PlannerCallsOptions;

  constructor(options: PlannerCallsOptions) {
    this.#options = options;
  }

  async call(call: Call): Promise<Outcome> {
    switch (call.service) {
      case 'pause': {
        const outcome = await this.#setBool('pause', call.paused, TIMEOUT_MS);
        if (outcome.ok) this.#options.status.notePaused(call.paused);
        return outcome;
      }
      case 'emergency_stop':
        return this.#stop();
      case 'reset':
      case 'recover':
      case 'capture_goal':
        return this.#trigger(call.service, TIMEOUT_MS);
      case 'explain_distance':
        return this.#trigger(call.service, EXPLAIN_TIMEOUT_MS);
      case 'save_goal':
      case 'load_goal':
        return this.#triggerWith(call.service, { 'goal.name': call.name });
      case 'goal_from_file':
        return this.#triggerWith(call.service, { 'goal.file': call.file });
      case 'list_goals': {
        const outcome = await this.#trigger('list_goals', GOAL_TIMEOUT_MS);
        if (!outcome.ok) return outcome;
        const names = outcome.message.split('\n').filter((name) => name !== '');
        return { ok: true, message: '', data: { names } };
      }
    }
  }

  async changeState(transition: Transition): Promise<Outcome> {
    const { ros, node } = this.#options;
    const request = { transition: { id: TRANSITION_IDS[transition], label: transition } };
    const { success } = await ros.call(
      'lifecycle_msgs/srv/ChangeState',
      `${node}/change_state`,
      request,
      TRANSITION_TIMEOUT_MS,
    );
    return success
      ? { ok: true, message: transition }
      : refused(`the node refuses to ${transition}: its log says why`);
  }

  /** Asks again until the node has answered: a stop must not be lost. */
  async #stop(): Promise<Outcome> {
    for (let left = STOP_TRIES; ; left--) {
      try {
        const outcome = await this.#setBool('emergency_stop', true, STOP_TIMEOUT_MS);
        if (outcome.ok) this.#options.status.noteStopped();
        return outcome;
      } catch (error) {
        if (left <= 1) throw error;
      }
    }
  }

  /** The services of goals take their argument from a parameter. */
  async #triggerWith(
    service: 'save_goal' | 'load_goal' | 'goal_from_file',
    values: Readonly<Record<string, string>>,
  ): Promise<Outcome> {
    const set = await this.#options.parameters.set(values);
    return set.ok ? this.#trigger(service, GOAL_TIMEOUT_MS) : set;
  }

  async #trigger(service: Call['service'], timeoutMs: number): Promise<Outcome> {
    const { ros, node } = this.#options;
    return outcomeOf(await ros.call('std_srvs/srv/Trigger', `${node}/${service}`, {}, timeoutMs));
  }

  async #setBool(service: Call['service'], data: boolean, timeoutMs: number): Promise<Outcome> {
    const { ros, node } = this.#options;
    return outcomeOf(await ros.call('std_srvs/srv/SetBool', `${node}/${service}`, { data }, timeoutMs));
  }
}

function outcomeOf({ success, message }: { readonly success: boolean; readonly message: string }): Outcome {
  return success ? { ok: true, message } : refused(message);
}
