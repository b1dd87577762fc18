import type { ActionSemantics } from '../../../src/control/action-semantics.js';
import { semanticsOfAction } from '../../../src/control/semantics-of-action.js';
import { parseUrdf } from '../../../src/control/urdf.js';
import { JepaMpcError } from '../../../src/core/errors.js';
import type { ActionSpec } from '../../../src/core/model-spec.js';
import type { JointLimit, Plan } from '../../../src/core/types.js';
import { Timeline } from '../../../src/timeline/timeline.js';

/** Milliseconds to nanoseconds. */
export function ms(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1e6));
}

export function jointLimit(name: string, overrides: Partial<JointLimit> = {}): JointLimit {
  return {
    name,
    unit: 'rad',
    continuous: false,
    lower: -2.6,
    upper: 2.6,
    velocity: 2,
    acceleration: 10,
    effort: 20,
    ...overrides,
  };
}

/** Joint velocities of these joints, or what differs from them. */
export function actionOf(limits: readonly JointLimit[], overrides: Partial<ActionSpec> = {}): ActionSpec {
  const joints = limits.map(({ name }) => name);
  const names = overrides.names ?? joints;
  return {
    kind: 'joint_velocity',
    joints,
    names,
    unit: 'rad/s',
    periodMs: 100,
    block: 1,
    mean: names.map(() => 0),
    std: names.map(() => 1),
    lower: names.map(() => -2),
    upper: names.map(() => 2),
    frozen: names.map(() => null),
    deadBand: names.map(() => 0),
    endEffector: null,
    gripper: null,
    ...overrides,
  };
}

/** The meaning of joint kinds, which needs no robot description. */
export function jointSemantics(
  limits: readonly JointLimit[],
  overrides: Partial<ActionSpec> = {},
): ActionSemantics {
  return semanticsOfAction(
    actionOf(limits, overrides),
    limits,
    parseUrdf('<robot name="none"><link name="base"/></robot>'),
  );
}

/** A timeline for these joints, with control periods of 100 ms and commands of 20 ms. */
export function timelineFor(limits: readonly JointLimit[], meaning: ActionSemantics): Timeline {
  return new Timeline({
    joints: limits.map(({ name, continuous, velocity }) => ({
      name,
      wraps: continuous,
      restTolerance: 0.01,
      velocity,
    })),
    meaning,
    commandPeriodNs: ms(20),
    periodMs: 100,
    window: 2,
    stepMs: 200,
  });
}

/** A plan with one constant action for each period, for one joint or for several. */
export function planOf(frameMs: number, rows: readonly (readonly number[])[], committed = 0): Plan {
  return {
    frameStampNs: ms(frameMs),
    goalStampNs: 0n,
    actions: Float32Array.from(rows.flat()),
    actionSize: rows[0]?.length ?? 0,
    periodMs: 100,
    committed,
    statistics: {
      planIndex: 7,
      encodeMs: 0,
      encoded: 1,
      warmUp: false,
      planMs: 0,
      bestCost: 0,
      meanCost: 0,
      goalDistance: 0,
      iterations: 1,
      samples: 0,
      elitesStd: 0,
      rests: false,
      rollout: 'host',
      searchMs: 0,
      fallbacks: [],
    },
  };
}

/** The error that the function throws; fails the test when it throws none, or another kind. */
export function thrownBy(run: () => unknown): JepaMpcError {
  try {
    run();
  } catch (error) {
    if (error instanceof JepaMpcError) return error;
    throw error;
  }
  throw new Error('expected a JepaMpcError, nothing was thrown');
}
