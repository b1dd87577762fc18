import { CdrReader } from '@foxglove/cdr';
import { describe, expect, it } from 'vitest';

import { diagnosticArray } from '../../../../src/ros/diagnostics/diagnostic-messages.js';
import {
  parameterOf,
  partsOf,
  planValues,
  type DiagnosticMessage,
} from '../../../../src/ros/observer/observed-messages.js';

/** A message as another node receives it. */
function received(message: Buffer): DiagnosticMessage {
  const reader = new CdrReader(message);
  reader.int32();
  reader.uint32();
  reader.string();
  const status = Array.from({ length: reader.sequenceLength() }, () => {
    const level = reader.uint8();
    const [name, text] = [reader.string(), reader.string()];
    reader.string();
    const values = Array.from({ length: reader.sequenceLength() }, () => {
      const key = reader.string();
      return { key, value: reader.string() };
    });
    return { level, name, message: text, values };
  });
  return { status };
}

const published = received(
  diagnosticArray(17n, 'reacher', [
    { level: 'warn', name: 'planner', message: 'late', values: { late: 1, rollout: 'host' } },
    { level: 'stale', name: 'planner_node: camera image', message: 'no image', values: { rate_hz: '0.00' } },
    { level: 'ok', name: 'other_node: model', message: '', values: {} },
  ]),
);

describe('what an observer reads', () => {
  it('are the values of a plan, as text', () => {
    expect(planValues(published)).toEqual({ late: '1', rollout: 'host' });
    expect(planValues({ status: [] })).toBeNull();
  });

  it('are the parts of one node, by name', () => {
    expect(partsOf(published, 'planner_node')).toEqual({
      'camera image': { level: 'stale', message: 'no image', values: { rate_hz: '0.00' } },
    });
  });

  it.each([
    [1, true],
    [2, 7],
    [3, 0.5],
    [4, 'cem'],
    [8, [1, 2]],
    [0, null],
    [9, null],
  ])('are parameters of type %i', (type, expected) => {
    const message = {
      type,
      bool_value: true,
      integer_value: 7n,
      double_value: 0.5,
      string_value: 'cem',
      double_array_value: Float64Array.of(1, 2),
    };
    expect(parameterOf(message)).toEqual(expected);
  });
});
