import { describe, expect, it } from 'vitest';

import type { FrameSet } from '../../../src/core/model-info.js';
import type { JointReading } from '../../../src/core/types.js';
import { Timeline } from '../../../src/timeline/timeline.js';
import { ms, planOf, thrownBy } from '../../fixtures/robot.js';

const FUTURE_S = 0.1;

function timelineOf(): Timeline {
  const joint = { name: 'elbow', wraps: false, restTolerance: 0.01, velocity: 2 };
  return new Timeline({
    joints: [joint],
    semantics: {
      size: 1,
      blend: 'mean',
      followed: (value) => value,
      atRest: () => 0,
    },
    commandPeriodNs: ms(20),
    periodMs: 100,
    window: 2,
    stepMs: 200,
  });
}

const frame = (atMs: number): FrameSet => ({ stampNs: ms(atMs), frames: [] });
const reading = (atMs: number, position: number, velocity = NaN): JointReading => ({
  stampNs: ms(atMs),
  position: Float64Array.of(position),
  velocity: Float64Array.of(velocity),
});

function addFrame(timeline: Timeline, atMs: number, nowMs: number): string {
  const verdict = timeline.judgeFrame(frame(atMs), ms(nowMs), FUTURE_S);
  if (verdict === 'accepted') timeline.frames.add(frame(atMs));
  return verdict;
}

const addReading = (timeline: Timeline, atMs: number, nowMs: number, position = 0): string =>
  timeline.addReading(reading(atMs, position), ms(nowMs), FUTURE_S);

function send(timeline: Timeline, tickMs: number, start: number, end: number, velocity = 0): void {
  timeline.sent.note(
    {
      stampNs: ms(tickMs),
      position: Float64Array.of(end),
      velocity: Float64Array.of(velocity),
      action: Float64Array.of(velocity),
    },
    Float64Array.of(start),
  );
}

function plan(timeline: Timeline, frameMs: number, actions: readonly number[]): boolean {
  const made = planOf(
    frameMs,
    actions.map((action) => [action]),
  );
  return timeline.plans.add({ plan: made, startNs: ms(frameMs), takeoverNs: ms(frameMs) });
}

describe('Timeline', () => {
  it('measures the age of frames that count, of no others', () => {
    const timeline = timelineOf();
    expect(addFrame(timeline, 1000, 1060)).toBe('accepted');
    expect(addFrame(timeline, 1000, 1090)).toBe('repeated');
    expect(addFrame(timeline, 1200, 1090)).toBe('future');
    expect(timeline.latency.frameAgeMs(1)).toBe(60);
    expect(timeline.frameStamps.refused).toBe(1);
  });

  it('logs readings whose stamps count, of no others', () => {
    const timeline = timelineOf();
    expect(addReading(timeline, 1000, 1005, 0.5)).toBe('accepted');
    expect(addReading(timeline, 990, 1010, 0.6)).toBe('backwards');
    expect(addReading(timeline, 5000, 1010, 0.7)).toBe('future');
    expect(timeline.readings.newest?.position[0]).toBe(0.5);
  });

  it('refuses readings of another robot or without a position, and logs nothing of them', () => {
    const timeline = timelineOf();
    const twoJoints = { ...reading(1000, 0), position: new Float64Array(2) };
    const wrongSize = thrownBy(() => timeline.addReading(twoJoints, ms(1000), FUTURE_S));
    expect(wrongSize.code).toBe('joint-states.wrong-size');
    expect(wrongSize.message).toContain('joint reading');
    expect(wrongSize.message).toContain('2 positions');
    expect(wrongSize.message).toContain('one position for each joint of the model');
    const notFinite = thrownBy(() => timeline.addReading(reading(1000, NaN), ms(1000), FUTURE_S));
    expect(notFinite.code).toBe('joint-states.not-finite');
    expect(notFinite.message).toContain('joint reading');
    expect(notFinite.message).toContain('positions NaN');
    expect(notFinite.message).toContain('finite numbers');
    expect(notFinite.message).toContain('Check the driver');
    expect(timeline.readings.newest).toBeNull();
    expect(timeline.readingStamps.lastNs).toBeNull();
  });

  it('moves the newest reading on by what was commanded since', () => {
    const timeline = timelineOf();
    expect(timeline.positionAt(ms(1000))).toEqual(Float64Array.of(NaN));
    // The robot lags behind what is desired by 0.05.
    addReading(timeline, 990, 1000, -0.05);
    addReading(timeline, 1010, 1015, 0.2);
    expect(timeline.positionAt(ms(1020))[0]).toBe(0.2);
    send(timeline, 1000, 0, 0.5, 25);
    send(timeline, 1020, 0.5, 1, 25);
    expect(timeline.positionAt(ms(1000))[0]).toBeCloseTo(0.075, 9);
    expect(timeline.positionAt(ms(1010))[0]).toBeCloseTo(0.2, 9);
    expect(timeline.positionAt(ms(1030))[0]).toBeCloseTo(0.7, 9);
    expect(timeline.positionAt(ms(1200))[0]).toBeCloseTo(0.95, 9);
  });

  it('does not move a reading on by commands that began after it', () => {
    const timeline = timelineOf();
    addReading(timeline, 990, 1000, 0.2);
    send(timeline, 1000, 0, 0.5, 25);
    expect(timeline.positionAt(ms(1020))[0]).toBe(0.2);
  });

  it('knows velocities that were measured', () => {
    const timeline = timelineOf();
    expect(timeline.velocityAt(ms(1000))).toEqual(Float64Array.of(NaN));
    timeline.addReading(reading(1000, 0, 1), ms(1000), FUTURE_S);
    timeline.addReading(reading(1010, 0, 3), ms(1010), FUTURE_S);
    expect([...timeline.velocityAt(ms(1005))]).toEqual([2]);
  });

  it('hands out prefixes of what was sent, then of what is due', () => {
    const timeline = timelineOf();
    for (let tickMs = 1000; tickMs < 1100; tickMs += 20) send(timeline, tickMs, 0, 0, 1);
    plan(timeline, 1000, [1, 0.5]);
    expect([...timeline.committedPrefix(ms(1000), 3, new Float64Array(1))]).toEqual([1, 0.5, 0]);
  });

  it('after a reset, knows where the robot is and nothing that was sent, planned or seen', () => {
    const timeline = timelineOf();
    addFrame(timeline, 1000, 1050);
    addReading(timeline, 1040, 1050, 0.5);
    send(timeline, 1040, 0, 0, 1);
    plan(timeline, 1000, [1]);
    timeline.reset(ms(1100));
    expect(timeline.frames.newest).toBeNull();
    expect(timeline.sent.lastNs).toBeNull();
    expect(timeline.plans.inForceAt(ms(1050))).toBeNull();
    expect(timeline.positionAt(ms(1050))[0]).toBe(0.5);
    expect(addFrame(timeline, 1100, 1150)).toBe('before-reset');
    expect(addFrame(timeline, 1101, 1150)).toBe('accepted');
    // A plan of the same frame counts again: time begins anew.
    expect(plan(timeline, 1000, [1])).toBe(true);
  });

  it('when the clock goes back, forgets all that is of another time, and remembers that until a reset', () => {
    const timeline = timelineOf();
    addFrame(timeline, 5000, 5050);
    addReading(timeline, 5040, 5050, 0.5);
    send(timeline, 5040, 0, 0, 1);
    plan(timeline, 5000, [1]);
    timeline.observe(ms(5050));
    expect(timeline.clockWentBack).toBe(false);
    timeline.observe(ms(5049));
    expect(timeline.clockWentBack).toBe(true);
    expect(timeline.frames.newest).toBeNull();
    expect(timeline.readings.newest).toBeNull();
    expect(timeline.sent.lastNs).toBeNull();
    expect(timeline.plans.isDueAfter(ms(5050))).toBe(false);
    expect(addFrame(timeline, 10, 5060)).toBe('accepted');
    expect(addReading(timeline, 10, 5060)).toBe('accepted');
    expect(timeline.clockWentBack).toBe(true);
    timeline.reset(ms(5070));
    expect(timeline.clockWentBack).toBe(false);
    timeline.observe(ms(5070));
    expect(timeline.clockWentBack).toBe(false);
  });

  it('notices a clock that goes back right after a reset, so that no frame is held against a time that is no more', () => {
    const timeline = timelineOf();
    addReading(timeline, 5040, 5050, 0.5);
    timeline.reset(ms(5050));
    timeline.observe(ms(20));
    expect(timeline.clockWentBack).toBe(true);
    expect(addFrame(timeline, 15, 20)).toBe('accepted');
    expect(addReading(timeline, 15, 20, 0.6)).toBe('accepted');
  });

  it('notices a clock that went back by the frames and readings themselves', () => {
    const byFrame = timelineOf();
    addFrame(byFrame, 5000, 5050);
    expect(addFrame(byFrame, 90, 100)).toBe('accepted');
    expect(byFrame.clockWentBack).toBe(true);
    const byReading = timelineOf();
    addReading(byReading, 5000, 5050);
    expect(addReading(byReading, 90, 100)).toBe('accepted');
    expect(byReading.clockWentBack).toBe(true);
  });

  it('a frame shows a robot that stays at rest when nothing was commanded for a period before it, and nothing is due', () => {
    const moving = timelineOf();
    send(moving, 880, 0, 0, 1);
    for (let tickMs = 900; tickMs <= 1040; tickMs += 20) send(moving, tickMs, 0, 0, 0);
    expect(moving.isRestFrom(ms(1000), ms(1050))).toBe(true);
    expect(moving.isRestFrom(ms(999), ms(1050))).toBe(false);
    plan(moving, 1000, [1]);
    expect(moving.isRestFrom(ms(1000), ms(1050))).toBe(false);
    expect(moving.isRestFrom(ms(1000), ms(1100))).toBe(true);
  });
});
