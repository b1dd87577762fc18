import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checksOf } from '../../../scripts/checks/check-list.mjs';
import { chosenChecks, runChosen } from '../../../scripts/checks/run-checks.mjs';
import { layoutOf } from '../../../scripts/setup/layout.mjs';

const RUN_CHECKS = pathToFileURL(resolve('scripts/checks/run-checks.mjs')).href;

interface FakePart {
  readonly name: string;
  readonly script: string;
  readonly seconds?: number;
  readonly isTimed?: boolean;
}

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-checks-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs checks of shell scripts, one part each, in a process of its own. */
function run(parts: readonly FakePart[], laneCount: number): { status: number | null; output: string } {
  const checks = parts.map(({ name, script, seconds = 1, isTimed = false }) => ({
    name,
    title: name.toUpperCase(),
    report: 'status',
    parts: [
      { name, command: ['sh', '-c', script], reportPath: join(folder, `${name}.report`), seconds, isTimed },
    ],
  }));
  const lanes = Array.from({ length: laneCount }, (_, lane) => ({
    JEPA_MPC_RUN_ID: `${folder}-${String(lane)}`,
  }));
  const code = `import { ${runChosen.name} } from ${JSON.stringify(RUN_CHECKS)};
    const [checks, lanes] = ${JSON.stringify([checks, lanes])};
    const layout = { root: ${JSON.stringify(folder)}, logs: ${JSON.stringify(folder)} };
    process.exitCode = await runChosen(checks, layout, lanes.map((lane) => ({ ...process.env, ...lane })), {});`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  return { status, output: stdout };
}

/** Waits for what another part writes: both end only when they run at the same time. */
const meet = (own: string, other: string): string =>
  `echo ${own}1; touch ${own}; for i in $(seq 200); do [ -e ${other} ] && break; sleep 0.05; done; [ -e ${other} ] && echo ${own}2`;

describe('running checks', () => {
  test('two parts run at the same time, and what each prints stays together', () => {
    const { status, output } = run(
      [
        { name: 'a', script: meet('a', 'b') },
        { name: 'b', script: meet('b', 'a') },
      ],
      2,
    );
    expect(status, output).toBe(0);
    expect(output).toContain('a1\na2\n');
    expect(output).toContain('b1\nb2\n');
    expect(output.trimEnd().split('\n').at(-1)).toBe('2 passed, 0 failed');
  });

  test('the longest part starts first, and what measures time runs last and alone', () => {
    const { output } = run(
      [
        { name: 'timed', script: 'ls', seconds: 9, isTimed: true },
        { name: 'short', script: 'sleep 0.2; touch short-ended', seconds: 1 },
        { name: 'long', script: 'sleep 0.4; touch long-ended', seconds: 5 },
      ],
      2,
    );
    expect(output.indexOf('started: long')).toBeLessThan(output.indexOf('started: short'));
    const afterHeading = output.slice(output.indexOf('== TIMED'));
    expect(afterHeading).toContain('long-ended');
    expect(afterHeading).toContain('short-ended');
  });

  test('a failed part shows its output and fails the run', () => {
    const { status, output } = run(
      [
        { name: 'good', script: 'true' },
        { name: 'bad', script: 'echo why; exit 3' },
      ],
      2,
    );
    expect(status).toBe(1);
    expect(output).toContain('why');
    expect(output).toMatch(/bad +0 ok, 1 not ok, 0 skipped/);
    expect(output).toContain('1 failed:\n  bad: its output says why\n');
    expect(output.trimEnd().split('\n').at(-1)).toBe('1 passed, 1 failed');
  });

  test('a part that failed runs again, alone: what it says then counts, and both are printed', () => {
    const { status, output } = run(
      [
        { name: 'disturbed', script: 'echo run; [ -e seen ] || { touch seen; exit 1; }' },
        { name: 'broken', script: 'false' },
        { name: 'timed', script: '[ -e ready ] || { touch ready; exit 1; }', isTimed: true },
        { name: 'good', script: 'true' },
      ],
      2,
    );
    expect(status).toBe(1);
    expect(output.match(/^run$/gm)).toHaveLength(2);
    expect(output).toContain('2 failed and passed when it ran again, alone:\n  disturbed: its output');
    expect(output).toContain('  timed: its output');
    expect(output).toContain('1 failed:\n  broken: its output');
    expect(output.trimEnd().split('\n').at(-1)).toBe('3 passed, 1 failed');
  });

  test('where long parts fail, none runs again', () => {
    const { output } = run(
      [
        { name: 'a', script: 'echo run; false', seconds: 300 },
        { name: 'b', script: 'echo run; false', seconds: 300 },
      ],
      2,
    );
    expect(output.match(/^run$/gm)).toHaveLength(2);
    expect(output.trimEnd().split('\n').at(-1)).toBe('0 passed, 2 failed');
  });

  test('after an interruption no other part starts', () => {
    const { status, output } = run(
      [
        { name: 'first', script: 'exit 130', seconds: 2 },
        { name: 'second', script: 'true', seconds: 1 },
      ],
      1,
    );
    expect(status).toBe(130);
    expect(output).not.toContain('SECOND');
    expect(output).not.toContain('passed');
  });
});

describe('choosing checks', () => {
  const all = checksOf(layoutOf(), 'python3');
  const namesOf = (...names: string[]): string[] => chosenChecks(all, names).map(({ name }) => name);

  test('fast needs neither ROS nor Gazebo', () => {
    const fast = namesOf('fast');
    expect(fast).toContain('unit');
    for (const name of ['ros', 'e2e', 'colcon', 'simulator', 'training', 'gazebo', 'sdf'])
      expect(fast).not.toContain(name);
    expect(namesOf('fast', 'ros')).toEqual([...fast, 'ros']);
  });

  test('all are chosen by no name, and an unknown name is refused with those that there are', () => {
    expect(namesOf()).toEqual(all.map(({ name }) => name));
    expect(() => namesOf('unitt')).toThrow('there is no check "unitt"');
  });

  test('parts have names of their own, by which their logs and reports differ', () => {
    const names = all.flatMap(({ parts }) => parts.map(({ name }) => name.replaceAll('/', '-')));
    expect(names).toEqual([...new Set(names)]);
  });
});
