import { z } from 'zod';
import { JepaMpcError } from '../../src/core/errors.js';
import { CONTACT_KINDS } from '../ros/contact-messages.js';
import { writtenTaskSchema } from '../episodes/tasks/written-task.js';
import { SIMULATOR_NAMES } from './simulators.js';

const finite = z.number();
const nonNegative = finite.min(0);
const rate = finite.min(0).max(1);
const interval95 = z.tuple([rate, rate]);
const latency = z.strictObject({ p50: nonNegative, p95: nonNegative });
const point = z.tuple([finite, finite, finite]);
const baseline = z.strictObject({ successRate: rate, successInterval95: interval95 }).nullable();

/**
 * One episode: `startRad`, `goalRad` in the order of the joints of the robot, rad or m; `timeS` is simulated time to success or to `failure`, or the
 * time limit.
 */
const episode = z.strictObject({
  success: z.boolean(),
  /** Of what the task moves: the tip, or an object along the surface. */
  finalDistanceM: nonNegative,
  /** Why the planner node held the robot when the time was up; empty when it did not. */
  holdReason: z.string(),
  /** Why the goal went out of reach before the time limit; absent where it did not. */
  failure: z.string().min(1).optional(),
  timeS: nonNegative,
  startRad: z.array(finite).min(1),
  /** The pose that the goal image shows. */
  goalRad: z.array(finite).min(1),
  /** The object that was to be moved, and its middle in the frame of the root link, m; absent where the task moves none. */
  object: z.strictObject({ name: z.string(), startM: point, goalM: point }).optional(),
});

/** A pair that touched; `self_collisions`: two links that move, `surroundings`: a link other than the tool, then what it touched. */
const contact = z.strictObject({
  kind: z.enum(CONTACT_KINDS),
  names: z.tuple([z.string(), z.string()]),
  episodes: z.int().min(1),
});

/** What `demo.json` holds, exactly. Unknown fields are errors. */
export const demoReportSchema = z.strictObject({
  /** `joints`: those that moved, in URDF order. */
  robot: z.strictObject({ name: z.string().min(1), joints: z.array(z.string()).min(1) }),
  task: writtenTaskSchema,
  simulator: z.enum(SIMULATOR_NAMES),
  imperfections: z.array(z.string()),
  seed: z.int().min(0),
  mode: z.enum(['lockstep', 'realtime']),
  /** Time limit of an episode [s]. */
  episodeSeconds: finite.positive(),
  episodes: z.array(episode).min(1),
  successRate: rate,
  successInterval95: interval95,
  /** Median of `timeS` over the episodes that succeeded; null where none did. */
  medianTimeS: nonNegative.nullable(),
  /** Null: not run. The inverse dynamics also where the model has none. */
  baselines: z.strictObject({
    inverseDynamics: baseline,
    random: baseline,
    doNothing: baseline,
    squaredLatentDistance: baseline,
  }),
  planRateHz: z.strictObject({ median: nonNegative, p5: nonNegative }),
  planMs: latency,
  frameToCommandMs: latency,
  rosThreadGapMs: z.strictObject({ p99: nonNegative, max: nonNegative }),
  limitViolations: z.int().min(0),
  /** Pairs that touched in any episode, of the baselines, too. Null: the simulator does not count them for this robot. */
  contacts: z.array(contact).nullable(),
  /** Largest change of the commanded velocity from one command to the next, as a fraction of what the acceleration limit allows. */
  largestAcceleration: nonNegative,
  device: z.string().min(1),
  model: z.strictObject({ name: z.string().min(1), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
});

export type DemoReport = z.infer<typeof demoReportSchema>;
export type BaselineReport = NonNullable<z.infer<typeof baseline>>;

/**
 * The report as the text of `demo.json`, checked first.
 *
 * @throws JepaMpcError params.invalid when a figure is missing, not finite or out of range
 */
export function serializeReport(report: DemoReport): string {
  const checked = demoReportSchema.safeParse(report);
  if (!checked.success) {
    throw new JepaMpcError('params.invalid', {
      subject: 'demo report',
      found: z.prettifyError(checked.error),
      expected: 'every figure of the demo report, finite and in range',
      remedy:
        'This is a defect of the demo, or of a figure in ~/statistics: report it with the command line used.',
      cause: checked.error,
    });
  }
  return `${JSON.stringify(checked.data, null, 2)}\n`;
}
