import { pose } from './pose.js';
import { push } from './push.js';
import { reach } from './reach.js';
import type { Success, TaskDefinition, TaskRobot } from './task.js';

/** Every task; the first is the default. */
const TASKS = [reach, pose, push] as const satisfies readonly TaskDefinition[];

export type TaskName = (typeof TASKS)[number]['name'];

export const TASK_NAMES: readonly TaskName[] = TASKS.map(({ name }) => name);
export const DEFAULT_TASK: TaskName = TASKS[0].name;

/** What counts as success in each task, for `--help`. */
export const TASK_SUMMARY = TASKS.map(({ name, summary }) => `${name}: ${summary}`).join('; ');

/** A task for one robot; for the rest see `TaskDefinition`. */
export interface Task extends Success, Pick<TaskDefinition, 'judgesJoints' | 'movesObject'> {
  readonly name: TaskName;
}

export function taskOf(name: TaskName, robot: TaskRobot): Task {
  const { judgesJoints, movesObject, of } = definitionOf(name);
  return { name, judgesJoints, movesObject, ...of(robot) };
}

/** Whether the robot has to move an object of the scene. */
export function movesObject(name: TaskName): boolean {
  return definitionOf(name).movesObject;
}

/** Time limit of an episode, simulated time [s], unless an option sets another. */
export function timeLimitS(name: TaskName): number {
  return definitionOf(name).limitS;
}

/** The time limits, for `--help`. */
export const TIME_LIMITS = TASKS.map(({ name, limitS }) => `${name}: ${limitS}`).join(', ');

function definitionOf(name: TaskName): TaskDefinition {
  return TASKS.find((task) => task.name === name) ?? TASKS[0];
}
