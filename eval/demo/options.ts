import type { Simulator } from './simulators.js';

/** What a demo run is asked to do. */
export interface DemoOptions {
  readonly simulator: Simulator;
  /** What is wrong with the robot, its camera and its planner, `name=value`; the names are options of the simulator or of the planner node. */
  readonly imperfections: readonly string[];
  /** At least 1. */
  readonly episodes: number;
  /** Time limit of an episode [s] of simulated time, above 0. */
  readonly episodeSeconds: number;
  /** 0 to 2^31 - 1. Fixes starts, goals and the planner's noise. */
  readonly seed: number;
  /** Simulated time waits for the planner: reproducible, and as fast as the machine allows. */
  readonly lockstep: boolean;
  /** No window, whatever the display. */
  readonly headless: boolean;
  /** Where the report goes; the contact sheet goes beside it, as .png. */
  readonly jsonFile: string;
  /** Folder of the model. */
  readonly modelFolder: string;
  /** Run the baselines over the same starts and goals too. */
  readonly baselines: boolean;
  /** Parameters of the planner node, `name=value`. */
  readonly plannerParameters: readonly string[];
  /** Print what the simulator and the planner node print. */
  readonly verbose: boolean;
  /** Program and first arguments that start the planner node; `--ros-args …` is added. */
  readonly plannerCommand: readonly string[];
}
