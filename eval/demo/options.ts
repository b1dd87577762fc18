import type { TaskName } from '../episodes/tasks/registry.js';
import type { RobotChoice } from '../robot-choice.js';
import type { Simulator } from './simulators.js';

/** What simulator and planner node are started with. */
export interface SessionOptions extends RobotChoice {
  readonly task: TaskName;
  readonly simulator: Simulator;
  /** Imperfections of the robot, its camera and its planner, `name=value`; each name is an option of the simulator or of the planner node. */
  readonly imperfections: readonly string[];
  /** 0 to 2^31 - 1. Determines starts, goals and the planner's noise. */
  readonly seed: number;
  /** Simulated time waits for the planner: reproducible, and as fast as the machine allows. */
  readonly lockstep: boolean;
  /** No window, even with a display. */
  readonly headless: boolean;
  /** File of the recording; null: none. */
  readonly recordingFile: string | null;
  /** Parameters of the planner node, `name=value`. */
  readonly plannerParameters: readonly string[];
  /** Print the output of the simulator and the planner node. */
  readonly verbose: boolean;
  /** Command line that starts the planner node; `--ros-args …` is appended. */
  readonly plannerCommand: readonly string[];
  /** Command line that starts the dashboard; null: none is wanted. */
  readonly dashboardCommand: readonly string[] | null;
}

/** Options of a demo run. */
export interface DemoOptions extends SessionOptions {
  /** At least 1. */
  readonly episodes: number;
  /** Time limit of an episode [s] of simulated time, above 0. */
  readonly episodeSeconds: number;
  /** File of the report; the contact sheet is written next to it, as .png. */
  readonly jsonFile: string;
  /** File of the animated WebP of the planner's episodes; null: none. */
  readonly animationFile: string | null;
  /** Whether to run the baselines on the same starts and goals, too. */
  readonly baselines: boolean;
}
