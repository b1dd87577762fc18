import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { JepaMpcError } from '../../src/core/errors.js';
import type { ParameterValue } from '../../src/core/parameter.js';
import { writeValue } from '../../src/core/write-value.js';
import { gatherOwnParameters } from '../../src/params/given-parameters.js';
import { parametersByName } from '../../src/params/schema.js';
import { validateParameters } from '../../src/params/validate.js';
import { belongsToRos } from '../../src/ros/parameters/parameter-types.js';
import type { ParameterValues } from '../simulation/wire.js';

/** Name that stands for a profile without any parameter. */
export const DEFAULTS = 'defaults';

/** Parameters that a run sets itself. */
const SET_BY_RUN = ['model', 'seed', 'autostart'];

/** Values without which a simulation in lockstep does not run. */
const NEEDED: Readonly<Record<string, ParameterValue>> = {
  'command.interface': 'joint_trajectory',
  'command.period_ms': 20,
  dry_run: false,
};

/** A parameter file of the planner node: its values that differ from the defaults. */
export interface PlannerProfile {
  /** Name of its file without the extension, or `defaults`. */
  readonly name: string;
  /** Null for the defaults. */
  readonly file: string | null;
  /** Dynamic parameters. */
  readonly dynamic: ParameterValues;
  /** Static and read-only parameters. */
  readonly start: ParameterValues;
}

/**
 * Reads a profile.
 *
 * @param file a parameter file, or `defaults`
 * @param readText reads a file
 * @throws JepaMpcError `params.invalid` for a file that cannot be read, has names that the node does not declare, values out of range, or
 *   values that a simulation in lockstep does not run with
 */
export function readPlannerProfile(
  file: string,
  readText: (path: string) => string = readParameterFile,
): PlannerProfile {
  if (file === DEFAULTS) return { name: DEFAULTS, file: null, dynamic: {}, start: {} };
  const given = gatherOwnParameters(
    { others: [], fullName: '/planner_node', parameters: [{ kind: 'file', path: file }] },
    `profile ${file}`,
    readText,
    belongsToRos,
  );
  const checked = validateParameters(given, { acceptsQuantities: true });
  const changed = Object.entries(checked).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(parametersByName.get(name)?.defaultValue),
  );
  for (const [name, value] of changed) checkNeeded(file, name, value);
  const kept = changed.filter(([name]) => !SET_BY_RUN.includes(name));
  const isDynamic = ([name]: readonly [string, unknown]): boolean =>
    parametersByName.get(name)?.change === 'dynamic';
  return {
    name: basename(file, extname(file)),
    file,
    dynamic: Object.fromEntries(kept.filter(isDynamic)),
    start: Object.fromEntries(kept.filter((entry) => !isDynamic(entry))),
  };
}

function checkNeeded(file: string, name: string, value: unknown): void {
  const needed = NEEDED[name];
  if (needed === undefined || value === needed) return;
  throw new JepaMpcError('params.invalid', {
    subject: `parameter ${name} of profile ${file}`,
    found: writeValue(value),
    expected: `${writeValue(needed)}, without which a simulation in lockstep does not run`,
    remedy: 'Take it out of a copy of the profile.',
  });
}

function readParameterFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new JepaMpcError('params.invalid', {
      subject: `parameter file ${path}`,
      found: 'no readable file',
      expected: `a parameter file of the planner node, or the word ${DEFAULTS}`,
      remedy: 'Correct the path; config/reacher.yaml is one to start from.',
      cause,
    });
  }
}
