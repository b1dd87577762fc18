import rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import { PlannerNode } from './planner-node.js';
import type { PlannerNodeOptions } from './planner-node.js';
import { NODE_NAME, RclNode } from './rclnodejs-node.js';
import { removeSignalHandlers } from './rclnodejs-patches.js';
import { securelyLater } from '../security/secured-node.js';
import { readStartupParameters } from '../parameters/startup-parameters.js';

/** Exit status of a node that could not start because of its parameters or model. */
const badInput = 2;

/** The process is ended if it has not ended by itself this long after its work was done. */
const exitTimeoutMs = 2000;

/**
 * Runs the planner node until SIGINT or SIGTERM. Then the robot brakes to rest, and the process ends with status 0. Status 2: parameters or model
 * were refused, and the one line on stderr says why. Status 1: a defect, which is printed after the robot was braked to rest.
 */
export async function runPlannerNode(
  options: Omit<PlannerNodeOptions, 'openNode' | 'onFatal'>,
): Promise<void> {
  let node: PlannerNode | null = null;
  let isRosUp = false;
  const ended = new AbortController();
  const closeRos = (): void => {
    if (isRosUp) rclnodejs.shutdown();
    // The process ends by itself once nothing is left to do: process.exit would end rclnodejs' threads in the middle of a call, which aborts.
    setTimeout(() => process.exit(), exitTimeoutMs).unref();
  };
  const end = async (status: number): Promise<void> => {
    if (ended.signal.aborted) return;
    ended.abort();
    process.exitCode = status;
    try {
      await node?.shutdown();
    } catch (error) {
      console.error(error);
    }
    closeRos();
  };
  // Before the first await: a signal counts while ROS starts, too.
  process.on('SIGINT', () => void end(0));
  process.on('SIGTERM', () => void end(0));
  process.on('uncaughtException', (error) => {
    console.error(error);
    void end(1);
  });
  removeSignalHandlers(rclnodejs);

  const startup = readStartupParameters(process.argv, NODE_NAME);
  await securelyLater(`node ${startup.fullName}`, process.env, () =>
    rclnodejs.init(rclnodejs.Context.defaultContext(), [...startup.argv]),
  );
  isRosUp = true;
  if (ended.signal.aborted) {
    closeRos();
    return;
  }
  try {
    node = new PlannerNode({
      ...options,
      openNode: (rules) => new RclNode(startup, rules),
      onFatal: (error) => {
        console.error(error.message);
        void end(badInput);
      },
    });
    node.start();
  } catch (error) {
    console.error(error instanceof JepaMpcError ? error.message : error);
    await end(error instanceof JepaMpcError ? badInput : 1);
  }
}
