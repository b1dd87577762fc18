import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { JepaMpcError } from '../../src/core/errors.js';
import { writtenCircumstancesSchema } from '../episodes/written-circumstances.js';

const interval = z.tuple([z.number(), z.number()]);
const scalar = z.union([z.string(), z.number(), z.boolean()]);

const figures = z.strictObject({
  successes: z.int().min(0),
  successRate: z.number(),
  /** Wilson. */
  successInterval95: interval,
  /** Median over the episodes that succeeded [s], with an interval that holds for any distribution; null where none did. */
  timeToGoalS: z.strictObject({ median: z.number(), interval95: interval }).nullable(),
});

const parameter = z.strictObject({
  name: z.string(),
  unit: z.string(),
  points: z.array(figures.extend({ value: scalar })),
});

/** What the points of a sweep have in common. */
const circumstances = writtenCircumstancesSchema.extend({
  /** Parameters of the profile that is varied. */
  profile: z.record(z.string(), z.unknown()),
});

const sweepSchema = circumstances.extend({
  machine: z.string(),
  /** The profile as it is. */
  base: figures.nullable(),
  parameters: z.array(parameter),
});

export type SweepFigures = z.infer<typeof figures>;
export type SweptParameter = z.infer<typeof parameter>;
export type Circumstances = z.infer<typeof circumstances>;
export type Sweep = z.infer<typeof sweepSchema>;

/**
 * The result of an earlier sweep to go on with, or one without points.
 *
 * @throws JepaMpcError `params.invalid` for a file that is no result, or one of other circumstances
 */
export function resumeSweep(file: string, present: Circumstances, machine: string): Sweep {
  if (!existsSync(file)) return { ...present, machine, base: null, parameters: [] };
  const parsed = sweepSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) {
    throw new JepaMpcError('params.invalid', {
      subject: file,
      found: z.prettifyError(parsed.error),
      expected: 'the result of an earlier sweep',
      remedy: 'Give another folder with --out.',
      cause: parsed.error,
    });
  }
  const earlier = parsed.data;
  const differing = Object.entries(present).find(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(earlier[name as keyof Circumstances]),
  );
  if (differing === undefined) return earlier;
  const [name, value] = differing;
  throw new JepaMpcError('params.invalid', {
    subject: file,
    found: `an earlier sweep with ${name} ${JSON.stringify(earlier[name as keyof Circumstances])}`,
    expected: `${JSON.stringify(value)}, as now`,
    remedy: 'Give another folder with --out.',
  });
}
