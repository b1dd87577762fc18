import { z } from 'zod';
import { SIMULATOR_NAMES } from '../demo/simulators.js';
import { TASK_NAMES } from '../episodes/tasks/registry.js';
import { robotChoiceSchema } from '../robot-choice.js';

/*
 * What passes between a run and its simulations, each a process of its own: one JSON value a line. The first line to a simulation is its
 * setting, each one after it an episode. The answers come in the same order.
 */

const parameterValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.number()).readonly()]);

/** Parameters of the planner node that are not at their defaults, by name. */
const parameterValues = z.record(z.string(), parameterValue).readonly();

/** What a simulation is started with. */
export const simulationSettingSchema = robotChoiceSchema.extend({
  simulator: z.enum(SIMULATOR_NAMES),
  task: z.enum(TASK_NAMES),
  /** Seed of the planner's noise. */
  seed: z.int().min(0),
  imperfections: z.array(z.string()).readonly(),
  /** Time limit of an episode [s]. */
  episodeSeconds: z.number().positive(),
  /** Parameters that the node reads at its start or when it is configured. */
  startParameters: parameterValues,
  verbose: z.boolean(),
});

export const episodeRequestSchema = z.strictObject({
  /** Dynamic parameters; all others have their defaults. */
  parameters: parameterValues,
  /** Start and goal of the episode follow from the two. */
  seed: z.int().min(0),
  episode: z.int().min(0),
});

const nonNegative = z.number().min(0);

export const episodeResultSchema = z.strictObject({
  episode: z.int().min(0),
  success: z.boolean(),
  /** Simulated time to success or to failure, or the time limit [s]. */
  timeS: nonNegative,
  finalDistanceM: nonNegative,
  holdReason: z.string(),
  /** Why the goal went out of reach before the time limit; absent where it did not. */
  failure: z.string().optional(),
  effort: nonNegative,
  jerk: nonNegative,
  planMs: z.array(z.number()).readonly(),
  frameAgeMs: z.array(z.number()).readonly(),
  /** Commands of the episode that broke a limit. */
  limitViolations: z.int().min(0),
});

export const answerSchema = z.union([
  z.strictObject({ ready: z.literal(true) }),
  z.strictObject({ result: episodeResultSchema }),
  /** `params.invalid`: the node refused the parameters, and the simulation goes on; it ends after any other error. */
  z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string() }) }),
]);

export type ParameterValues = z.infer<typeof parameterValues>;
export type SimulationSetting = z.infer<typeof simulationSettingSchema>;
export type EpisodeRequest = z.infer<typeof episodeRequestSchema>;
export type EpisodeResult = z.infer<typeof episodeResultSchema>;
export type Answer = z.infer<typeof answerSchema>;
