import { JepaMpcError } from '../../src/core/errors.js';
import { percentile } from '../../src/math/percentile.js';
import { createRng } from '../../src/math/rng.js';
import type { PlannerProfile } from '../profiles/planner-profile.js';
import type { EpisodeResult } from '../simulation/wire.js';
import { bootstrapMeanInterval, signTest } from '../statistics/paired.js';
import { wilsonInterval } from '../statistics/wilson-interval.js';
import type { Comparison, ProfileFigures } from './result.js';

/**
 * Figures of one profile.
 *
 * @param episodes at least one
 * @throws JepaMpcError planner.not-ready when no plan was made
 */
export function profileFigures(
  { name, file, dynamic, start }: PlannerProfile,
  episodes: readonly EpisodeResult[],
): ProfileFigures {
  const reached = episodes.filter(({ success }) => success);
  return {
    name,
    file,
    parameters: { ...start, ...dynamic },
    successes: reached.length,
    successRate: reached.length / episodes.length,
    successInterval95: wilsonInterval(reached.length, episodes.length),
    timeToGoalS: reached.length === 0 ? null : quartiles(reached.map(({ timeS }) => timeS)),
    effort: quartiles(episodes.map(({ effort }) => effort)),
    jerk: quartiles(episodes.map(({ jerk }) => jerk)),
    planMs: latency(
      name,
      episodes.flatMap(({ planMs }) => planMs),
    ),
    frameAgeMs: latency(
      name,
      episodes.flatMap(({ frameAgeMs }) => frameAgeMs),
    ),
    limitViolations: episodes.reduce((sum, { limitViolations }) => sum + limitViolations, 0),
    episodes: episodes.map(withoutPlans),
  };
}

/** An episode as the result keeps it: without a figure for each plan. */
function withoutPlans(result: EpisodeResult): ProfileFigures['episodes'][number] {
  const { episode, success, timeS, finalDistanceM, holdReason, failure, effort, jerk, limitViolations } =
    result;
  return {
    episode,
    success,
    timeS,
    finalDistanceM,
    holdReason,
    ...(failure !== undefined && { failure }),
    effort,
    jerk,
    limitViolations,
  };
}

/**
 * Compares two profiles, episode by episode.
 *
 * @param seed of the bootstrap
 */
export function compare(baseline: ProfileFigures, other: ProfileFigures, seed: number): Comparison {
  const othersByEpisode = new Map(other.episodes.map((episode) => [episode.episode, episode]));
  const pairs = baseline.episodes.flatMap((first) => {
    const second = othersByEpisode.get(first.episode);
    return second === undefined ? [] : [{ first, second }];
  });
  const onlyBaselineSucceeds = pairs.filter(({ first, second }) => first.success && !second.success).length;
  const onlyOtherSucceeds = pairs.filter(({ first, second }) => !first.success && second.success).length;
  const both = pairs.filter(({ first, second }) => first.success && second.success);
  return {
    baseline: baseline.name,
    other: other.name,
    onlyBaselineSucceeds,
    onlyOtherSucceeds,
    successP: signTest(onlyBaselineSucceeds, onlyOtherSucceeds),
    time: compareTimes(
      both.map(({ first, second }) => [first.timeS, second.timeS]),
      seed,
    ),
  };
}

function compareTimes(times: readonly (readonly [number, number])[], seed: number): Comparison['time'] {
  if (times.length < 2) return null;
  const logRatios = times.map(([baseline, other]) => Math.log(other / baseline));
  const mean = logRatios.reduce((sum, value) => sum + value, 0) / logRatios.length;
  const [low, high] = bootstrapMeanInterval(logRatios, createRng(seed));
  const otherFaster = times.filter(([baseline, other]) => other < baseline).length;
  const baselineFaster = times.filter(([baseline, other]) => other > baseline).length;
  return {
    episodes: times.length,
    ratio: Math.exp(mean),
    ratioInterval95: [Math.exp(low), Math.exp(high)],
    otherFaster,
    baselineFaster,
    p: signTest(otherFaster, baselineFaster),
  };
}

function quartiles(values: readonly number[]): { p25: number; p50: number; p75: number } {
  return { p25: percentile(values, 0.25), p50: percentile(values, 0.5), p75: percentile(values, 0.75) };
}

function latency(profile: string, values: readonly number[]): { p50: number; p95: number } {
  if (values.length === 0) {
    throw new JepaMpcError('planner.not-ready', {
      subject: `profile ${profile}`,
      found: 'no plan in the whole run',
      expected: 'plans',
      remedy: 'Run again with --verbose: the node prints why it did not plan.',
    });
  }
  return { p50: percentile(values, 0.5), p95: percentile(values, 0.95) };
}
