import { describe, expect, it } from 'vitest';
import { serializeReport, type DemoReport } from '../../../eval/demo/demo-report.js';
import { summaryLines } from '../../../eval/demo/terminal.js';
import { JepaMpcError } from '../../../src/core/errors.js';

const TOUCHED = {
  kind: 'surroundings' as const,
  names: ['wrist', 'table'] as [string, string],
  episodes: 2,
};

const REPORT: DemoReport = {
  robot: { name: 'reacher', joints: ['shoulder', 'elbow'] },
  task: { name: 'reach', thresholds: { tipM: 0.05, speedRadS: 0.1 } },
  simulator: 'mujoco',
  imperfections: [],
  seed: 1,
  mode: 'lockstep',
  episodeSeconds: 6,
  episodes: [
    { success: true, finalDistanceM: 0.03, holdReason: '', timeS: 2.5, startRad: [0, 0], goalRad: [1, -1] },
  ],
  successRate: 1,
  successInterval95: [0.2, 1],
  medianTimeS: 2.5,
  baselines: {
    inverseDynamics: null,
    random: { successRate: 0, successInterval95: [0, 0.8] },
    doNothing: null,
    squaredLatentDistance: null,
  },
  planRateHz: { median: 30, p5: 28 },
  planMs: { p50: 20, p95: 25 },
  frameToCommandMs: { p50: 40, p95: 60 },
  rosThreadGapMs: { p99: 3, max: 12 },
  limitViolations: 0,
  contacts: [TOUCHED],
  largestAcceleration: 0.97,
  device: 'cpu',
  model: { name: 'reacher', sha256: 'a'.repeat(64) },
};

describe('serializeReport', () => {
  it('writes every figure, and reads back as the same report', () => {
    expect(JSON.parse(serializeReport(REPORT))).toEqual(REPORT);
  });

  it.each([
    ['a figure that is not finite', { planMs: { p50: Number.NaN, p95: 1 } }],
    ['a rate above 1', { successRate: 1.5 }],
    ['a median time that is not finite', { medianTimeS: Number.POSITIVE_INFINITY }],
    ['no episodes', { episodes: [] }],
    ['a contact in no episode', { contacts: [{ ...TOUCHED, episodes: 0 }] }],
    [
      'a contact of one name',
      { contacts: [{ ...TOUCHED, names: ['wrist'] }] } as unknown as Partial<DemoReport>,
    ],
    ['a robot without joints', { robot: { name: 'reacher', joints: [] } }],
    ['a hash that is none', { model: { name: 'reacher', sha256: 'unknown' } }],
    ['a field that nobody knows', { note: 'hello' }],
  ])('refuses %s', (_, change) => {
    expect(() => serializeReport({ ...REPORT, ...change })).toThrow(JepaMpcError);
  });
});

describe('the summary of contacts', () => {
  const line = (change: Partial<DemoReport>): string | undefined =>
    summaryLines({ ...REPORT, ...change }).find((each) => each.startsWith('  contacts'));

  it('has both kinds, each pair once an episode, and names the pairs', () => {
    const own = {
      kind: 'self_collisions' as const,
      names: ['hand', 'elbow'] as [string, string],
      episodes: 1,
    };
    expect(line({ contacts: [] })).toBe(
      '  contacts                0 self-collisions, 0 with the surroundings',
    );
    expect(line({ contacts: [TOUCHED, own, { ...TOUCHED, names: ['elbow', 'table'] }] })).toBe(
      '  contacts                1 self-collisions, 4 with the surroundings: wrist and table, hand and elbow, elbow and table',
    );
  });

  it('says why they are not counted, and gives no number', () => {
    expect(line({ contacts: null })).toBe(
      '  contacts                not counted: no link that moves has a collision shape',
    );
    expect(line({ contacts: null, simulator: 'gazebo' })).toBe(
      '  contacts                not counted: Gazebo Classic does not report them',
    );
  });
});
