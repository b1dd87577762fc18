import { expect, test } from 'vitest';

import { layoutOf } from '../../../scripts/setup/layout.mjs';
import { findRosSource } from '../../../scripts/setup/ros-source.mjs';
import { makeRunEnvironment } from '../../../scripts/setup/run-environment.mjs';

test.each([
  [{}, '1'],
  [{ ORT_DISABLE_TELEMETRY: '0' }, '0'],
])(
  'programs of the product collect nothing for the vendor of ONNX Runtime, unless the user wants it: %j',
  async (env, expected) => {
    const layout = layoutOf();
    const run = await makeRunEnvironment(layout, findRosSource(env, layout), env, { isolated: false });
    expect(run.env['ORT_DISABLE_TELEMETRY']).toBe(expected);
    run.release();
  },
);
