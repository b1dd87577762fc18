/**
 * Drives the command stream with anything: plans of any size, holds, faults, late and missed ticks, changes of speed and of what is measured. Each
 * commanded state goes to an independent check in Python (eval/faults), which knows the URDF alone.
 *
 * `npm run fuzz -- --steps 10000000 --seed 1 [--json FILE]`; exit status 1 if a limit is exceeded.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { createActionSemantics } from '../dist/src/robot/action-semantics.js';
import { jointLimits } from '../dist/src/robot/joint-limits.js';
import { parseUrdf } from '../dist/src/robot/urdf.js';
import { createRng } from '../dist/src/math/rng.js';
import { CommandStream } from '../dist/src/safety/command-stream.js';
import { Timeline } from '../dist/src/timeline/timeline.js';

const { values: options } = parseArgs({
  options: {
    steps: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});
const STEPS = Number(options.steps);
const SEED = Number(options.seed);
const PERIOD_MS = 20;
const PERIOD_NS = BigInt(PERIOD_MS) * 1_000_000n;
const ACTION_MS = 100;
/** Steps of one motion, from one anchor to the next. */
const MOTION_STEPS = 2000;
/** Ticks missed in a row, at most. Ramps that leave ticks out, since they are long, have none: their states are not in the command. */
const MAX_MISSED = 4;

/** Joints that differ in everything: fast, slow to stop (2 s), prismatic, endless, gentle. */
const JOINTS = [
  {
    name: 'fast',
    type: 'revolute',
    limit: 'lower="-2.6" upper="2.6" velocity="2" acceleration="10" jerk="250"',
  },
  { name: 'slow', type: 'revolute', limit: 'lower="-3" upper="1" velocity="1" acceleration="0.5" jerk="2"' },
  {
    name: 'slide',
    type: 'prismatic',
    limit: 'lower="0" upper="0.08" velocity="0.2" acceleration="2" jerk="100"',
  },
  { name: 'wheel', type: 'continuous', limit: 'velocity="3" acceleration="20" jerk="2000"' },
];
const NAMES = JOINTS.map(({ name }) => name);
const URDF = `<robot name="fuzzed"><link name="l0"/>${JOINTS.map(
  ({ name, type, limit }, index) => `<link name="l${index + 1}"/><joint name="${name}" type="${type}">
  <parent link="l${index}"/><child link="l${index + 1}"/><limit ${limit} effort="1"/></joint>`,
).join('\n')}</robot>`;

const limits = jointLimits(parseUrdf(URDF), NAMES, { positionMargin: 0.02, positionMarginM: 0.001 });
const rng = createRng(SEED);
const numbers = new Float32Array(4096);
let used = numbers.length;

/** @returns {number} uniform in [0, 1) */
function uniform() {
  if (used === numbers.length) {
    rng.uniforms(numbers);
    used = 0;
  }
  return numbers[used++] ?? 0;
}

/** @param {number} low @param {number} high */
const between = (low, high) => low + uniform() * (high - low);
/** @param {number} count */
const oneOf = (count) => Math.floor(uniform() * count);

/** A raw action: mostly moderate, at times far beyond every limit. @param {number} limit @returns {number} */
function velocityOf(limit) {
  const kind = uniform();
  if (kind < 0.1) return between(-1e6, 1e6);
  if (kind < 0.2) return 0;
  return between(-1.5, 1.5) * limit;
}

/** One motion of the stream, from an anchor on. */
class Motion {
  /** @param {boolean} follows whether the robot is measured where it was commanded */
  constructor(follows) {
    const semantics = createActionSemantics(
      /** @type {import('../dist/src/core/model-spec.js').ActionSpec} */ ({
        kind: 'joint_velocity',
        joints: NAMES,
        names: NAMES,
        unit: 'rad/s',
        periodMs: ACTION_MS,
        block: 1,
        mean: NAMES.map(() => 0),
        std: NAMES.map(() => 1),
        lower: NAMES.map(() => -1),
        upper: NAMES.map(() => 1),
        frozen: NAMES.map(() => null),
        deadBand: NAMES.map(() => 0),
        endEffector: null,
        gripper: null,
      }),
      limits,
      parseUrdf(URDF),
    );
    this.follows = follows;
    this.speedScale = 1;
    this.timeline = new Timeline({
      joints: limits.map(({ continuous, velocity }) => ({
        wraps: continuous,
        restTolerance: 0.01,
        velocity,
      })),
      semantics,
      commandPeriodNs: PERIOD_NS,
      periodMs: ACTION_MS,
      window: 1,
      stepMs: ACTION_MS,
    });
    this.stream = new CommandStream({
      limits,
      semantics,
      commandPeriodNs: PERIOD_NS,
      trackingTolerances: limits.map(() => 0.3),
      timeline: this.timeline,
      speedScale: () => this.speedScale,
      softStartS: () => 0.3,
    });
    this.nowNs = 0n;
    this.planIndex = 0;
    this.stream.anchor(
      Float64Array.from(limits, ({ lower, upper }) =>
        Number.isFinite(lower) ? between(lower, upper) : between(-10, 10),
      ),
    );
    /** @type {import('../dist/src/safety/command.js').Command | null} */
    this.last = null;
  }

  /** Something happens before the next tick. */
  disturb() {
    const event = oneOf(20);
    if (event < 12) this.plan();
    else if (event === 12) this.stream.hold('fuzzed');
    else if (event < 15) this.stream.resume();
    else if (event === 15) this.speedScale = oneOf(3) === 0 ? oneOf(2) : uniform();
    else if (event === 16) this.follows = oneOf(4) > 0;
    else if (event === 17) this.stream.recover();
  }

  plan() {
    const periods = 1 + oneOf(12);
    const actions = new Float32Array(periods * NAMES.length);
    for (const place of actions.keys())
      actions[place] = velocityOf(limits[place % NAMES.length]?.velocity ?? 1);
    this.planIndex += 1;
    const plan = /** @type {import('../dist/src/core/types.js').Plan} */ ({
      frameStampNs: this.nowNs - BigInt(oneOf(200)) * 1_000_000n,
      goalStampNs: 0n,
      actions,
      actionSize: NAMES.length,
      periodMs: ACTION_MS,
      committed: Math.min(oneOf(4), periods),
      statistics: { planIndex: this.planIndex },
    });
    this.stream.setPlan(plan, { revision: this.stream.revision, fromRest: oneOf(2) === 0 }, this.nowNs - 1n);
  }

  /** @param {(positions: Float64Array, velocities: Float64Array) => void} emit receives each commanded state in turn */
  tick(emit) {
    // The robot follows the ramp of its last command while ticks are missed.
    const ramp = this.last?.points ?? [];
    const isDense = ramp.length === 1 || ramp[1]?.timeFromStartNs === 2n * PERIOD_NS;
    const missed = isDense && oneOf(50) === 0 ? 1 + oneOf(MAX_MISSED) : 0;
    for (let tick = 1; tick <= missed; tick++) {
      const point = ramp[Math.min(tick, ramp.length - 1)];
      if (point !== undefined) emit(point.positions, point.velocities);
      this.nowNs += PERIOD_NS;
    }
    this.read();
    const command = this.stream.tick(
      this.nowNs,
      ['readings', 'readings', 'readings', 'blind', 'rest'][oneOf(5)] ?? 'rest',
    );
    if (command === null) throw new RangeError('the stream sends nothing');
    emit(command.positions, command.velocities);
    this.last = command;
    this.nowNs += PERIOD_NS;
    return missed + 1;
  }

  read() {
    const position = this.stream.position.map((q) => (this.follows ? q : q + between(-1, 1)));
    this.timeline.addReading(
      {
        stampNs: this.nowNs - BigInt(oneOf(30)) * 1_000_000n,
        position,
        velocity: new Float64Array(NAMES.length),
      },
      this.nowNs,
      0.1,
    );
  }
}

const folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-fuzz-'));
const urdfFile = join(folder, 'fuzzed.urdf');
writeFileSync(urdfFile, URDF);
const python = process.env['JEPA_MPC_PYTHON'] ?? 'python3';
const checker = spawn(
  python,
  ['-m', 'jepa_mpc_faults.check_stream', '--urdf', urdfFile, '--period-ms', String(PERIOD_MS)],
  {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      PYTHONPATH: [
        fileURLToPath(new URL('../eval/faults', import.meta.url)),
        fileURLToPath(new URL('../sim/common', import.meta.url)),
        process.env['PYTHONPATH'] ?? '',
      ].join(':'),
    },
  },
);
let report = '';
checker.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => (report += text));
const ended = once(checker, 'exit');

const width = 2 * NAMES.length;
const chunk = new Float64Array(width * 4096);
let filled = 0;

/** Sends what was gathered. The checker may be slower. */
async function flush() {
  const bytes = Buffer.from(chunk.slice(0, filled).buffer);
  filled = 0;
  if (!checker.stdin.write(bytes)) await once(checker.stdin, 'drain');
}

/** @param {ArrayLike<number>} positions @param {ArrayLike<number>} velocities */
function emit(positions, velocities) {
  chunk.set(positions, filled);
  chunk.set(velocities, filled + NAMES.length);
  filled += width;
}

const startMs = performance.now();
const noMotion = new Float64Array(NAMES.length).fill(NaN);
for (let steps = 0; steps < STEPS;) {
  const motion = new Motion(oneOf(3) > 0);
  for (let count = 0; count < MOTION_STEPS && steps < STEPS;) {
    if (oneOf(8) === 0) motion.disturb();
    const done = motion.tick(emit);
    count += done;
    steps += done;
    if (filled > chunk.length - width * (MAX_MISSED + 4)) await flush();
  }
  emit(noMotion, noMotion);
}
await flush();
checker.stdin.end();
const [status] = await ended;
rmSync(folder, { recursive: true });
const result = {
  seed: SEED,
  seconds: Math.round((performance.now() - startMs) / 1000),
  ...JSON.parse(report),
};
console.log(JSON.stringify(result, null, 2));
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
process.exitCode = status === 0 ? 0 : 1;
