import { Option } from 'commander';
import { DEFAULT_TASK, TASK_NAMES, TASK_SUMMARY, type TaskName } from './episodes/tasks/registry.js';

export interface TaskFlag {
  readonly task: TaskName;
}

/** The option `--task`. */
export function taskOption(): Option {
  return new Option(
    '--task <name>',
    `what counts as success. ${TASK_SUMMARY}. Smaller robots have to come closer`,
  )
    .choices(TASK_NAMES)
    .default(DEFAULT_TASK);
}
