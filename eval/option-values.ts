import { InvalidArgumentError } from 'commander';
import { IMPERFECTIONS, isImperfection } from './demo/simulators.js';

/** Largest value of a ROS parameter or seed that the programs under test accept. */
const MAX_WHOLE_NUMBER = 2147483647;

/** A shorter episode would end before a plan can move the robot. */
const MIN_EPISODE_S = 0.5;
const MAX_EPISODE_S = 3600;

/** Parses a whole number of at least `lower` on a command line. */
export function wholeNumber(lower: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= lower && value <= MAX_WHOLE_NUMBER)) {
      throw new InvalidArgumentError(
        `Found '${text}', expected a whole number from ${lower} to ${MAX_WHOLE_NUMBER}.`,
      );
    }
    return value;
  };
}

/** Parses the time limit of an episode [s]. */
export function episodeSeconds(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= MIN_EPISODE_S && value <= MAX_EPISODE_S)) {
    throw new InvalidArgumentError(
      `Found '${text}', expected a number of seconds from ${MIN_EPISODE_S} to ${MAX_EPISODE_S}.`,
    );
  }
  return value;
}

/** Parses a repeatable `name=number` that makes the robot, its camera or its planner imperfect. */
export function appendImperfection(text: string, before: readonly string[]): string[] {
  const [, name = '', value = ''] = /^([\w-]+)=(.+)$/.exec(text) ?? [];
  if (!isImperfection(name) || !Number.isFinite(Number(value))) {
    throw new InvalidArgumentError(
      `Found '${text}', expected name=number with one of ${IMPERFECTIONS.join(', ')}.`,
    );
  }
  return [...before, text];
}

/** Collects the values of a repeatable option. */
export function append(text: string, before: readonly string[]): string[] {
  return [...before, text];
}
