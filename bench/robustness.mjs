/**
 * How robust a model is: success through the real node, in lockstep, with one imperfection at a time. `--earlier FILE` adds the curves of earlier
 * runs to the plot.
 *
 *   node scripts/bootstrap.mjs exec node bench/robustness.mjs --episodes 30 --json robustness.json --plot robustness.png
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { plotRobustness } from './harness/robustness-plot.mjs';

const MAIN = fileURLToPath(new URL('../dist/eval/main.js', import.meta.url));

/** Levels of each imperfection. The level that changes nothing is run once for all of them. */
const AXES = [
  {
    name: 'camera-shift-m',
    title: 'camera shift [m]',
    nothing: 0,
    levels: [0, 0.01, 0.02, 0.03, 0.04, 0.05],
  },
  { name: 'camera-tilt-deg', title: 'camera tilt [degrees]', nothing: 0, levels: [0, 1, 2, 3, 4, 5] },
  { name: 'brightness', title: 'brightness [factor]', nothing: 1, levels: [0.5, 0.75, 1, 1.25, 1.5] },
  { name: 'noise', title: 'noise [grey levels]', nothing: 0, levels: [0, 5, 10, 20, 30] },
  { name: 'delay-ms', title: 'actuator delay [ms]', nothing: 0, levels: [0, 50, 100, 150] },
];

const { values } = parseArgs({
  options: {
    simulator: { type: 'string', default: 'mujoco' },
    model: { type: 'string' },
    label: { type: 'string' },
    episodes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1234' },
    json: { type: 'string' },
    plot: { type: 'string' },
    earlier: { type: 'string', multiple: true, default: [] },
  },
});

/** Success of one run of the demo with these imperfections, `name=value`. */
function success(imperfections) {
  const folder = mkdtempSync(join(tmpdir(), 'robustness-'));
  try {
    const report = join(folder, 'demo.json');
    const args = ['demo', '--headless', '--lockstep', '--no-baselines', '--json', report];
    args.push('--simulator', values.simulator, '--episodes', values.episodes, '--seed', values.seed);
    if (values.model !== undefined) args.push('--model', values.model);
    for (const imperfection of imperfections) args.push('--imperfect', imperfection);
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (status !== 0) throw new Error(`the demo ended with ${status}: ${stderr}`);
    const { successRate, successInterval95, limitViolations, model } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    return { successRate, successInterval95, limitViolations, model };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const percent = (rate) => `${(rate * 100).toFixed(0)} %`;

const startMs = performance.now();
const perfect = success([]);
const { model } = perfect;
console.log(`${model.name} in ${values.simulator}, nothing wrong: ${percent(perfect.successRate)}`);
const curves = AXES.map(({ name, title, nothing, levels }) => ({
  name,
  title,
  points: levels.map((level) => {
    const { successRate, successInterval95, limitViolations } =
      level === nothing ? perfect : success([`${name}=${level}`]);
    const interval = successInterval95.map(percent).join(' to ');
    console.log(
      `${title.padEnd(24)} ${String(level).padStart(5)}  ${percent(successRate).padStart(5)}  (${interval})`,
    );
    return { level, successRate, successInterval95, limitViolations };
  }),
}));
const result = {
  label: values.label ?? model.name,
  model,
  simulator: values.simulator,
  episodes: Number(values.episodes),
  seed: Number(values.seed),
  machine: `${cpus()[0].model.trim()}, ${availableParallelism()} cores, Node.js ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
  minutes: (performance.now() - startMs) / 60_000,
  curves,
};
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
if (values.plot !== undefined) {
  const earlier = values.earlier.map((file) => JSON.parse(readFileSync(file, 'utf8')));
  writeFileSync(values.plot, await plotRobustness([result, ...earlier]));
}
console.log(`${result.minutes.toFixed(1)} minutes on ${result.machine}`);
