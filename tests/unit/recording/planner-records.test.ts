import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import {
  GOAL,
  goalOf,
  goalRecord,
  jointsOf,
  REQUEST,
  requestRecord,
} from '../../../src/recording/planner-records.js';
import { decode, encode } from '../../../src/recording/ros-message.js';
import type { PlanRequest } from '../../../src/worker/planner-port.js';
import { defaultValues } from '../../fixtures/planners.js';

const stampNs = fc.bigInt({ min: 0n, max: 2n ** 31n * 1_000_000_000n - 1n });
const numbers = fc.float64Array({ minLength: 1, maxLength: 12 });
const image = fc.record({
  stampNs,
  width: fc.nat(40),
  height: fc.nat(40),
  encoding: fc.constantFrom('rgb8', 'bayer_rggb8', 'mono16'),
  isBigEndian: fc.boolean(),
  step: fc.nat(200),
  data: fc.uint8Array({ maxLength: 100 }),
});
const set: fc.Arbitrary<FrameSet> = fc.oneof(
  fc.record({ stampNs, frames: fc.array(image, { maxLength: 3 }) }),
  fc.record({ stampNs, frames: fc.array(image, { maxLength: 3 }), proprioception: numbers }),
  fc.record({ stampNs, frames: fc.constant([]), latent: fc.float32Array({ minLength: 1, noNaN: true }) }),
);
const joints = fc
  .tuple(numbers, numbers, numbers, numbers)
  .chain(([position, lower, upper, commanded]) =>
    fc.constantFrom<PlanRequest['joints']>(
      { position, lower, upper },
      { position, lower, upper, commanded },
      { position, lower, upper, units: ['rad', 'm'] },
    ),
  );
const request: fc.Arbitrary<PlanRequest> = fc.record({
  planIndex: fc.nat(2 ** 31),
  history: fc.array(set, { minLength: 1, maxLength: 4 }),
  goal: set,
  committed: fc.float32Array({ noNaN: true }),
  joints,
  values: fc
    .record({
      objectiveWeight: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Object.is(x, -0)),
    })
    .map(({ objectiveWeight }) => ({ ...defaultValues, 'objective.action_weight': objectiveWeight })),
  extras: fc.record({ candidates: fc.nat(500), costTerms: fc.boolean(), latent: fc.boolean() }),
});

describe('the record of a planning job', () => {
  it('has everything that the planner was given, bit by bit', () => {
    fc.assert(
      fc.property(request, (given) => {
        const record = decode(REQUEST, encode(REQUEST, requestRecord(5n, { job: 7, goal: 3 }, given)));
        expect(record).toMatchObject({ stamp: 5n, job: 7, goal: 3, plan_index: given.planIndex });
        expect(record.committed).toEqual(given.committed);
        expect(jointsOf(record)).toEqual(given.joints);
        expect(JSON.parse(record.values)).toEqual(given.values);
        expect(record.history).toEqual(
          given.history.map(({ stampNs: stamp, frames, proprioception }) => ({
            stamp,
            image_stamps: frames.map((frame) => frame.stampNs),
            proprioception: proprioception ?? new Float64Array(0),
          })),
        );
        expect([record.candidates, record.cost_terms, record.latent]).toEqual([
          given.extras.candidates,
          given.extras.costTerms,
          given.extras.latent,
        ]);
      }),
    );
  });
});

describe('the record of a goal', () => {
  it('has all kinds of goals', () => {
    fc.assert(
      fc.property(set, (goal) => {
        expect(goalOf(decode(GOAL, encode(GOAL, goalRecord(5n, 3, goal))))).toEqual(goal);
      }),
    );
  });
});
