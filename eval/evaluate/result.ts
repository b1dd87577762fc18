import { z } from 'zod';
import { writtenCircumstancesSchema } from '../episodes/written-circumstances.js';
import { episodeResultSchema } from '../simulation/wire.js';

const rate = z.number().min(0).max(1);
const interval = z.tuple([z.number(), z.number()]);
/** Quartiles over episodes. */
const quartiles = z.strictObject({ p25: z.number(), p50: z.number(), p75: z.number() });
/** Over plans. */
const latency = z.strictObject({ p50: z.number(), p95: z.number() });

/** Figures of one profile over all episodes. */
const profileFigures = z.strictObject({
  name: z.string(),
  file: z.string().nullable(),
  /** Parameters that differ from the defaults. */
  parameters: z.record(z.string(), z.unknown()),
  successes: z.int().min(0),
  successRate: rate,
  /** Wilson. */
  successInterval95: interval,
  /** Of the episodes that succeeded; null where none did. */
  timeToGoalS: quartiles.nullable(),
  effort: quartiles,
  jerk: quartiles,
  planMs: latency,
  frameAgeMs: latency,
  limitViolations: z.int().min(0),
  episodes: z.array(episodeResultSchema.omit({ planMs: true, frameAgeMs: true })),
});

/** Two profiles on the same episodes. */
const comparison = z.strictObject({
  baseline: z.string(),
  other: z.string(),
  onlyBaselineSucceeds: z.int().min(0),
  onlyOtherSucceeds: z.int().min(0),
  /** Exact test of McNemar, two-sided. */
  successP: rate,
  /** Over the episodes in which both succeed; null where there are fewer than two. */
  time: z
    .strictObject({
      episodes: z.int().min(2),
      /** Geometric mean of time of the other / time of the baseline: below 1 the other is faster. */
      ratio: z.number().positive(),
      /** Bootstrap over episodes. */
      ratioInterval95: interval,
      otherFaster: z.int().min(0),
      baselineFaster: z.int().min(0),
      /** Exact sign test, two-sided. */
      p: rate,
    })
    .nullable(),
});

/** What `evaluate --json` writes. */
export const evaluationSchema = writtenCircumstancesSchema.extend({
  jobs: z.int().min(1),
  machine: z.string(),
  minutes: z.number(),
  profiles: z.array(profileFigures).min(1),
  comparisons: z.array(comparison),
});

export type ProfileFigures = z.infer<typeof profileFigures>;
export type Comparison = z.infer<typeof comparison>;
export type Evaluation = z.infer<typeof evaluationSchema>;
