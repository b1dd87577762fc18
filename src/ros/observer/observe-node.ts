import { setTimeout as delay } from 'node:timers/promises';

import rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import type { ParameterValue } from '../../core/parameter.js';
import type { GuideWindow, PartStatus, StatusValues } from '../../guide/window.js';
import { parameterRanges } from '../../params/schema.js';
import { reliable } from '../topics/qos.js';
import { parameterOf, partsOf, planValues } from './observed-messages.js';

/** Name of the node that observes. */
const OBSERVER = 'jepa_mpc_guide';

const POLL_MS = 50;

/** An answer is lost where the service has not discovered its client yet. */
const ASK_AGAIN_MS = 1000;

export interface ObservedNode {
  /** Fully qualified. */
  readonly node: string;
  /** How long to collect statistics, s. */
  readonly seconds: number;
  /** Names of the parameters to read. */
  readonly parameters: readonly string[];
}

/**
 * Collects what the guide reads of a running planner node, from its topics and its parameters alone. ROS is started in this process, and shut
 * down at the end.
 *
 * @throws JepaMpcError `planner.not-ready` for a node that does not answer
 */
export async function observeNode(observed: ObservedNode): Promise<GuideWindow> {
  // First: the handlers swallow a signal while ROS starts.
  rclnodejs.removeSignalHandlers();
  await rclnodejs.init(undefined, []);
  const node = new rclnodejs.Node(OBSERVER);
  try {
    return await collect(node, observed);
  } finally {
    node.destroy();
    rclnodejs.shutdown();
  }
}

async function collect(node: rclnodejs.Node, observed: ObservedNode): Promise<GuideWindow> {
  const plans: StatusValues[] = [];
  let parts: Readonly<Record<string, PartStatus>> = {};
  const name = observed.node.slice(observed.node.lastIndexOf('/') + 1);
  const qos = { qos: reliable(100) };
  node.createSubscription(
    'diagnostic_msgs/msg/DiagnosticArray',
    `${observed.node}/statistics`,
    qos,
    (message: rclnodejs.diagnostic_msgs.msg.DiagnosticArray) => {
      const values = planValues(message);
      if (values !== null) plans.push(values);
    },
  );
  node.createSubscription(
    'diagnostic_msgs/msg/DiagnosticArray',
    '/diagnostics',
    qos,
    (message: rclnodejs.diagnostic_msgs.msg.DiagnosticArray) => {
      const own = partsOf(message, name);
      if (Object.keys(own).length > 0) parts = own;
    },
  );
  node.spin();
  const parameters = await readParameters(node, observed);
  await delay(observed.seconds * 1000);
  return { plans, parts, parameters, ranges: parameterRanges };
}

async function readParameters(
  node: rclnodejs.Node,
  { node: name, parameters: names, seconds }: ObservedNode,
): Promise<Readonly<Record<string, ParameterValue>>> {
  const client = node.createClient('rcl_interfaces/srv/GetParameters', `${name}/get_parameters`);
  const deadlineMs = performance.now() + Math.max(seconds, 5) * 1000;
  while (!client.isServiceServerAvailable()) {
    if (performance.now() > deadlineMs) throw noSuchNode(name, node.getNodeNames());
    await delay(POLL_MS);
  }
  const answers: (readonly rclnodejs.rcl_interfaces.msg.ParameterValue[])[] = [];
  let askedMs = -Infinity;
  while (answers.length === 0) {
    const nowMs = performance.now();
    if (nowMs > deadlineMs) throw noSuchNode(name, node.getNodeNames());
    if (nowMs - askedMs >= ASK_AGAIN_MS) {
      askedMs = nowMs;
      client.sendRequest({ names: [...names] }, ({ values }) => {
        answers.push(values);
      });
    }
    await delay(POLL_MS);
  }
  return parametersOf(names, answers[0] ?? []);
}

function parametersOf(
  names: readonly string[],
  values: readonly rclnodejs.rcl_interfaces.msg.ParameterValue[],
): Readonly<Record<string, ParameterValue>> {
  return Object.fromEntries(
    names.flatMap((parameter, index) => {
      const message = values[index];
      const value = message === undefined ? null : parameterOf(message);
      return value === null ? [] : [[parameter, value]];
    }),
  );
}

function noSuchNode(name: string, nodes: readonly string[]): JepaMpcError {
  const others = nodes.filter((node) => node !== OBSERVER);
  return new JepaMpcError('planner.not-ready', {
    subject: `node ${name}`,
    found: `no answer from its parameters; nodes in this ROS domain: ${others.join(', ') || 'none'}`,
    expected: 'a planner node that runs',
    remedy: 'Name it with --node, and check ROS_DOMAIN_ID.',
  });
}
