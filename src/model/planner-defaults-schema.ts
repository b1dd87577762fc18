import { z } from 'zod';

const count = z.int().min(1);

/** `plannerDefaults` of the manifest: what a planner takes where its parameters leave it to the model. See manifest-schema.ts. */
export const plannerDefaultsSchema = z.strictObject({
  samples: count.describe('Candidates in an iteration'),
  iterations: count.describe('Iterations of a plan'),
  elites: count.describe('Cheapest candidates, to which the next iteration is fitted'),
  horizon: count.meta({ unit: 'predictor steps', description: 'Predictor steps in a plan (H)' }),
  initialStd: z.number().positive().meta({
    unit: 'half ranges',
    description: 'Standard deviation of the first candidates, as a fraction of half the action range',
  }),
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe("Share of the old mean and standard deviation that a refit keeps; none: the planner's default"),
  actionRepeat: count
    .optional()
    .describe('Control periods that each sampled action is held for, independent of `action.block`; none: 1'),
  minStd: z.number().min(0).meta({ unit: 'half ranges', description: 'Minimum standard deviation' }),
  actionPenalty: z
    .number()
    .min(0)
    .describe(
      "Weight of the mean of `(action / larger bound)²`, in the unit of the model's default objective; ignored with any other objective",
    ),
  restMargin: z
    .number()
    .min(0)
    .optional()
    .describe(
      "A plan is followed only if it costs this much less than resting; in the unit of the model's default objective, and ignored with any other objective; none: 0",
    ),
  proposalMargin: z
    .number()
    .min(0)
    .optional()
    .describe(
      "A plan is followed only if it costs this much less than what `inverseDynamics` proposes; in the unit of the model's default objective, and ignored with any other objective; none: 0",
    ),
});
