import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { gatherParameters } from '../../../src/params/given-parameters.js';
import { readRosArguments } from '../../../src/params/ros-arguments.js';
import { validateParameters } from '../../../src/params/validate.js';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'config');

describe('a shipped parameter file', () => {
  it.each(readdirSync(FOLDER).filter((name) => name.endsWith('.yaml')))(
    '%s has parameters of the node alone, in their ranges',
    (name) => {
      const path = join(FOLDER, name);
      const given = readRosArguments(
        ['node', 'main.js', '--ros-args', '--params-file', path],
        'planner_node',
      );
      const { values, warnings } = gatherParameters(
        given,
        (file) => readFileSync(file, 'utf8'),
        () => false,
      );

      expect(warnings).toEqual([]);
      expect(values.size).toBeGreaterThan(5);
      const validate = () => validateParameters(Object.fromEntries(values), { acceptsQuantities: true });
      expect(validate).not.toThrow();
    },
  );
});
