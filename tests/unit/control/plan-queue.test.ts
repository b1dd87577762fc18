import { describe, expect, it } from 'vitest';
import { actionIndexAt, PlanQueue, takeoverNs } from '../../../src/control/plan-queue.js';
import { ms, planOf } from './fixtures.js';

const ROWS = [[1], [2], [3]];

describe('actions in time', () => {
  it('belong to half-open periods from the frame on', () => {
    const plan = planOf(1000, ROWS);
    const at = (time: number): number => actionIndexAt(plan, ms(time));
    expect([at(999.999), at(1000), at(1099.999), at(1100), at(1300)]).toEqual([-1, 0, 0, 1, 3]);
  });

  it('take over after the committed ones', () => {
    expect(takeoverNs(planOf(1000, ROWS, 1))).toBe(ms(1100));
  });
});

describe('PlanQueue', () => {
  it('lets no plan take over before its time', () => {
    const queue = new PlanQueue();
    queue.add(planOf(0, ROWS, 1));
    expect(queue.inForceAt(ms(99))).toBeNull();
    expect(queue.inForceAt(ms(100))?.frameStampNs).toBe(0n);
  });

  it('gives every plan its turn when frames come faster than plans may take over', () => {
    const queue = new PlanQueue();
    for (const frame of [0, 33, 66, 99]) queue.add(planOf(frame, ROWS, 1));
    const inForce = [100, 132, 133, 166, 199].map((time) => queue.advanceTo(ms(time))?.frameStampNs);
    expect(inForce).toEqual([0n, 0n, ms(33), ms(66), ms(99)]);
  });

  it('answers the same for a time whether or not it was advanced to it', () => {
    const fill = (queue: PlanQueue): void => {
      queue.add(planOf(0, ROWS, 1));
      queue.add(planOf(100, ROWS, 1));
    };
    const untouched = new PlanQueue();
    const advanced = new PlanQueue();
    fill(untouched);
    fill(advanced);
    advanced.advanceTo(ms(150));
    for (const time of [150, 199, 200, 500]) {
      expect(untouched.inForceAt(ms(time))).toEqual(advanced.inForceAt(ms(time)));
    }
  });

  it('prefers the newer frame when both may run, and refuses frames that are not newer', () => {
    const queue = new PlanQueue();
    expect(queue.add(planOf(0, ROWS, 2))).toBe(true);
    expect(queue.add(planOf(50, ROWS, 0))).toBe(true);
    expect(queue.add(planOf(50, ROWS, 0))).toBe(false);
    expect(queue.add(planOf(20, ROWS, 0))).toBe(false);
    expect(queue.advanceTo(ms(250))?.frameStampNs).toBe(ms(50));
  });

  it('keeps a bounded number of plans when nobody advances it', () => {
    const queue = new PlanQueue();
    for (let frame = 0; frame < 1000; frame++) queue.add(planOf(frame, ROWS));
    expect(queue.inForceAt(ms(900))).toBeNull();
    expect(queue.inForceAt(ms(999))?.frameStampNs).toBe(ms(999));
  });
});
