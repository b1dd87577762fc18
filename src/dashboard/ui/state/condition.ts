import type { LinkState } from '../connection/link.js';
import type { NodeState, Operator } from './messages.js';

/** What a person can do about a condition. */
export type Remedy = 'retry' | 'reload' | 'configure' | 'activate' | 'continue' | 'reset';

/** What the robot does now, and why, in words. */
export interface Condition {
  readonly tone: 'ok' | 'busy' | 'warn' | 'bad';
  /** A word or two. */
  readonly label: string;
  /** A sentence for the banner; empty: nothing needs to be said. */
  readonly detail: string;
  readonly remedy: Remedy | null;
}

export interface Known {
  readonly link: LinkState;
  readonly node: NodeState | null;
  readonly nodeName: string;
  readonly operator: Operator | null;
  /** Whether the server speaks another version of the protocol. */
  readonly isOutdated: boolean;
}

/** The condition that matters most: without a connection nothing else is known, without a node there is no state, and so on. */
export function conditionOf({ link, node, nodeName, operator, isOutdated }: Known): Condition {
  if (link.kind === 'lost')
    return condition('bad', 'connection lost', `No connection: ${link.reason}.`, 'retry');
  if (isOutdated)
    return condition(
      'bad',
      'page out of date',
      'The server is of another version. Load the page again.',
      'reload',
    );
  if (link.kind === 'connecting' || node === null)
    return condition('busy', 'connecting', 'Connecting to the dashboard server …', null);
  if (!node.present)
    return condition(
      'bad',
      'no planner',
      `There is no node ${nodeName}. Start it; the page continues by itself.`,
      null,
    );
  return ofLifecycle(node.state) ?? ofMotion(operator);
}

function ofLifecycle(state: string): Condition | null {
  switch (state) {
    case 'active':
      return null;
    case 'inactive':
      return condition(
        'warn',
        'inactive',
        'The node is configured and sends no commands. Activate it to move the robot.',
        'activate',
      );
    case 'unconfigured':
      return condition(
        'warn',
        'unconfigured',
        'The node has no model loaded. Configure it first.',
        'configure',
      );
    case 'unknown':
      return condition('busy', 'no answer', 'The node does not report its lifecycle state.', null);
    default:
      return condition('busy', state, `The node is ${state}.`, null);
  }
}

function ofMotion(operator: Operator | null): Condition {
  if (operator === null) return condition('busy', 'active', '', null);
  const why = operator.message === '' ? '' : sentence(operator.message);
  if (operator.stopped === true || operator.condition === 'stop')
    return condition('bad', 'stopped', why || 'The emergency stop is in force.', 'reset');
  if (operator.paused === true)
    return condition('warn', 'paused', 'The robot holds until you continue.', 'continue');
  if (operator.condition === 'hold') return condition('warn', 'holding', why || 'The robot holds.', null);
  if (operator.condition === 'degrade')
    return condition('warn', 'braking', why || 'The robot brakes by itself.', null);
  if (operator.dryRun === true)
    return condition('warn', 'dry run', 'The node plans and sends no commands (parameter dry_run).', null);
  return condition('ok', 'following plans', '', null);
}

function condition(
  tone: Condition['tone'],
  label: string,
  detail: string,
  remedy: Condition['remedy'],
): Condition {
  return { tone, label, detail, remedy };
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}
