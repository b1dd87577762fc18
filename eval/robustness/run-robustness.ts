import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JepaMpcError } from '../../src/core/errors.js';
import { demoReportSchema, type DemoReport } from '../demo/demo-report.js';
import type { SimulatorName } from '../demo/simulators.js';
import { machine } from '../machine.js';
import { loadSubject } from '../episodes/subject.js';
import { prepareFiles } from '../output-files.js';
import type { TaskName } from '../episodes/tasks/registry.js';
import { robotArguments, type RobotChoice } from '../robot-choice.js';
import { plotRobustness } from './plot.js';
import { readResult, type Robustness } from './result.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

/** Levels of each imperfection. `neutral` changes nothing: the run without imperfections stands for it on every axis. */
const AXES = [
  {
    name: 'camera-shift-m',
    title: 'camera shift [m]',
    neutral: 0,
    levels: [0, 0.01, 0.02, 0.03, 0.04, 0.05],
  },
  { name: 'camera-tilt-deg', title: 'camera tilt [degrees]', neutral: 0, levels: [0, 1, 2, 3, 4, 5] },
  { name: 'brightness', title: 'brightness [factor]', neutral: 1, levels: [0.5, 0.75, 1, 1.25, 1.5] },
  { name: 'noise', title: 'noise [grey levels]', neutral: 0, levels: [0, 5, 10, 20, 30] },
  { name: 'delay-ms', title: 'actuator delay [ms]', neutral: 0, levels: [0, 50, 100, 150] },
];

export interface RobustnessOptions extends RobotChoice {
  readonly simulator: SimulatorName;
  readonly task: TaskName;
  /** Name of the run in the plot; null: the model's. */
  readonly label: string | null;
  /** Episodes for each point. */
  readonly episodes: number;
  readonly seed: number;
  readonly jsonFile: string | null;
  readonly plotFile: string | null;
  /** Results of earlier runs, which the plot shows, too. */
  readonly compareFiles: readonly string[];
}

/**
 * Measures success through the real node, in lockstep, with one imperfection at a time. Prints each point; writes the result and the plot
 * where asked for.
 *
 * @throws JepaMpcError demo.process-died when a run of the demo fails; params.invalid for a file to compare with that is no result
 */
export async function runRobustness(
  options: RobustnessOptions,
  print: (line: string) => void,
): Promise<void> {
  const earlier = options.compareFiles.map(readResult);
  await loadSubject(options);
  await prepareFiles([options.jsonFile, options.plotFile]);
  const startMs = performance.now();
  const neutralRun = runDemo(options, []);
  const { model, task } = neutralRun;
  print(
    `${model.name} in ${options.simulator}, task ${task.name}, nothing wrong: ${percent(neutralRun.successRate)}`,
  );
  const curves = AXES.map(({ name, title, neutral, levels }) => ({
    name,
    title,
    points: levels.map((level) => {
      const { successRate, successInterval95, limitViolations } =
        level === neutral ? neutralRun : runDemo(options, [`${name}=${level}`]);
      const interval = successInterval95.map(percent).join(' to ');
      const [axis, at] = [title.padEnd(24), String(level).padStart(5)];
      print(`${axis} ${at}  ${percent(successRate).padStart(5)}  (${interval})`);
      return { level, successRate, successInterval95, limitViolations };
    }),
  }));
  const result: Robustness = {
    label: options.label ?? model.name,
    model,
    task,
    simulator: options.simulator,
    episodes: options.episodes,
    seed: options.seed,
    machine: machine(),
    minutes: (performance.now() - startMs) / 60_000,
    curves,
  };
  if (options.jsonFile !== null) writeFileSync(options.jsonFile, `${JSON.stringify(result, null, 2)}\n`);
  if (options.plotFile !== null) writeFileSync(options.plotFile, await plotRobustness([result, ...earlier]));
  print(`${result.minutes.toFixed(1)} minutes on ${result.machine}`);
}

/** One run of the demo, in a process of its own, with these imperfections, `name=value`. */
function runDemo(options: RobustnessOptions, imperfections: readonly string[]): DemoReport {
  const folder = mkdtempSync(join(tmpdir(), 'robustness-'));
  try {
    const report = join(folder, 'demo.json');
    const args = ['demo', '--headless', '--lockstep', '--no-baselines', '--json', report];
    args.push('--simulator', options.simulator, '--episodes', String(options.episodes));
    args.push('--seed', String(options.seed), '--task', options.task);
    args.push(...robotArguments(options));
    args.push(...imperfections.flatMap((imperfection) => ['--imperfect', imperfection]));
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (status !== 0) {
      throw new JepaMpcError('demo.process-died', {
        subject: `demo with ${imperfections.join(', ') || 'nothing wrong'}`,
        found: `exit status ${String(status)}`,
        expected: 'a complete run',
        remedy: stderr,
      });
    }
    return demoReportSchema.parse(JSON.parse(readFileSync(report, 'utf8')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(0)} %`;
}
