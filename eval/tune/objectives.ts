import { InvalidArgumentError } from 'commander';
import { percentile } from '../../src/math/percentile.js';
import type { EpisodeResult } from '../simulation/wire.js';

/** What a search can improve. The value of a trial is the mean over its episodes. */
export interface TuningObjective {
  readonly name: string;
  readonly maximize: boolean;
  readonly unit: string;
  /** Of one episode; an episode that fails counts with its time limit. */
  readonly of: (episode: EpisodeResult) => number;
}

const OBJECTIVES: readonly TuningObjective[] = [
  { name: 'success', maximize: true, unit: '1', of: ({ success }) => (success ? 1 : 0) },
  { name: 'time', maximize: false, unit: 's', of: ({ timeS }) => timeS },
  { name: 'effort', maximize: false, unit: 's', of: ({ effort }) => effort },
  { name: 'jerk', maximize: false, unit: '1', of: ({ jerk }) => jerk },
  {
    name: 'plan_ms',
    maximize: false,
    unit: 'ms',
    of: ({ planMs }) => (planMs.length === 0 ? 0 : percentile(planMs, 0.5)),
  },
];

/** Names of all objectives. */
export const OBJECTIVE_NAMES: readonly string[] = OBJECTIVES.map(({ name }) => name);

/** Parses a list of names, such as `success,effort,time`. The first decides which trial is the best. */
export function parseObjectives(text: string): readonly TuningObjective[] {
  const names = text.split(',').map((name) => name.trim());
  const chosen = names.map((name) => OBJECTIVES.find((objective) => objective.name === name));
  const known = chosen.filter((objective) => objective !== undefined);
  if (known.length < names.length || new Set(names).size < names.length) {
    throw new InvalidArgumentError(
      `Found '${text}', expected different names from ${OBJECTIVE_NAMES.join(', ')}, separated by commas.`,
    );
  }
  return known;
}

/** Mean of an objective over episodes, at least one. */
export function meanOf(objective: TuningObjective, episodes: readonly EpisodeResult[]): number {
  return episodes.reduce((sum, episode) => sum + objective.of(episode), 0) / episodes.length;
}
