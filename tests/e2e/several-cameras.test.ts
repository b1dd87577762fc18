import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoReportSchema } from '../../eval/demo/demo-report.js';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const PYTHON = at('.prefix/training/bin/python');

/** A camera on the arm, beside the one over the table. */
const WRIST =
  '<gazebo reference="distal_link"><sensor type="camera" name="wrist"><update_rate>30</update_rate><camera>' +
  '<horizontal_fov>1.2</horizontal_fov><image><width>64</width><height>64</height></image></camera></sensor></gazebo>';
/** Enough for a model that does not collapse. It moves at random. */
const SETTINGS = [
  ...['collect.cameras=camera,wrist', 'collect.episodes=12', 'collect.periods=16', 'collect.frame_size=32'],
  ...['randomise.nominal_share=1', 'photometry.nominal_share=1', 'goal.steps=20', 'distance.steps=20'],
  ...[
    'train.steps=100',
    'train.batch=32',
    'train.warmup_steps=5',
    'train.regulariser=20',
    'train.held_out=0.4',
  ],
  ...['inverse.steps=20'],
];

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-several-cameras-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function run(program: string, cwd: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  return { status, output: stdout + stderr };
}

describe('a model that is trained with two cameras', () => {
  it('passes the check of models, and the planner node runs the demo with it', () => {
    const urdf = join(folder, 'two-cameras.urdf');
    const model = join(folder, 'model');
    const report = join(folder, 'demo.json');
    writeFileSync(
      urdf,
      readFileSync(at('urdf/reacher.urdf'), 'utf8').replace('</robot>', `${WRIST}</robot>`),
    );
    const trained = run(
      PYTHON,
      at('training'),
      ...[
        '-m',
        'jepa_mpc_training',
        'export',
        '--urdf',
        urdf,
        '--run',
        join(folder, 'run'),
        '--model',
        model,
      ],
      ...['--threads', '1', ...SETTINGS.flatMap((setting) => ['--set', setting])],
    );
    expect(trained.status, trained.output).toBe(0);

    const checked = run(process.execPath, folder, at('dist/src/cli/main.js'), 'model', 'check', model);
    expect(checked.output).toContain('everything holds');
    expect(checked.output).toContain('camera          wrist, topic wrist/image_raw: 32 x 32 rgb, squash');

    const demo = run(
      process.execPath,
      folder,
      ...[at('dist/eval/main.js'), 'demo', '--headless', '--lockstep', '--no-baselines', '--episodes', '1'],
      ...['--urdf', urdf, '--model', model, '--json', report],
    );
    expect(demo.status, demo.output).toBe(0);
    const { limitViolations, planRateHz } = demoReportSchema.parse(JSON.parse(readFileSync(report, 'utf8')));
    expect(limitViolations).toBe(0);
    expect(planRateHz.median).toBeGreaterThan(0);
  });
});
