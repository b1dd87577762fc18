import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoReportSchema } from '../../eval/demo/demo-report.js';

const PYTHON = fileURLToPath(new URL('../../.prefix/training/bin/python', import.meta.url));
const SOURCES = fileURLToPath(new URL('../../training', import.meta.url));

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jepa-mpc-round-trip-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function roundTrip(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-m', 'jepa_mpc_training.round_trip', ...args], {
    cwd: SOURCES,
    encoding: 'utf8',
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  return { status, output: stdout + stderr };
}

describe('npm run round-trip', () => {
  it.each(['mcap', 'sqlite3'])(
    'records a bag in %s, trains on it alone, and the planner node runs the demo with that model',
    (storage) => {
      const out = join(folder, 'out');
      const { status, output } = roundTrip(
        ...['--quick', '--folder', out, '--storage', storage, '--threads', '1'],
        ...['--episodes', '1', '--demo-seed', '5', '--record-seed', '7'],
      );
      expect(status, output).toBe(0);
      expect(output).toContain('shoulder follows its commands with a correlation of');
      const report = demoReportSchema.parse(JSON.parse(readFileSync(join(out, 'demo.json'), 'utf8')));
      expect(report.limitViolations).toBe(0);
      expect(report.planRateHz.median).toBeGreaterThan(0);
      const manifest = readFileSync(join(out, 'model', 'manifest.json'), 'utf8');
      expect(manifest).toContain('cut from bag');
      const { recordings } = JSON.parse(
        readFileSync(join(out, 'run', 'collect', 'findings.json'), 'utf8'),
      ) as {
        recordings: Record<string, unknown>[];
      };
      expect(recordings[0]).toMatchObject({ dropped_frames: 0, gaps: [], clock_jumps: [], out_of_order: 0 });
    },
  );

  it('ends where a program does, and says which', () => {
    const { status, output } = roundTrip('--quick', '--folder', join(folder, 'out'), '--record-seed', '1234');
    expect(status).toBe(2);
    expect(output).toContain('--seed: found 1234, expected less than 1000');
    expect(output).toContain('round-trip: error: record: found exit status 2');
  });
});
