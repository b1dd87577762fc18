import { availableParallelism } from 'node:os';
import { Option, type Command } from 'commander';
import { JepaMpcError } from '../src/core/errors.js';
import { InterruptWatch } from './demo/interrupt-watch.js';
import type { ModelIdentity } from './demo/model-identity.js';
import { isPlanDelay, SIMULATOR_NAMES, type SimulatorName } from './demo/simulators.js';
import { episodeDrawing } from './episodes/draw-episode.js';
import { loadSubject } from './episodes/subject.js';
import { taskOf, TIME_LIMITS, timeLimitS, type TaskName } from './episodes/tasks/registry.js';
import { writtenTask, type WrittenTask } from './episodes/tasks/written-task.js';
import { appendImperfection, episodeSeconds, wholeNumber } from './option-values.js';
import { addRobotOptions, robotChoiceOf, type RobotChoice, type RobotFlags } from './robot-choice.js';
import { taskOption, type TaskFlag } from './task-option.js';
import { simulationPool, type SimulationPool } from './simulation/pool.js';

/** More simulations than this at a time are of no use where a run shares its processors with others. */
const MAX_JOBS = 64;

/** What the episodes of a run have in common. */
export interface RunSetting extends RobotChoice {
  readonly task: TaskName;
  readonly simulator: SimulatorName;
  readonly imperfections: readonly string[];
  /** Time limit of an episode [s]. */
  readonly episodeSeconds: number;
  /** Seed of starts, goals and planner noise. */
  readonly seed: number;
  /** Simulations at the same time. */
  readonly jobs: number;
  readonly verbose: boolean;
}

export interface RunFlags extends RobotFlags, TaskFlag {
  readonly simulator: SimulatorName;
  readonly imperfect: readonly string[];
  readonly episodeSeconds?: number;
  readonly seed: number;
  readonly jobs: number;
  readonly verbose: boolean;
}

/** Adds the options of {@link RunFlags}. */
export function addRunOptions(command: Command): Command {
  command.addOption(
    new Option('--simulator <name>', 'what simulates the robot').choices(SIMULATOR_NAMES).default('mujoco'),
  );
  return addRobotOptions(command)
    .addOption(taskOption())
    .option(
      '--imperfect <name=value>',
      'imperfection of the robot or its camera, as for the demo; repeatable',
      appendImperfection,
      [],
    )
    .option('--episode-seconds <s>', `time limit of an episode (default: ${TIME_LIMITS})`, episodeSeconds)
    .option('--seed <n>', 'seed of starts, goals and planner noise', wholeNumber(0), 1)
    .option(
      '--jobs <n>',
      'simulations at the same time',
      wholeNumber(1),
      Math.min(MAX_JOBS, availableParallelism()),
    )
    .option('--verbose', 'print the output of the simulators and the planner nodes', false);
}

/** @throws JepaMpcError params.invalid for an imperfection that lockstep does not have, or too many jobs */
export function runSettingOf(flags: RunFlags): RunSetting {
  const planDelay = flags.imperfect.find(isPlanDelay);
  if (planDelay !== undefined) {
    throw new JepaMpcError('params.invalid', {
      subject: `--imperfect ${planDelay}`,
      found: 'a delay of plans in lockstep, where simulated time waits for each plan',
      expected: 'an imperfection of the robot or its camera',
      remedy: 'Run the demo in real time for that.',
    });
  }
  if (flags.jobs > MAX_JOBS) {
    throw new JepaMpcError('params.invalid', {
      subject: '--jobs',
      found: String(flags.jobs),
      expected: `at most ${MAX_JOBS}, since each needs a ROS domain`,
      remedy: 'Give a smaller number, or share a study between machines.',
    });
  }
  const {
    simulator,
    imperfect,
    episodeSeconds: limitS = timeLimitS(flags.task),
    seed,
    jobs,
    verbose,
  } = flags;
  return {
    simulator,
    ...robotChoiceOf(flags, flags.simulator),
    task: flags.task,
    imperfections: imperfect,
    episodeSeconds: limitS,
    seed,
    jobs,
    verbose,
  };
}

/**
 * Name of the robot, name and hash of the model, and the task: what every result says.
 *
 * @throws JepaMpcError `model.*`, `urdf.*` for a robot and a model that do not fit; `params.invalid` for a task that they and the scene do not allow
 */
export async function subjectOf(setting: RunSetting): Promise<{
  readonly robot: string;
  readonly model: ModelIdentity;
  readonly task: WrittenTask;
}> {
  const subject = await loadSubject(setting);
  const { robot, model } = subject;
  const task = taskOf(setting.task, robot);
  await episodeDrawing(task, subject, setting);
  return { robot: robot.name, model, task: writtenTask(task) };
}

/**
 * Runs a task with simulations, and ends them whatever happens.
 *
 * @returns exit status: 0 after a complete run; 1 after an error, which is printed; 128 + signal number after an interruption
 */
export async function withSimulations(
  setting: RunSetting,
  task: (pool: SimulationPool) => Promise<void>,
): Promise<number> {
  const interrupts = new InterruptWatch();
  const { jobs, ...rest } = setting;
  const pool = simulationPool(jobs, rest);
  interrupts.onInterrupt(() => {
    void pool.close();
  });
  try {
    await task(pool);
    return 0;
  } catch (error) {
    if (!(error instanceof JepaMpcError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    return interrupts.exitStatus ?? 1;
  } finally {
    await pool.close();
    interrupts.dispose();
  }
}
