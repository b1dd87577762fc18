import { describe, expect, it } from 'vitest';
import { EpisodeMeter } from '../../../eval/episodes/episode-meter.js';
import type { JointLimit, JointReading } from '../../../src/core/types.js';

const LIMIT: JointLimit = {
  name: 'elbow',
  unit: 'rad',
  continuous: false,
  lower: -3,
  upper: 3,
  velocity: 2,
  acceleration: 10,
  jerk: Number.POSITIVE_INFINITY,
  effort: 1,
};

function reading(ms: number, velocity: number): JointReading {
  return {
    stampNs: BigInt(ms) * 1_000_000n,
    position: Float64Array.of(0),
    velocity: Float64Array.of(velocity),
  };
}

/** Measures of one joint whose velocities are these, 20 ms apart. */
function measured(velocities: readonly number[], limit = LIMIT) {
  const meter = new EpisodeMeter([limit]);
  for (const [index, velocity] of velocities.entries()) meter.addReading(reading(20 * index, velocity));
  return meter.measures;
}

describe('EpisodeMeter', () => {
  it('integrates the squared acceleration as a fraction of its limit', () => {
    // 5 rad/s², half of the limit, for 80 ms.
    expect(measured([0, 0.1, 0.2, 0.3, 0.4]).effort).toBeCloseTo(0.25 * 0.08, 10);
    expect(measured([1, 1, 1])).toMatchObject({ effort: 0, jerk: 0 });
  });

  it('takes the root mean square of the jerk as a fraction of its limit, or of that of the node where there is none', () => {
    // 0, 10, 0 rad/s²: jerks of +-500 rad/s³, against 10 rad/s² in 0.04 s.
    expect(measured([0, 0, 0.2, 0.2]).jerk).toBeCloseTo(500 / 250, 10);
    expect(measured([0, 0, 0.2, 0.2], { ...LIMIT, jerk: 1000 }).jerk).toBeCloseTo(0.5, 10);
  });

  it('ignores a reading that arrives again or late', () => {
    const meter = new EpisodeMeter([LIMIT]);
    for (const [ms, velocity] of [
      [0, 0],
      [20, 0.1],
      [20, 0.1],
      [0, 0],
      [40, 0.2],
    ] as const)
      meter.addReading(reading(ms, velocity));
    expect(meter.measures.effort).toBeCloseTo(0.25 * 0.04, 10);
  });

  it('keeps the duration and the frame age of each plan, and starts over with each episode', () => {
    const meter = new EpisodeMeter([LIMIT]);
    meter.addPlan(
      new Map([
        ['plan_ms', '12.5'],
        ['frame_age_ms', '0.000'],
      ]),
    );
    meter.addPlan(new Map([['plan_ms', 'nan']]));
    expect(meter.measures).toMatchObject({ planMs: [12.5], frameAgeMs: [0] });
    meter.restart();
    expect(meter.measures).toEqual({ effort: 0, jerk: 0, planMs: [], frameAgeMs: [] });
  });
});
