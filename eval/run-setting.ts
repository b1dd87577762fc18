import { availableParallelism } from 'node:os';
import { basename, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { JepaMpcError } from '../src/core/errors.js';
import { InterruptWatch } from './demo/interrupt-watch.js';
import { identifyModel, type ModelIdentity } from './demo/model-identity.js';
import { DEMO_MODEL, DEMO_URDF } from './demo/package-root.js';
import { isPlanDelay, SIMULATOR_NAMES, type SimulatorName } from './demo/simulators.js';
import { DEFAULT_EPISODE_S } from './episodes/episode-judge.js';
import { appendImperfection, episodeSeconds, wholeNumber } from './option-values.js';
import { simulationPool, type SimulationPool } from './simulation/pool.js';

/** More simulations than this at a time are of no use where a run shares its processors with others. */
const MAX_JOBS = 64;

/** What the episodes of a run have in common. */
export interface RunSetting {
  readonly simulator: SimulatorName;
  readonly urdfFile: string;
  readonly modelFolder: string;
  readonly imperfections: readonly string[];
  /** Time limit of an episode [s]. */
  readonly episodeSeconds: number;
  /** Seed of starts, goals and planner noise. */
  readonly seed: number;
  /** Simulations at the same time. */
  readonly jobs: number;
  readonly verbose: boolean;
}

export interface RunFlags {
  readonly simulator: SimulatorName;
  readonly urdf: string;
  readonly model: string;
  readonly imperfect: readonly string[];
  readonly episodeSeconds: number;
  readonly seed: number;
  readonly jobs: number;
  readonly verbose: boolean;
}

/** Adds the options of {@link RunFlags}. */
export function addRunOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--simulator <name>', 'what simulates the robot').choices(SIMULATOR_NAMES).default('mujoco'),
    )
    .option('--urdf <file>', 'description of the robot', DEMO_URDF)
    .option('--model <dir>', 'folder of the model', DEMO_MODEL)
    .option(
      '--imperfect <name=value>',
      'imperfection of the robot or its camera, as for the demo; repeatable',
      appendImperfection,
      [],
    )
    .option('--episode-seconds <s>', 'time limit of an episode', episodeSeconds, DEFAULT_EPISODE_S)
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
  const { simulator, imperfect, episodeSeconds: limitS, seed, jobs, verbose } = flags;
  return {
    simulator,
    urdfFile: resolve(flags.urdf),
    modelFolder: resolve(flags.model),
    imperfections: imperfect,
    episodeSeconds: limitS,
    seed,
    jobs,
    verbose,
  };
}

/** Name of the robot's description, and name and hash of the model. */
export async function subjectOf({ urdfFile, modelFolder }: RunSetting): Promise<{
  readonly robot: string;
  readonly model: ModelIdentity;
}> {
  return { robot: basename(urdfFile), model: await identifyModel(modelFolder) };
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
