import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readOperator } from '../../../src/dashboard/planner/condition.js';
import {
  readDescriptor,
  readValue,
  writeParameter,
} from '../../../src/dashboard/planner/parameter-messages.js';
import { readFigures } from '../../../src/dashboard/planner/statistics.js';

const DESCRIPTOR = {
  name: 'command.period_ms',
  type: 2,
  description: 'Period of the command stream. [ms]',
  additional_constraints:
    'Static: read when the node is configured; may be set only before that, or after a clean-up.',
  read_only: false,
  floating_point_range: [],
  integer_range: [{ from_value: 1n, to_value: 1000n }],
};

describe('a descriptor', () => {
  it('says everything that a slider needs', () => {
    expect(readDescriptor(DESCRIPTOR)).toEqual({
      name: 'command.period_ms',
      type: 'integer',
      range: [1, 1000],
      step: 1,
      unit: 'ms',
      defaultValue: 20,
      description: 'Period of the command stream.',
      change: 'static',
      choices: null,
      maxLength: null,
    });
  });

  it('says what to choose from', () => {
    const additional_constraints =
      'One of model_default, l1, cosine. Dynamic: takes effect with the next plan or tick.';
    expect(
      readDescriptor({
        ...DESCRIPTOR,
        name: 'objective.metric',
        type: 4,
        integer_range: [],
        additional_constraints,
      }),
    ).toMatchObject({
      choices: ['model_default', 'l1', 'cosine'],
      change: 'dynamic',
      step: null,
      range: null,
    });
  });

  it('says how many numbers, and that a parameter may not change', () => {
    const additional_constraints = 'At most 64 numbers. Read-only: read when the node starts.';
    expect(
      readDescriptor({ ...DESCRIPTOR, name: 'unknown', type: 8, read_only: true, additional_constraints }),
    ).toMatchObject({ maxLength: 64, change: 'read-only', defaultValue: null });
  });

  it('of a type without a control is none', () => {
    expect(readDescriptor({ ...DESCRIPTOR, type: 9 })).toBeNull();
  });
});

describe('a value', () => {
  it.each([
    [3, 'integer', 2],
    [3, 'double', 3],
    [0.5, 'integer', 3],
    ['cem', 'string', 4],
    ['cem', 'double', 4],
    [true, 'boolean', 1],
    [[1, 2], 'double_array', 8],
    [3, null, 3],
  ] as const)('%j for a parameter of type %s is sent as ROS type %i', (value, type, rosType) => {
    const sent = typeof value === 'object' ? [...value] : value;
    const message = writeParameter('a', sent, type);
    expect(message.value.type).toBe(rosType);
    expect(readValue(message.value)).toEqual(sent);
  });
});

describe('figures', () => {
  it('are numbers, lists of numbers, text or nothing', () => {
    const values = new Map([
      ['plan_ms', '12.5'],
      ['best_cost', 'nan'],
      ['elites_std_by_iteration', '0.5 0.25 0.1'],
      ['costs_by_term', '3'],
      ['frame_stamp_ns', '1700000000123456789'],
      ['device', 'cpu'],
      ['fallbacks', ''],
      ['late', '0'],
    ]);
    expect(readFigures(values)).toEqual({
      plan_ms: 12.5,
      best_cost: null,
      elites_std_by_iteration: [0.5, 0.25, 0.1],
      costs_by_term: [3],
      frame_stamp_ns: '1700000000123456789',
      device: 'cpu',
      fallbacks: '',
      late: 0,
    });
  });

  it('are JSON, whatever a node publishes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string())), (entries) => {
        const figures = readFigures(new Map(entries));
        expect(JSON.parse(JSON.stringify(figures))).toEqual({ ...figures });
      }),
    );
  });
});

describe('the condition of the robot', () => {
  const values = { condition: 'hold', emergency_stop: '', speed_scale: '0.5', dry_run: 'false' };

  it('is paused, stopped and slowed as the diagnostics say', () => {
    const message = 'pause: paused, clears with ~/pause with data: false';
    const status = {
      level: 'error',
      name: 'motion',
      message,
      values: new Map(Object.entries(values)),
    } as const;
    expect(readOperator(status)).toEqual({
      type: 'operator',
      condition: 'hold',
      level: 'error',
      message,
      paused: true,
      stopped: false,
      speedScale: 0.5,
      dryRun: false,
    });
    const stopped = new Map(Object.entries({ ...values, emergency_stop: 'pressed by /button' }));
    expect(readOperator({ ...status, message: '', values: stopped })).toMatchObject({
      paused: false,
      stopped: true,
    });
  });

  it('is not known before the node is configured', () => {
    expect(
      readOperator({ level: 'stale', name: 'motion', message: 'not configured', values: new Map() }),
    ).toMatchObject({ paused: null, stopped: null, speedScale: null, dryRun: null, condition: '' });
  });
});
