import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/safety/command.js';
import { CommandValidator } from '../../../src/safety/command-validator.js';
import { jointLimit, ms } from '../../fixtures/robot.js';

const LIMITS = [jointLimit('a'), jointLimit('b', { velocity: 1 })];

function command(
  stampMs: number,
  positions: number[],
  velocities: number[],
  change: Partial<Command> = {},
): Command {
  const state = { positions: Float64Array.from(positions), velocities: Float64Array.from(velocities) };
  const stop = { positions: state.positions, velocities: new Float64Array(velocities.length) };
  return {
    stampNs: ms(stampMs),
    ...state,
    // Slow enough for every command of these tests to stop within it.
    points: [
      { timeFromStartNs: ms(20), ...state },
      { timeFromStartNs: ms(120), ...stop },
    ],
    mode: 'plan',
    reason: '',
    ...change,
  };
}

function validatorAfter(previous: Command): CommandValidator {
  const validator = new CommandValidator(LIMITS, ms(20));
  expect(validator.check(previous)).toBeNull();
  return validator;
}

/** A command with this ramp of joint a's velocities, one every 20 ms; of a single velocity, one with a long way to rest. */
function ramp(stampMs: number, velocities: number[]): Command {
  const points = (velocities.length === 1 ? [...velocities, 0] : velocities).map((velocity, index) => ({
    timeFromStartNs: ms(velocities.length === 1 && index === 1 ? 1020 : 20 * (index + 1)),
    positions: new Float64Array(2),
    velocities: Float64Array.of(velocity, 0),
  }));
  return command(stampMs, [0, 0], [velocities[0] ?? NaN, 0], { points });
}

describe('CommandValidator', () => {
  it.each([
    ['of two commands', [[0.05], [0.2]], 'jerk 250', null],
    ['of two commands', [[0.05], [0.2001]], 'jerk 250', 'jerk'],
    ['into the ramp', [[0.05, 0]], 'jerk 250', null],
    ['into the ramp', [[0.09, 0.05, 0]], 'jerk 250', 'jerk'],
    ['along the ramp', [[0.05, 0.05, 0]], 'jerk 250', null],
    ['along the ramp', [[0.09, 0.1, 0]], 'jerk 250', 'jerk'],
    ['of a steep ramp', [[0.1, 0.29, 0.1, 0]], 'no limit', null],
    ['of too steep a ramp', [[0.1, 0.31, 0.2, 0]], 'no limit', 'acceleration'],
  ])('judges the change %s: %o with %s', (_what, commands, jerk, kind) => {
    const limit = { jerk: jerk === 'no limit' ? Infinity : 250 };
    const validator = new CommandValidator([jointLimit('a', limit), jointLimit('b', limit)], ms(20));
    const found = commands.map((velocities, index) => validator.check(ramp(20 * index, velocities)));
    expect(found.at(-1)?.kind ?? null).toBe(kind);
    expect(found.slice(0, -1)).toEqual(found.slice(0, -1).map(() => null));
  });

  it.each([
    [[20, -20], null],
    [[20.1, 0], 'effort'],
    [[0, -21], 'effort'],
    [[0, NaN], 'not finite'],
    [[0], 'size'],
  ])('judges the efforts %o', (efforts, kind) => {
    const validator = new CommandValidator(LIMITS, ms(20));
    const found = validator.check(command(0, [0, 0], [0, 0], { efforts: Float64Array.from(efforts) }));
    expect(found?.kind ?? null).toBe(kind);
  });

  it('passes a command that the limits allow', () => {
    expect(
      validatorAfter(command(0, [0, 0], [0.2, 0])).check(command(20, [0.006, 0], [0.4, 0.2])),
    ).toBeNull();
  });

  it.each([
    ['a missing joint', command(20, [0], [0]), 'all', 'size'],
    ['NaN', command(20, [0, NaN], [0, 0]), 'b', 'not finite'],
    ['an infinite velocity', command(20, [0, 0], [Infinity, 0]), 'a', 'not finite'],
    ['too high a velocity', command(20, [0, 0], [0, -1.01]), 'b', 'velocity'],
    ['a position beyond the upper limit', command(20, [2.61, 0], [0, 0]), 'a', 'position'],
    ['a position beyond the lower limit', command(20, [-2.61, 0], [0, 0]), 'a', 'position'],
    ['too high an acceleration', command(20, [0, 0], [0.21, 0]), 'a', 'acceleration'],
    ['a jump within the limits', command(20, [0.05, 0], [0, 0]), 'a', 'jump'],
    ['no points', command(20, [0, 0], [0, 0], { points: [] }), 'all', 'size'],
  ])('stops %s', (_what, bad, joint, kind) => {
    expect(validatorAfter(command(0, [0, 0], [0, 0])).check(bad)).toMatchObject({ joint, kind });
  });

  it('stops a trajectory whose times do not increase, or that does not end at rest', () => {
    const good = command(20, [0, 0], [0.1, 0]);
    const [first, last] = good.points;
    if (first === undefined || last === undefined) throw new Error('two points expected');
    const validator = validatorAfter(command(0, [0, 0], [0, 0]));
    const repeated = [first, { ...last, timeFromStartNs: first.timeFromStartNs }];
    expect(validator.check({ ...good, points: repeated })).toMatchObject({ kind: 'time' });
    expect(validator.check({ ...good, points: [first] })).toMatchObject({ joint: 'a', kind: 'no stop' });
  });

  it('looks at every point of the ramp', () => {
    const good = command(0, [2.59, 0], [0, 0]);
    const beyond = {
      timeFromStartNs: ms(140),
      positions: Float64Array.of(2.61, 0),
      velocities: new Float64Array(2),
    };
    const validator = new CommandValidator(LIMITS, ms(20));
    expect(validator.check({ ...good, points: [...good.points, beyond] })).toMatchObject({
      kind: 'position',
    });
  });

  it('measures against the last command that passed', () => {
    const validator = validatorAfter(command(0, [0, 0], [0, 0]));
    expect(validator.check(command(20, [0, 0], [0.4, 0]))?.kind).toBe('acceleration');
    expect(validator.check(command(20, [0, 0], [0.2, 0]))).toBeNull();
  });

  it('grants a late command the time that has passed', () => {
    expect(validatorAfter(command(0, [0, 0], [0, 0])).check(command(40, [0, 0], [0.4, 0]))).toBeNull();
  });

  it('lets a robot that starts outside come back, and not go further', () => {
    const outside = command(0, [2.7, 0], [0, 0]);
    expect(validatorAfter(outside).check(command(20, [2.699, 0], [-0.1, 0]))).toBeNull();
    expect(validatorAfter(outside).check(command(20, [2.701, 0], [0, 0]))?.kind).toBe('position');
    expect(validatorAfter(outside).check(command(20, [2.7, 0], [0.1, 0]))?.kind).toBe('position');
  });

  it('starts afresh after restart, from the pose that was taken', () => {
    const validator = validatorAfter(command(0, [0, 0], [0, 0]));
    expect(validator.check(command(20, [1, 0], [0, 0]))?.kind).toBe('jump');
    validator.restart(Float64Array.of(1, 0), ms(0));
    expect(validator.check(command(20, [1, 0], [0, 0]))).toBeNull();
  });

  it('is not blind after restart: the first command may not be elsewhere, nor faster than from rest', () => {
    const validator = validatorAfter(command(0, [0, 0], [0, 0]));
    validator.restart(Float64Array.of(1, 0), ms(0));
    expect(validator.check(command(20, [0.5, 0], [0, 0]))?.kind).toBe('jump');
    expect(validator.check(command(20, [1.01, 0], [1, 0]))?.kind).toBe('acceleration');
  });
});

describe('the periods since the last command', () => {
  it('count in place of the stamps, which may jump', () => {
    const validator = validatorAfter(command(0, [0, 0], [0, 0]));
    expect(validator.check(command(400, [0, 0], [0.4, 0]), 1)?.kind).toBe('acceleration');
    expect(validator.check(command(420, [0, 0], [0.4, 0]), 1)).toBeNull();
    expect(validator.check(command(440, [0, 0], [0.8, 0]), 1)?.kind).toBe('acceleration');
  });
});
