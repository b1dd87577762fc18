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
      const { parseExpression } = await import('../planning/expression/parse-expression.js');
      await runPlannerNode({
        createPlanner: (log) => new WorkerPlanner(new URL('./planner-worker.js', import.meta.url), log),
        checkExpression: (text, joints) => {
          parseExpression(text, { joints, hasTemporalDistance: null, foreseesState: null });
        },
      });
    });
}
