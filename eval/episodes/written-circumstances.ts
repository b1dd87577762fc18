import { z } from 'zod';
import { SIMULATOR_NAMES } from '../demo/simulators.js';
import { writtenTaskSchema } from './tasks/written-task.js';

/** What the episodes of a result have in common, as the result has it. */
export const writtenCircumstancesSchema = z.strictObject({
  simulator: z.enum(SIMULATOR_NAMES),
  robot: z.string(),
  model: z.strictObject({ name: z.string(), sha256: z.string() }),
  task: writtenTaskSchema,
  imperfections: z.array(z.string()).readonly(),
  episodes: z.int().min(1),
  seed: z.int().min(0),
  episodeSeconds: z.number().positive(),
});
