import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ManagedChild } from '../../../eval/demo/child-process.js';

function start(script: string, onLine: (line: string) => void = () => undefined): ManagedChild {
  return ManagedChild.start({
    name: 'helper',
    command: 'sh',
    args: ['-c', script],
    env: process.env,
    cwd: '/',
    onLine,
  });
}

function startReady(script: string): Promise<{ child: ManagedChild; line: string }> {
  return new Promise((resolve) => {
    const child = start(script, (line) => {
      resolve({ child, line });
    });
  });
}

/** Whether a process runs. A zombie does not. */
/** After so long without an end by SIGINT, SIGTERM follows. */
const SIGTERM_AFTER_MS = 3000;

function exists(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('ManagedChild', () => {
  it('ends a process that handles SIGINT by SIGINT', async () => {
    const { child } = await startReady('trap "exit 7" INT; echo ready; while :; do sleep 0.05; done');
    const began = performance.now();
    await child.stop();
    expect(await child.ended).toBe('exit status 7');
    expect(performance.now() - began).toBeLessThan(SIGTERM_AFTER_MS);
  });

  it('ends a process that ignores SIGINT by SIGTERM after 3 s', async () => {
    const { child } = await startReady(
      'trap "" INT; trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done',
    );
    await child.stop();
    expect(await child.ended).toBe('exit status 9');
  }, 60_000);

  it('ends a process that ignores both by SIGKILL, and what it started with it', async () => {
    const { child, line } = await startReady(
      'trap "" INT TERM; sleep 60 & echo $!; while :; do sleep 0.05; done',
    );
    await child.stop();
    expect(await child.ended).toBe('ended by SIGKILL');
    await expect.poll(() => exists(Number(line))).toBe(false);
  }, 60_000);

  it('leaves no process of the group behind when the process itself has already ended', async () => {
    const { child, line } = await startReady('sleep 60 >/dev/null 2>&1 & echo $!');
    await child.ended;
    expect(exists(Number(line))).toBe(true);
    await child.stop();
    await expect.poll(() => exists(Number(line))).toBe(false);
  });

  it('reports an unexpected end with its name, its status and its last lines of stderr', async () => {
    const child = start('for i in $(seq 20); do echo "line $i" >&2; done; exit 3');
    const error = await child.exitError();
    expect(error.code).toBe('demo.process-died');
    expect(error.message).toContain('helper: found exit status 3');
    expect(error.message).toContain('line 20');
    expect(error.message).toContain('line 9');
    expect(error.message).not.toContain('line 8\n');
  });

  it('reports a program that does not exist', async () => {
    const child = ManagedChild.start({
      name: 'helper',
      command: '/no/such/program',
      args: [],
      env: {},
      cwd: '/',
      onLine: () => undefined,
    });
    expect((await child.exitError()).message).toContain('not started');
    await child.stop();
  });
});
