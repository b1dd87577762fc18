import type { PlannerProfile } from '../profiles/planner-profile.js';
import type { Progress } from '../progress.js';
import type { RunSetting, subjectOf } from '../run-setting.js';
import type { SimulationPool } from '../simulation/pool.js';
import type { TuningObjective } from './objectives.js';
import type { Space } from './space.js';
import type { Study } from './study.js';

export interface TuningOptions {
  readonly setting: RunSetting;
  readonly spaceFile: string;
  /** A parameter file, or `defaults`. */
  readonly profile: string;
  /** Episodes of a trial. */
  readonly episodes: number;
  /** Trials of the study, over all its processes. */
  readonly trials: number;
  /** Episodes for the final figure. */
  readonly heldOut: number;
  /** At least one; the first decides which trial is the best. */
  readonly objectives: readonly TuningObjective[];
  readonly study: string;
  /** A journal file or the URL of a database; null: a journal file in `out`. */
  readonly storage: string | null;
  readonly out: string;
  /** Period in which a process shows that its trials still run [s]. */
  readonly beatS: number;
}

/** A search that runs. */
export interface Tuning {
  readonly options: TuningOptions;
  readonly storage: string;
  readonly space: Space;
  readonly profile: PlannerProfile;
  readonly subject: Awaited<ReturnType<typeof subjectOf>>;
  readonly study: Study;
  readonly pool: SimulationPool;
  readonly progress: Progress;
}
