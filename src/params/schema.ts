import { z } from 'zod';

import type { Parameter, ParameterValue, ValuesOf } from '../core/parameter.js';
import { goalParameters } from '../goals/goal-progress.js';
import { goalStoreParameters } from '../goals/goal-store.js';
import { replanningParameters } from '../loop/replanning.js';
import { cameraSyncParameters } from '../perception/camera-sync.js';
import { planningParameters } from '../planning/planning-parameters.js';
import { recordingParameters } from '../recording/recording-parameters.js';
import { limitParameters } from '../robot/limit-options.js';
import { commandParameters } from '../safety/command-settings.js';
import { emergencyStopParameters } from '../safety/emergency-stop.js';
import { speedScaleParameters } from '../safety/speed-scale.js';
import { watchdogParameters } from '../safety/watchdog-parameters.js';
import { workspaceParameters } from '../safety/workspace/workspace-parameters.js';
import { explanationParameters, loadParameters } from '../worker/planner-port.js';
import { nodeParameters } from './node-parameters.js';

/**
 * Every parameter of the planner node, by its ROS name, composed from the fragments that are declared beside what they steer. The ROS
 * descriptors, the validation and `docs/parameters.md` are derived from this object.
 */
const declarations = {
  ...loadParameters,
  ...nodeParameters,
  ...planningParameters,
  ...replanningParameters,
  ...commandParameters,
  ...speedScaleParameters,
  ...emergencyStopParameters,
  ...limitParameters,
  ...watchdogParameters,
  ...workspaceParameters,
  ...cameraSyncParameters,
  ...goalParameters,
  ...goalStoreParameters,
  ...explanationParameters,
  ...recordingParameters,
};

export type Parameters = ValuesOf<typeof declarations>;
export type ParameterName = keyof Parameters;

/** One parameter with its name, for a table row, a ROS descriptor or a slider. */
export interface ParameterInfo extends Parameter<ParameterValue> {
  readonly name: ParameterName;
}

/** Every parameter in the order of declaration. */
export const parameterInfos: readonly ParameterInfo[] = Object.entries(declarations).map(
  ([name, declaration]) => ({ ...declaration, name: name as ParameterName }),
);

/** The same by name. */
export const parametersByName: ReadonlyMap<string, ParameterInfo> = new Map(
  parameterInfos.map((info) => [info.name, info]),
);

/** Inclusive ranges of the parameters that are numbers, by name. */
export const parameterRanges: Readonly<Record<string, readonly [min: number, max: number]>> =
  Object.fromEntries(
    parameterInfos.flatMap(({ name, range }) => (range === undefined ? [] : [[name, range] as const])),
  );

const planningNames: ReadonlySet<string> = new Set(
  Object.keys({ ...planningParameters, ...replanningParameters }),
);

/** Whether it is one of those that plans depend on, rather than limits, commands, goals or the node itself. */
export function isPlanningParameter(name: string): boolean {
  return planningNames.has(name);
}

/** Checks a whole set of values; missing ones take their default. Unknown names are refused. */
export const parameterSchema: z.ZodType<Parameters> = z.strictObject(
  Object.fromEntries(parameterInfos.map((info) => [info.name, schemaOf(info).default(info.defaultValue)])),
) as unknown as z.ZodType<Parameters>;

function schemaOf({ type, range, maxLength, choices }: ParameterInfo): z.ZodType<ParameterValue> {
  const [min, max] = range ?? [-Infinity, Infinity];
  switch (type) {
    case 'boolean':
      return z.boolean();
    case 'string':
      return choices === undefined ? z.string() : z.enum([...choices]);
    case 'integer':
      return z.int().min(min).max(max);
    case 'double':
      return z.number().min(min).max(max);
    case 'double_array':
      return z.array(z.number().min(min).max(max)).max(maxLength ?? Infinity);
  }
}
