import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '../../../src/core/array-access.js';
import type { MotionCheck } from '../../../src/safety/motion-check.js';
import type { MotionRule } from '../../../src/safety/workspace/motion-rules.js';
import { EXCESS_TOLERANCE, firstBroken, PlanCut, type ForeseenMotion } from '../../../src/safety/plan-cut.js';

const rule = (subject: string): MotionRule => ({ kind: 'half-space', subject, limit: 1, unit: 'm' });

/** A check of one joint: its position is at most 1, and its velocity at most 2. */
const CHECK: Pick<MotionCheck, 'rules' | 'excesses' | 'describe'> = {
  rules: [rule('position'), rule('velocity')],
  excesses: (position, velocity, out) => {
    out[0] = at(position, 0) - 1;
    out[1] = at(velocity, 0) - 2;
  },
  describe: (index, excess) => `${at(['position', 'velocity'], index)} by ${excess.toFixed(2)}`,
};

interface State {
  readonly position: number;
  readonly velocity: number;
}

/** States of each action, and of braking after each. They are passed in one array that is overwritten, as a limiter would. */
function motionOf(
  during: readonly (readonly State[])[],
  braking: readonly (readonly State[])[] = [],
): ForeseenMotion & { readonly calls: string[] } {
  const calls: string[] = [];
  const [position, velocity] = [new Float64Array(1), new Float64Array(1)];
  const visitAll = (
    states: readonly State[],
    name: string,
    visit: Parameters<ForeseenMotion['during']>[1],
  ): void => {
    for (const [index, state] of states.entries()) {
      calls.push(`${name}.${index}`);
      position[0] = state.position;
      velocity[0] = state.velocity;
      if (!visit(position, velocity)) return;
    }
  };
  return {
    calls,
    actions: during.length,
    during: (action, visit) => {
      visitAll(at(during, action), `a${action}`, visit);
    },
    brakingAfter: (action, visit) => {
      visitAll(braking[action] ?? [], `b${action}`, visit);
    },
  };
}

const s = (position: number, velocity = 0): State => ({ position, velocity });
const cut = (motion: ForeseenMotion, start: State = s(0)) =>
  new PlanCut(CHECK).cut(motion, [start.position], [start.velocity]);

describe('a plan', () => {
  it('is followed whole where its motion and braking after each action keep every rule', () => {
    const motion = motionOf(
      [
        [s(0.1), s(0.2)],
        [s(0.5), s(1)],
      ],
      [[s(0.3)], [s(1, 2)]],
    );
    expect(cut(motion)).toEqual({ actions: 2, finding: null });
    expect(motion.calls).toEqual(['a0.0', 'a0.1', 'b0.0', 'a1.0', 'a1.1', 'b1.0']);
    expect(cut(motionOf([]))).toEqual({ actions: 0, finding: null });
  });

  it('is cut before the action whose motion breaks a rule, and nothing after that is foreseen', () => {
    const motion = motionOf([[s(0.5)], [s(0.9), s(1.25), s(9)], [s(0)]], [[s(0.6)], [s(9)], []]);
    expect(cut(motion)).toEqual({
      actions: 1,
      finding: { action: 1, phase: 'motion', rule: 0, excess: 0.25, message: 'position by 0.25' },
    });
    expect(motion.calls).toEqual(['a0.0', 'b0.0', 'a1.0', 'a1.1']);
  });

  it('is cut before the action after which braking breaks a rule', () => {
    const motion = motionOf([[s(0.5, 1)], [s(0.9, 2)], [s(0.2)]], [[s(0.6)], [s(1, 1), s(1.5), s(9)], []]);
    expect(cut(motion)).toEqual({
      actions: 1,
      finding: { action: 1, phase: 'braking', rule: 0, excess: 0.5, message: 'position by 0.50' },
    });
    expect(motion.calls.at(-1)).toBe('b1.1');
  });

  it('is not followed at all where its first action breaks a rule; the first broken rule is named', () => {
    expect(cut(motionOf([[s(0, 2.5)]]))).toEqual({
      actions: 0,
      finding: { action: 0, phase: 'motion', rule: 1, excess: 0.5, message: 'velocity by 0.50' },
    });
    expect(cut(motionOf([[s(2, 9)]])).finding?.rule).toBe(0);
  });

  it('is cut even where the motion ignores that it is to end', () => {
    const deaf: ForeseenMotion = {
      actions: 1,
      during: (_, visit) => {
        for (const position of [2, 3, 0]) visit([position], [0]);
      },
      brakingAfter: () => undefined,
    };
    expect(cut(deaf).finding?.excess).toBe(1);
    const deafBraking: ForeseenMotion = {
      actions: 1,
      during: () => undefined,
      brakingAfter: (_, visit) => {
        for (const position of [2, 3, 0]) visit([position], [0]);
      },
    };
    expect(cut(deafBraking).finding?.excess).toBe(1);
  });

  it('may start where a rule is broken, and come back', () => {
    expect(cut(motionOf([[s(1.5), s(1.2)], [s(0.5)]], [[s(1.2)]]), s(1.5))).toEqual({
      actions: 2,
      finding: null,
    });
  });

  it('may not go further out, nor out again after it came closer or inside', () => {
    expect(cut(motionOf([[s(1.6)]]), s(1.5)).finding?.excess).toBeCloseTo(0.6, 12);
    expect(cut(motionOf([[s(1.2), s(1.4)]]), s(1.5)).finding?.excess).toBeCloseTo(0.4, 12);
    expect(cut(motionOf([[s(0.5)], [s(1.1)]]), s(1.5))).toMatchObject({ actions: 1, finding: { action: 1 } });
    // Braking may reach as far out as the motion was at its best.
    expect(cut(motionOf([[s(1.2)]], [[s(1.3)]]), s(1.5)).finding).toMatchObject({ phase: 'braking' });
    expect(cut(motionOf([[s(1.2)], [s(1.2)]], [[s(0.1), s(1.2)], []]), s(1.5)).finding).toBeNull();
  });

  it('that starts outside of one rule still keeps the others', () => {
    expect(cut(motionOf([[s(1.4, 2.1)]]), s(1.5)).finding?.rule).toBe(1);
  });

  it('forgets the plan before', () => {
    const planCut = new PlanCut(CHECK);
    expect(planCut.cut(motionOf([[s(1.5)]]), [1.5], [0]).finding).toBeNull();
    expect(planCut.cut(motionOf([[s(1.5)]]), [0], [0]).actions).toBe(0);
    expect(planCut.cut(motionOf([[s(1.5)]]), [1.5], [0]).finding).toBeNull();
  });

  it('with a state that is not a number is cut', () => {
    expect(cut(motionOf([[s(0.1)], [s(NaN)]]))).toMatchObject({
      actions: 1,
      finding: { rule: 0, excess: NaN },
    });
    expect(cut(motionOf([[s(0.1)]]), s(NaN)).actions).toBe(0);
  });

  it('is followed for as many actions as a slow reference allows', () => {
    const state = fc.record({
      position: fc.double({ min: -1, max: 1.3, noNaN: true }),
      velocity: fc.double({ min: -1, max: 2.1, noNaN: true }),
    });
    const states = fc.array(state, { maxLength: 3 });
    const plan = fc.array(fc.tuple(states, states), { maxLength: 5 });
    fc.assert(
      fc.property(plan, state, (actions, start) => {
        const kept = (path: readonly State[], ramp: readonly State[]): boolean => {
          const all = [start, ...path];
          const bestOf = (value: (each: State) => number, until: number): number =>
            Math.max(0, Math.min(...all.slice(0, until).map(value)));
          const over = [(each: State) => each.position - 1, (each: State) => each.velocity - 2];
          return over.every(
            (value) =>
              path.every((each, index) => value(each) <= bestOf(value, index + 1) + EXCESS_TOLERANCE) &&
              ramp.every((each) => value(each) <= bestOf(value, all.length) + EXCESS_TOLERANCE),
          );
        };
        let expected = 0;
        const path: State[] = [];
        for (const [during, ramp] of actions) {
          path.push(...during);
          if (!kept(path, ramp)) break;
          expected++;
        }
        const found = cut(
          motionOf(
            actions.map(([during]) => during),
            actions.map(([, ramp]) => ramp),
          ),
          start,
        );
        expect(found.actions).toBe(expected);
        expect(found.finding === null).toBe(expected === actions.length);
        if (found.finding !== null) expect(found.finding.action).toBe(expected);
      }),
    );
  });
});

describe('the first broken rule', () => {
  const broken = (excesses: number[], allowed: number[]): number =>
    firstBroken(Float64Array.from(excesses), Float64Array.from(allowed));

  it('is the first that is beyond what is allowed, by more than rounding', () => {
    expect(broken([0, 0.5, 0.7], [0, 0.5, 0.6])).toBe(2);
    expect(broken([0, 0.5], [0, 0.5])).toBe(-1);
    expect(broken([EXCESS_TOLERANCE], [0])).toBe(-1);
    expect(broken([1.1 * EXCESS_TOLERANCE], [0])).toBe(0);
    expect(broken([-Infinity, 1], [0, Infinity])).toBe(-1);
    expect(broken([], [])).toBe(-1);
    expect(EXCESS_TOLERANCE).toBe(1e-9);
  });

  it('is one with a NaN', () => {
    expect(broken([0, NaN], [0, 9])).toBe(1);
    expect(broken([5], [NaN])).toBe(0);
    expect(() => broken([1, 2], [1])).toThrow(RangeError);
  });
});
