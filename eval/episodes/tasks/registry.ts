import { pose } from './pose.js';
import { reach } from './reach.js';
import type { Success, TaskDefinition, TaskRobot } from './task.js';

/** Every task; the first is the default. */
const TASKS = [reach, pose] as const satisfies readonly TaskDefinition[];

export type TaskName = (typeof TASKS)[number]['name'];

export const TASK_NAMES: readonly TaskName[] = TASKS.map(({ name }) => name);
export const DEFAULT_TASK: TaskName = TASKS[0].name;

/** What counts as success in each task, for `--help`. */
export const TASK_SUMMARY = TASKS.map(({ name, summary }) => `${name}: ${summary}`).join('; ');

/** A task for one robot. */
export interface Task extends Success {
  readonly name: TaskName;
  /** See `TaskDefinition`. */
  readonly judgesJoints: boolean;
}

export function taskOf(name: TaskName, robot: TaskRobot): Task {
  const definition: TaskDefinition = TASKS.find((task) => task.name === name) ?? TASKS[0];
  return { name, judgesJoints: definition.judgesJoints, ...definition.of(robot) };
}
