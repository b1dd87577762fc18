import type rclnodejs from 'rclnodejs';

import { replaceChangeState } from './rclnodejs-patches.js';
import type { ChangeStateRequest } from './rclnodejs-patches.js';

/** lifecycle_msgs/msg/Transition. rclnodejs has it as an ambient const enum, which cannot be read under verbatimModuleSyntax. */
const callbackCodes = { success: 97, failure: 98, error: 99 } as const;

/** `failure`: refused, nothing has changed. `error`: on to the error state. */
export type Outcome = keyof typeof callbackCodes;

const labels = ['configure', 'activate', 'deactivate', 'cleanup', 'shutdown'] as const;
export type TransitionLabel = (typeof labels)[number];

type Transition = ChangeStateRequest['transition'];

/** The state machine of a lifecycle node. */
export interface TransitionMachine {
  /** Label of the present state. */
  readonly state: string;
  /** Those of the present state. */
  readonly transitions: readonly Transition[];
  /** Does a transition of the present state: its callback runs before this returns. */
  trigger(label: TransitionLabel): void;
  /** @param handlers `onError` runs after a callback that came to `error`; `onRequest` answers `~/change_state` */
  connect(handlers: TransitionCallbacks): void;
}

export interface TransitionCallbacks {
  onTransition(label: TransitionLabel): Outcome;
  /** `success`: on to unconfigured; else finalized. */
  onError(): Outcome;
  onRequest(request: Transition, answer: (success: boolean) => void): void;
}

/** The transitions of the present state that a client may request. */
export function availableLabels({ transitions }: TransitionMachine): readonly TransitionLabel[] {
  return labels.filter((label) => transitions.some((each) => each.label === label));
}

/** The requested transition: by its label if it has one, else by its id; null if there is no such transition in this state. */
export function labelOf(
  { transitions }: TransitionMachine,
  { id, label }: Transition,
): TransitionLabel | null {
  const requested = transitions.find((each) => (label === '' ? each.id === id : each.label === label));
  return labels.find((each) => each === requested?.label) ?? null;
}

/** The state machine of a node of rclnodejs. */
export function transitionsOf(node: rclnodejs.lifecycle.LifecycleNode): TransitionMachine {
  return {
    get state() {
      return (node.currentState as unknown as { readonly label: string }).label;
    },
    get transitions() {
      const available = node.availableTransitions as unknown as readonly {
        readonly transition: Transition;
      }[];
      return available.map(({ transition }) => transition);
    },
    trigger(label) {
      node[label]();
    },
    connect(callbacks) {
      node.registerOnConfigure(() => callbackCodes[callbacks.onTransition('configure')]);
      node.registerOnActivate(() => callbackCodes[callbacks.onTransition('activate')]);
      node.registerOnDeactivate(() => callbackCodes[callbacks.onTransition('deactivate')]);
      node.registerOnCleanup(() => callbackCodes[callbacks.onTransition('cleanup')]);
      node.registerOnShutdown(() => callbackCodes[callbacks.onTransition('shutdown')]);
      node.registerOnError(() => callbackCodes[callbacks.onError()]);
      replaceChangeState(node, ({ transition }, answer) => {
        callbacks.onRequest(transition, answer);
      });
    },
  };
}
