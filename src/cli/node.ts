import { Command } from 'commander';

import { WorkerPlanner } from '../pipeline/worker-planner.js';
import { requireRosEnvironment } from './ros-environment.js';

/** `node`: the planner node. Arguments after `--ros-args` are ROS'. */
export function nodeCommand(): Command {
  return new Command('node')
    .description('Run the planner node.')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async () => {
      requireRosEnvironment();
      const { runPlannerNode } = await import('../ros/run-node.js');
      const { checkTuning } = await import('./check-tuning.js');
      await runPlannerNode({
        createPlanner: (log) => new WorkerPlanner(new URL('./planner-worker.js', import.meta.url), log),
        checkTuning,
      });
    });
}
