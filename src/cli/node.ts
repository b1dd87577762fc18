import { Command, InvalidArgumentError, Option } from 'commander';

import type { ExplainingPlanner } from '../worker/planner-port.js';
import { WorkerPlanner } from '../worker/worker-planner.js';
import { DelayedPlanner } from '../worker/delayed-planner.js';
import { packageVersion } from './package-version.js';
import { requireRosEnvironment } from './ros-environment.js';

/** Longer than any plan may take (`planning.timeout_s`). */
const MAX_PLAN_DELAY_MS = 120_000;

function planDelay(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= MAX_PLAN_DELAY_MS)) {
    throw new InvalidArgumentError(
      `Found '${text}', expected a number of milliseconds from 0 to ${MAX_PLAN_DELAY_MS}.`,
    );
  }
  return value;
}

/** `node`: the planner node. Arguments after `--ros-args` are ROS'. */
export function nodeCommand(): Command {
  return (
    new Command('node')
      .description('Run the planner node.')
      .allowUnknownOption()
      .allowExcessArguments()
      // For experiments alone: the demo sets it.
      .addOption(new Option('--plan-delay-ms <ms>').argParser(planDelay).hideHelp())
      .action(async ({ planDelayMs = 0 }: { planDelayMs?: number }) => {
        requireRosEnvironment();
        const version = await packageVersion();
        // Nothing may be awaited between these two: rclnodejs, which the first imports, swallows signals until the second answers them.
        const { runPlannerNode } = await import('../ros/node/run-node.js');
        await runPlannerNode({
          recorder: { entry: new URL('../recording/recorder-worker.js', import.meta.url), version },
          createPlanner: (log): ExplainingPlanner => {
            const planner = new WorkerPlanner(new URL('../worker/planner-worker.js', import.meta.url), log);
            return planDelayMs > 0 ? new DelayedPlanner(planner, planDelayMs) : planner;
          },
        });
      })
  );
}
