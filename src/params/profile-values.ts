import type { ParameterValue } from '../core/parameter.js';
import { parseProfile, sectionsFor } from './profile.js';
import type { GivenValue } from './profile.js';
import { validateParameters } from './validate.js';

/**
 * The values that a profile has for one node. Unlike {@link gatherParameters}, which takes the files that a node is started with, it refuses
 * every name that the node does not have, also under a key with wildcards: a profile is for this node alone.
 *
 * @param text of a ROS 2 parameter file
 * @param subject what to call the file in an error
 * @param fullName of the node, such as `/robot1/planner_node`
 * @returns only the parameters that the profile names
 * @throws JepaMpcError `params.invalid` for text that is no parameter file, unknown and former names, and values out of range
 */
export function profileValues(
  text: string,
  subject: string,
  fullName: string,
): ReadonlyMap<string, ParameterValue> {
  const given = new Map<string, GivenValue>();
  for (const section of sectionsFor(parseProfile(text, subject), fullName))
    for (const [name, value] of section.values) given.set(name, value);
  const values: Readonly<Record<string, ParameterValue>> = validateParameters(Object.fromEntries(given), {
    acceptsQuantities: true,
  });
  return new Map(
    [...given.keys()].map((name) => {
      const value = values[name];
      if (value === undefined) throw new TypeError(`no value of ${name} came back from its validation`);
      return [name, value];
    }),
  );
}
