import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { JepaMpcError } from '../../src/core/errors.js';
import { demoReportSchema } from '../demo/demo-report.js';
import { writtenTaskSchema } from '../episodes/tasks/written-task.js';

const point = demoReportSchema
  .pick({ successRate: true, successInterval95: true, limitViolations: true })
  .extend({ level: z.number() });
const curve = z.strictObject({ name: z.string(), title: z.string(), points: z.array(point).min(1) });
const robustnessSchema = z.strictObject({
  label: z.string(),
  model: demoReportSchema.shape.model,
  /** Results of earlier versions, which had one task only, have none. */
  task: writtenTaskSchema.optional(),
  simulator: z.string(),
  episodes: z.int().min(1),
  seed: z.int().min(0),
  machine: z.string(),
  minutes: z.number(),
  curves: z.array(curve).min(1),
});

/** What `--json` writes: success by the level of each imperfection. */
export type Robustness = z.infer<typeof robustnessSchema>;

/**
 * Reads the result of an earlier run.
 *
 * @throws JepaMpcError params.invalid
 */
export function readResult(file: string): Robustness {
  const parsed = robustnessSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new JepaMpcError('params.invalid', {
    subject: file,
    found: z.prettifyError(parsed.error),
    expected: 'a result that --json wrote',
    remedy: 'Give the file of an earlier run with --compare.',
    cause: parsed.error,
  });
}
