import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { processesMarked } from '../../../scripts/setup/marked-processes.mjs';

const SUPERVISE = pathToFileURL(resolve('scripts/setup/supervise.mjs')).href;

/** A process that supervises `sh -c <script>` and ends with its status. */
function supervisor(script: string, runId: string): string[] {
  const code = `import { supervise } from ${JSON.stringify(SUPERVISE)};
    process.exitCode = await supervise(['sh', '-c', process.argv[1]], { env: { ...process.env, JEPA_MPC_RUN_ID: ${JSON.stringify(runId)} } });`;
  return ['--input-type=module', '-e', code, script];
}

describe('supervising a program', () => {
  test.each([
    ['exit 0', 0],
    ['exit 7', 7],
    ['kill -TERM $$', 143],
  ])('the exit status of `%s` is passed through as %i', (script, status) => {
    expect(spawnSync(process.execPath, supervisor(script, randomUUID())).status).toBe(status);
  });

  test('nothing that the program started is left, in other process groups either', () => {
    const runId = randomUUID();
    const result = spawnSync(process.execPath, supervisor('setsid sleep 60 & sleep 60 & exit 3', runId), {
      stdio: 'ignore',
    });
    expect(result.status).toBe(3);
    expect(processesMarked('JEPA_MPC_RUN_ID', runId)).toEqual([]);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s reaches the program, once', async (signal) => {
    const script =
      'trap "echo got; n=1" INT TERM; echo ready; while [ -z "$n" ]; do sleep 0.05; done; sleep 0.3; exit 5';
    const child = spawn(process.execPath, supervisor(script, randomUUID()), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (part: Buffer) => {
      if (part.includes('ready')) {
        child.kill(signal);
        setTimeout(() => child.kill(signal), 100); // as from a terminal and from npm
      }
      output += part.toString();
    });
    const [status] = (await once(child, 'close')) as [number | null];
    expect({ status, output }).toEqual({ status: 5, output: 'ready\ngot\n' });
  });
});
