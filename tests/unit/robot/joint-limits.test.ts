import { describe, expect, it } from 'vitest';
import { jointLimits } from '../../../src/robot/joint-limits.js';
import { validateParameters } from '../../../src/params/validate.js';
import { limitOptions, type LimitOptions } from '../../../src/robot/limit-options.js';
import { parseUrdf, type Urdf } from '../../../src/robot/urdf.js';
import { thrownBy } from '../../fixtures/robot.js';

function armWith(limit: string, type = 'revolute'): Urdf {
  return parseUrdf(
    `<robot name="arm"><link name="base"/><link name="middle"/><link name="tip"/>
       <joint name="shoulder" type="${type}"><parent link="base"/><child link="middle"/>${limit}</joint>
       <joint name="elbow" type="revolute"><parent link="middle"/><child link="tip"/>
         <limit lower="-1" upper="3" velocity="2" effort="5" acceleration="8"/></joint>
     </robot>`,
  );
}
const REVOLUTE = { unit: 'rad', continuous: false };
const FULL = '<limit lower="-2" upper="2" velocity="1.5" effort="9" acceleration="4"/>';

describe('jointLimits', () => {
  it('gives the limits in the order of the names', () => {
    const limits = jointLimits(armWith(FULL), ['elbow', 'shoulder']);
    expect(limits).toEqual([
      { ...REVOLUTE, name: 'elbow', lower: -1, upper: 3, velocity: 2, acceleration: 8, jerk: 200, effort: 5 },
      {
        ...REVOLUTE,
        name: 'shoulder',
        lower: -2,
        upper: 2,
        velocity: 1.5,
        acceleration: 4,
        jerk: 100,
        effort: 9,
      },
    ]);
  });

  it('wants an effort limit where efforts are commanded, and only there', () => {
    const without = armWith('<limit lower="-2" upper="2" velocity="1.5" acceleration="4"/>');
    expect(jointLimits(without, ['shoulder'])[0]?.effort).toBe(Infinity);
    const error = thrownBy(() => jointLimits(without, ['shoulder'], { needsEffort: true }));
    expect(error.code).toBe('urdf.no-limits');
    expect(error.message).toContain('effort="…"');
    const placeholder = armWith('<limit lower="-2" upper="2" velocity="1.5" effort="0" acceleration="4"/>');
    const refused = thrownBy(() => jointLimits(placeholder, ['shoulder'], { needsEffort: true }));
    expect(refused.message).toContain('a finite number above 0');
    const options = { needsEffort: true, effortScale: 0.5 };
    expect(jointLimits(armWith(FULL), ['shoulder'], options)[0]?.effort).toBe(4.5);
  });

  it('takes the position margin off both ends, and scales velocity and acceleration', () => {
    const options: LimitOptions = {
      positionMargin: 0.2,
      velocityScale: 0.5,
      accelerationScale: 0.25,
    };
    expect(jointLimits(armWith(FULL), ['shoulder'], options)[0]).toMatchObject({
      lower: -1.8,
      upper: 1.8,
      velocity: 0.75,
      acceleration: 1,
      jerk: 100,
    });
  });

  it('gives a continuous joint no position limits and asks for none', () => {
    const urdf = armWith('<limit velocity="1" acceleration="2"/>', 'continuous');
    expect(jointLimits(urdf, ['shoulder'])[0]).toEqual({
      name: 'shoulder',
      unit: 'rad',
      continuous: true,
      lower: -Infinity,
      upper: Infinity,
      velocity: 1,
      acceleration: 2,
      jerk: 50,
      effort: Infinity,
    });
  });

  describe('of jerk', () => {
    const limit = '<limit lower="-2" upper="2" velocity="1.5" effort="9" acceleration="4" jerk="30"/>';
    const jerkOf = (urdf: Urdf, options: LimitOptions): number | undefined =>
      jointLimits(urdf, ['shoulder'], options)[0]?.jerk;

    it('come from the description, else from the option, else reach the acceleration limit in 0.04 s', () => {
      expect(jerkOf(armWith(limit), {})).toBe(30);
      expect(jerkOf(armWith(FULL), { jerk: 20 })).toBe(20);
      expect(jerkOf(armWith(FULL), { accelerationScale: 0.5 })).toBe(4 / 0.04);
      expect(jerkOf(armWith(FULL, 'prismatic'), { jerk: 1, jerkM: 7 })).toBe(7);
    });

    it('are never loosened by the option, take a scale, and are off by choice only', () => {
      expect(jerkOf(armWith(limit), { jerk: 50 })).toBe(30);
      expect(jerkOf(armWith(limit), { jerk: 20, jerkScale: 0.5 })).toBe(10);
      expect(jerkOf(armWith(limit), { isJerkLimited: false, jerk: 20 })).toBe(Infinity);
    });

    it('are refused at 0 or below', () => {
      expect(() => jerkOf(armWith(limit.replace('30', '0')), {})).toThrow(/jerk="0".*finite number above 0/s);
    });
  });

  it('takes the acceleration option where the description has none, and never to loosen it', () => {
    const bare = armWith('<limit lower="-2" upper="2" velocity="1.5" effort="9"/>');
    const names = ['shoulder', 'elbow'];
    expect(jointLimits(bare, names, { acceleration: 20 }).map((limit) => limit.acceleration)).toEqual([
      20, 8,
    ]);
    expect(jointLimits(bare, names, { acceleration: 3 }).map((limit) => limit.acceleration)).toEqual([3, 3]);
  });

  describe('of a finger of 4 cm', () => {
    const FINGER = '<limit lower="0" upper="0.04" velocity="0.2" effort="20"/>';
    const defaults = { positionMargin: 0.02, positionMarginM: 0.001, acceleration: 5, accelerationM: 2 };

    it('has a margin and an acceleration in metres', () => {
      expect(jointLimits(armWith(FINGER, 'prismatic'), ['shoulder'], defaults)).toEqual([
        {
          name: 'shoulder',
          unit: 'm',
          continuous: false,
          lower: 0.001,
          upper: 0.039,
          velocity: 0.2,
          acceleration: 2,
          jerk: 50,
          effort: 20,
        },
      ]);
    });

    it('loses no more than a tenth of its range at each end to a margin', () => {
      const [finger] = jointLimits(armWith(FINGER, 'prismatic'), ['shoulder'], {
        ...defaults,
        positionMarginM: 1,
      });
      expect(finger?.lower).toBeCloseTo(0.004, 12);
      expect(finger?.upper).toBeCloseTo(0.036, 12);
      expect(jointLimits(armWith(FULL), ['shoulder'], { positionMargin: 9 })[0]).toMatchObject({
        lower: -1.6,
        upper: 1.6,
      });
    });

    it.each([
      ['revolute', { accelerationM: 2 }, 'limits.default_acceleration [rad/s²]'],
      ['prismatic', { acceleration: 2 }, 'limits.default_acceleration_m [m/s²]'],
    ])('without an acceleration names the parameter for a %s joint', (type, options, parameter) => {
      const error = thrownBy(() => jointLimits(armWith(FINGER, type), ['shoulder'], options));
      expect(error.code).toBe('urdf.no-limits');
      expect(error.facts.remedy).toContain(parameter);
    });
  });

  describe('with numbers by the names of joints', () => {
    const bare = armWith('<limit lower="-2" upper="2" velocity="1.5" effort="9"/>');
    const ends = (options: LimitOptions) =>
      jointLimits(armWith(FULL), ['shoulder', 'elbow'], { positionMargin: 0.1, ...options }).map(
        ({ lower, upper }) => [lower, upper],
      );

    it('takes a margin that is named as it is, more than a tenth of the range included', () => {
      expect(ends({})).toEqual([
        [-1.9, 1.9],
        [-0.9, 2.9],
      ]);
      expect(ends({ margins: new Map([['shoulder', 1.5]]) })).toEqual([
        [-0.5, 0.5],
        [-0.9, 2.9],
      ]);
      expect(ends({ margins: new Map([['elbow', 0]]) })[1]).toEqual([-1, 3]);
    });

    it.each([2, 3])('refuses a margin of %d that leaves no range of 4', (margin) => {
      const error = thrownBy(() => ends({ margins: new Map([['shoulder', margin]]) }));
      expect(error.code).toBe('params.invalid');
      expect(error.facts).toMatchObject({
        subject: 'parameter limits.joint_margins',
        found: `shoulder=${String(margin)}`,
        expected: 'less than 2, half of the range of the joint',
      });
    });

    it('refuses a margin for a joint without end', () => {
      const endless = armWith('<limit velocity="1" acceleration="2"/>', 'continuous');
      const error = thrownBy(() =>
        jointLimits(endless, ['shoulder'], { margins: new Map([['shoulder', 0.1]]) }),
      );
      expect(error.code).toBe('params.invalid');
      expect(error.message).toContain('not a continuous one');
    });

    it('takes an acceleration that is named before the default, and never to loosen a limit', () => {
      const accelerations = new Map([
        ['shoulder', 6],
        ['elbow', 9],
      ]);
      const options = { acceleration: 20, accelerations };
      expect(jointLimits(bare, ['shoulder', 'elbow'], options).map((limit) => limit.acceleration)).toEqual([
        6, 8,
      ]);
      expect(jointLimits(bare, ['shoulder'], { accelerations })[0]?.acceleration).toBe(6);
    });

    it('come from the parameters, for joints of the model alone', () => {
      const given = { 'limits.joint_margins': 'elbow=0.5', 'limits.joint_accelerations': 'elbow=0.5' };
      const options = limitOptions(validateParameters(given), false, ['shoulder', 'elbow']);
      expect(jointLimits(armWith(FULL), ['elbow'], options)[0]).toMatchObject({
        lower: -0.5,
        upper: 2.5,
        acceleration: 0.5,
      });
      for (const name of ['limits.joint_margins', 'limits.joint_accelerations']) {
        const wrong = validateParameters({ [name]: 'wrist=1' });
        expect(thrownBy(() => limitOptions(wrong, false, ['elbow'])).facts.subject).toBe(`parameter ${name}`);
      }
      const zero = validateParameters({ 'limits.joint_accelerations': 'elbow=0' });
      expect(() => limitOptions(zero, false, ['elbow'])).toThrow(/from 0\.001 to 1000/);
    });
  });

  describe('with soft limits', () => {
    const soft = (attributes: string, type = 'revolute') =>
      armWith(`${FULL}<safety_controller ${attributes} k_position="100" k_velocity="40"/>`, type);

    it.each([
      ['narrower than the margin leaves', 'soft_lower_limit="-1" soft_upper_limit="1.5"', -1, 1.5],
      ['wider than the margin leaves', 'soft_lower_limit="-1.95" soft_upper_limit="3"', -1.9, 1.9],
      ['at one end only', 'soft_upper_limit="1"', -1.9, 1],
      ['not written, for a controller of velocity alone', '', -1.9, 1.9],
    ])('%s', (_what, attributes, lower, upper) => {
      const [limit] = jointLimits(soft(attributes), ['shoulder'], { positionMargin: 0.1 });
      expect(limit).toMatchObject({ lower, upper });
    });

    it('that leave no range is refused, and a continuous joint has none', () => {
      const error = thrownBy(() =>
        jointLimits(soft('soft_lower_limit="0" soft_upper_limit="0"'), ['shoulder']),
      );
      expect(error.code).toBe('urdf.invalid');
      expect(error.message).toContain('<safety_controller>');
      const endless = soft('soft_lower_limit="-1" soft_upper_limit="1"', 'continuous');
      expect(jointLimits(endless, ['shoulder'])[0]).toMatchObject({ lower: -Infinity, upper: Infinity });
    });
  });

  it('refuses a joint that mimics another, and names the one that moves it', () => {
    const urdf = armWith(`${FULL}<mimic joint="elbow" multiplier="-1"/>`);
    const error = thrownBy(() => jointLimits(urdf, ['shoulder']));
    expect(error.code).toBe('urdf.mimic-joint');
    expect(error.facts.remedy).toContain("'elbow'");
    expect(jointLimits(urdf, ['elbow'])).toHaveLength(1);
    expect(thrownBy(() => jointLimits(urdf, ['shoulde'])).facts.found).toBe('movable joints elbow');
  });

  it('lists the joints there are, and the nearest name, when one is missing', () => {
    const error = thrownBy(() => jointLimits(armWith(FULL), ['Elbow_joint']));
    expect(error.code).toBe('urdf.unknown-joint');
    expect(error.facts.found).toBe('movable joints shoulder, elbow');
    expect(error.facts.remedy).toContain("'elbow'");
  });

  it.each([
    ['lower', '<limit upper="2" velocity="1.5" effort="9" acceleration="4"/>'],
    ['upper', '<limit lower="-2" velocity="1.5" effort="9" acceleration="4"/>'],
    ['velocity', '<limit lower="-2" upper="2" effort="9" acceleration="4"/>'],
    ['acceleration', '<limit lower="-2" upper="2" velocity="1.5" effort="9"/>'],
  ])('names the joint, the missing attribute %s and the line to add', (attribute, limit) => {
    const error = thrownBy(() => jointLimits(armWith(limit), ['shoulder']));
    expect(error.code).toBe('urdf.no-limits');
    expect(error.message).toContain("joint 'shoulder'");
    expect(error.facts.found).toBe(`no attribute ${attribute} in <limit>`);
    expect(error.facts.remedy).toContain('<limit lower="');
    expect(error.facts.remedy).toContain(`${attribute}="…"`);
  });

  it('names the parameter that stands for a missing acceleration', () => {
    const urdf = armWith('<limit lower="-2" upper="2" velocity="1.5" effort="9"/>');
    expect(thrownBy(() => jointLimits(urdf, ['shoulder'])).facts.remedy).toContain(
      'parameter limits.default_acceleration',
    );
    expect(jointLimits(urdf, ['shoulder'], { acceleration: 4 })[0]?.acceleration).toBe(4);
  });

  it.each([
    ['a zero velocity', '<limit lower="-2" upper="2" velocity="0" effort="9" acceleration="4"/>'],
    ['a zero effort', '<limit lower="-2" upper="2" velocity="1" effort="0" acceleration="4"/>'],
    ['a zero acceleration', '<limit lower="-2" upper="2" velocity="1" effort="9" acceleration="0"/>'],
    ['an empty range', '<limit lower="0" upper="0" velocity="1" effort="9" acceleration="4"/>'],
    ['a reversed range', '<limit lower="2" upper="-2" velocity="1" effort="9" acceleration="4"/>'],
    ['no limit at all', ''],
  ])('of %s, the line to write cures with numbers for its placeholders', (_what, limit) => {
    const options = { needsEffort: true };
    const { remedy } = thrownBy(() => jointLimits(armWith(limit), ['shoulder'], options)).facts;
    const [line = ''] = /<limit .*\/>/.exec(remedy) ?? [];
    expect(line).not.toMatch(/="-?0"/);
    const filled = line.replace('lower="…"', 'lower="-1"').replaceAll('…', '1');
    expect(jointLimits(armWith(filled), ['shoulder'], options)).toHaveLength(1);
  });

  it('refuses a joint without <limit>, and one without an axis to command', () => {
    expect(thrownBy(() => jointLimits(armWith(''), ['shoulder'])).facts.found).toBe('no <limit> element');
    expect(thrownBy(() => jointLimits(armWith('', 'fixed'), ['shoulder'])).facts.found).toBe('a fixed joint');
  });

  it.each([
    ['an empty range', '<limit lower="2" upper="2" velocity="1" acceleration="4"/>'],
    ['a zero velocity', '<limit lower="-2" upper="2" velocity="0" acceleration="4"/>'],
    ['a negative velocity', '<limit lower="-2" upper="2" velocity="-1" acceleration="4"/>'],
    ['a zero acceleration', '<limit lower="-2" upper="2" velocity="1" acceleration="0"/>'],
  ])('refuses %s', (_what, limit) => {
    expect(thrownBy(() => jointLimits(armWith(limit), ['shoulder'])).code).toBe('urdf.invalid');
  });

  it.each<[string, LimitOptions]>([
    ['a negative margin', { positionMargin: -0.1 }],
    ['a margin that is not a number', { positionMargin: NaN }],
    ['a margin without end', { positionMarginM: Infinity }],
    ['a velocity scale above 1', { velocityScale: 1.1 }],
    ['a zero acceleration scale', { accelerationScale: 0 }],
    ['an infinite acceleration', { acceleration: Infinity }],
    ['a negative acceleration', { accelerationM: -1 }],
    ['a negative jerk', { jerk: -1 }],
    ['an infinite jerk', { jerkM: Infinity }],
    ['a jerk scale above 1', { jerkScale: 1.1 }],
  ])('refuses %s as an option', (_what, options) => {
    expect(thrownBy(() => jointLimits(armWith(FULL), ['shoulder'], options)).code).toBe('params.invalid');
  });
});
