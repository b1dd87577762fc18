import rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import { NODE_NAME } from './make-node.js';
import { PlannerNode } from './planner-node.js';
import type { PlannerNodeOptions } from './planner-node.js';
import { readStartupParameters } from '../parameters/startup-parameters.js';

/** Exit status of a node that could not start because of what it was given. */
const badInput = 2;

/** When the process has not ended by itself this long after its work was done, it is made to. */
const exitTimeoutMs = 2000;

/**
 * Runs the planner node until SIGINT or SIGTERM; the robot is then told to hold before the process ends with status 0. Status 2: parameters
 * or model were refused, and the one line on stderr says why. Status 1: a defect, held and reported.
 */
export async function runPlannerNode(
  options: Omit<PlannerNodeOptions, 'startup' | 'onFatal'>,
): Promise<void> {
  let node: PlannerNode | null = null;
  let isRosUp = false;
  const ended = new AbortController();
  const closeRos = (): void => {
    if (isRosUp) rclnodejs.shutdown();
    // The process ends by itself once nothing is left to do: process.exit would cut rclnodejs' threads off in the middle of a call, which aborts.
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
  // Before anything is waited for: a signal counts while ROS starts, too.
  process.on('SIGINT', () => void end(0));
  process.on('SIGTERM', () => void end(0));
  process.on('uncaughtException', (error) => {
    console.error(error);
    void end(1);
  });
  // The handler of rclnodejs would tear ROS down before the robot is at rest, and while ROS starts it does nothing at all. It is removed last,
  // since a signal that finds no handler between the two would be lost.
  rclnodejs.removeSignalHandlers();

  const startup = readStartupParameters(process.argv, NODE_NAME);
  await rclnodejs.init(rclnodejs.Context.defaultContext(), [...startup.argv]);
  isRosUp = true;
  if (ended.signal.aborted) {
    closeRos();
    return;
  }
  try {
    node = new PlannerNode({
      ...options,
      startup,
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
