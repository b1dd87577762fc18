import type rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';

/** Variables of the environment that DDS security is switched on with. */
export type SecurityEnvironment = Readonly<
  Partial<
    Record<
      | 'ROS_SECURITY_ENABLE'
      | 'ROS_SECURITY_STRATEGY'
      | 'ROS_SECURITY_KEYSTORE'
      | 'ROS_SECURITY_ENCLAVE_OVERRIDE',
      string
    >
  >
>;

/** What Fast DDS says where it was built without security. */
const WITHOUT_SECURITY = /security librar/i;

/**
 * Makes something of ROS. With DDS security on, a failure names what was refused and the remedy; otherwise it is passed on as it is.
 *
 * @param what such as `publisher of commands`
 * @throws JepaMpcError `security.policy`, `security.unavailable`; what `make` throws
 */
export function securely<Made>(what: string, env: SecurityEnvironment, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    throw explained(what, env, error);
  }
}

/** As {@link securely}, for what takes its time. */
export async function securelyLater<Made>(
  what: string,
  env: SecurityEnvironment,
  make: () => Promise<Made>,
): Promise<Made> {
  try {
    return await make();
  } catch (error) {
    throw explained(what, env, error);
  }
}

/**
 * Replaces the methods with which a node makes publishers, subscriptions and services: with DDS security on, they name what the permissions of
 * the enclave lack. ROS itself says `could not create publisher` alone.
 */
export function explainRefusals<
  Node extends Pick<rclnodejs.Node, 'createPublisher' | 'createSubscription' | 'createService'>,
>(node: Node, env: SecurityEnvironment): Node {
  if (!isOn(env)) return node;
  for (const [method, what] of [
    ['createPublisher', 'publisher of'],
    ['createSubscription', 'subscription to'],
    ['createService', 'service'],
  ] as const) {
    const make = node[method].bind(node) as (...request: unknown[]) => unknown;
    const explaining = (...request: unknown[]): unknown =>
      securely(`${what} ${String(request[1])}`, env, () => make(...request));
    Object.assign(node, { [method]: explaining });
  }
  return node;
}

/** What is probably a mistake in these variables, for the log: security that is on and not enforced. */
export function securityWarnings(env: SecurityEnvironment): readonly string[] {
  if (!isOn(env) || env.ROS_SECURITY_STRATEGY === 'Enforce') return [];
  const found = env.ROS_SECURITY_STRATEGY ?? 'nothing, which is Permissive';
  return [
    `ROS_SECURITY_STRATEGY: found ${found}, expected Enforce: without it this node runs unsecured where its enclave is missing. Set it (docs/security.md).`,
  ];
}

/** ROS compares with this word alone. */
function isOn({ ROS_SECURITY_ENABLE }: SecurityEnvironment): boolean {
  return ROS_SECURITY_ENABLE === 'true';
}

function explained(what: string, env: SecurityEnvironment, error: unknown): unknown {
  if (!isOn(env) || error instanceof JepaMpcError) return error;
  const found = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ');
  const cause = error;
  if (WITHOUT_SECURITY.test(found)) {
    return new JepaMpcError('security.unavailable', {
      subject: 'ROS_SECURITY_ENABLE',
      found: `true, and a middleware without it: ${found}`,
      expected: 'a middleware that was built with DDS security',
      remedy:
        'Use the binary packages of a ROS distribution, or build Fast DDS with -DSECURITY=ON; without security, unset ROS_SECURITY_ENABLE.',
      cause,
    });
  }
  const enclave = env.ROS_SECURITY_ENCLAVE_OVERRIDE ?? 'the one of --ros-args --enclave';
  return new JepaMpcError('security.policy', {
    subject: what,
    found: `a refusal: ${found}`,
    expected: `an enclave in ROS_SECURITY_KEYSTORE (${env.ROS_SECURITY_KEYSTORE ?? 'not set'}) whose permissions allow it; the enclave is ${enclave}`,
    remedy:
      'Compare your policy with what the node needs: jepa-mpc policy FILE. Then make the permissions again and restart the node; the robot is not moved until then.',
    cause,
  });
}
