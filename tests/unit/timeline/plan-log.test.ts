import { describe, expect, it } from 'vitest';
import { actionIndexAt, endNs, firstFreeNs, PlanLog, type DuePlan } from '../../../src/timeline/plan-log.js';
import { ms, planOf } from '../../fixtures/robot.js';

const ROWS = [[1], [2], [3]];

/** A plan that begins with its frame. */
function due(frameMs: number, committed = 0): DuePlan {
  const plan = planOf(frameMs, ROWS, committed);
  return { plan, startNs: plan.frameStampNs, takeoverNs: firstFreeNs(plan, plan.frameStampNs) };
}

describe('actions in time', () => {
  it('belong to half-open periods from the frame on', () => {
    const plan = due(1000);
    const at = (time: number): number => actionIndexAt(plan, ms(time));
    expect([at(999.999), at(1000), at(1099.999), at(1100), at(1300)]).toEqual([-1, 0, 0, 1, 3]);
  });

  it('take over after the committed ones', () => {
    expect(firstFreeNs(planOf(1000, ROWS, 1), ms(1000))).toBe(ms(1100));
    expect(endNs(due(1000, 1))).toBe(ms(1300));
  });
});

describe('PlanLog', () => {
  it('lets no plan take over before its time', () => {
    const queue = new PlanLog();
    queue.add(due(0, 1));
    expect(queue.inForceAt(ms(99))).toBeNull();
    expect(queue.inForceAt(ms(100))?.plan.frameStampNs).toBe(0n);
  });

  it('lets every plan take over when frames arrive faster than plans may take over', () => {
    const queue = new PlanLog();
    for (const frame of [0, 33, 66, 99]) queue.add(due(frame, 1));
    const inForce = [100, 132, 133, 166, 199].map((time) => queue.advanceTo(ms(time))?.plan.frameStampNs);
    expect(inForce).toEqual([0n, 0n, ms(33), ms(66), ms(99)]);
  });

  it('answers the same for a time whether or not it was advanced to it', () => {
    const fill = (queue: PlanLog): void => {
      queue.add(due(0, 1));
      queue.add(due(100, 1));
    };
    const untouched = new PlanLog();
    const advanced = new PlanLog();
    fill(untouched);
    fill(advanced);
    advanced.advanceTo(ms(150));
    for (const time of [150, 199, 200, 500]) {
      expect(untouched.inForceAt(ms(time))).toEqual(advanced.inForceAt(ms(time)));
    }
  });

  it('prefers the newer frame when both may run, and refuses frames that are not newer', () => {
    const queue = new PlanLog();
    expect(queue.add(due(0, 2))).toBe(true);
    expect(queue.add(due(50, 0))).toBe(true);
    expect(queue.add(due(50, 0))).toBe(false);
    expect(queue.add(due(20, 0))).toBe(false);
    expect(queue.advanceTo(ms(250))?.plan.frameStampNs).toBe(ms(50));
  });

  it('keeps a bounded number of plans when nobody advances it', () => {
    const queue = new PlanLog();
    for (let frame = 0; frame < 1000; frame++) queue.add(due(frame));
    expect(queue.inForceAt(ms(900))).toBeNull();
    expect(queue.inForceAt(ms(999))?.plan.frameStampNs).toBe(ms(999));
  });

  it('refuses older frames after it was cleared, and takes them after a reset', () => {
    const queue = new PlanLog();
    queue.add(due(100));
    queue.clear();
    expect(queue.inForceAt(ms(150))).toBeNull();
    expect(queue.add(due(50))).toBe(false);
    queue.reset();
    expect(queue.add(due(50))).toBe(true);
  });

  it('knows whether anything is due after a time', () => {
    const queue = new PlanLog();
    expect(queue.isDueAfter(0n)).toBe(false);
    queue.add(due(100));
    expect([queue.isDueAfter(ms(399)), queue.isDueAfter(ms(400))]).toEqual([true, false]);
  });
});
