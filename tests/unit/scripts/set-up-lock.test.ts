import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const LOCK = pathToFileURL(resolve('scripts/setup/set-up-lock.mjs')).href;
const LOCKS = 300;
/** No process has it: Linux gives out at most 2^22. */
const DEAD_PID = 2 ** 22 + 1;

/** Tries every lock of the folder when its standard input ends, prints those it got, and lives until it is killed. */
const CONTENDER = `
  import { readFileSync } from 'node:fs';
  import { tryLock } from ${JSON.stringify(LOCK)};
  process.stdout.write('ready\\n');
  readFileSync(0);
  const got = [];
  for (let number = 0; number < ${String(LOCKS)}; number += 1) if (tryLock(process.argv[1] + '/' + number)) got.push(number);
  process.stdout.write(JSON.stringify(got) + '\\n');
  setInterval(() => undefined, 1000);`;

test('a lock is held by one of the processes that try at once, whether it is free or was a killed one’s', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'locks-'));
  for (let number = 0; number < LOCKS; number += 2)
    writeFileSync(join(folder, String(number)), `${String(DEAD_PID)}\n`);
  const contenders = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', CONTENDER, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  try {
    await Promise.all(contenders.map(({ stdout }) => once(stdout, 'data')));
    const answers = contenders.map(async ({ stdin, stdout }) => {
      stdin.end();
      const [text] = (await once(stdout, 'data')) as [Buffer];
      return JSON.parse(text.toString()) as number[];
    });
    const got = (await Promise.all(answers)).flat().sort((a, b) => a - b);
    expect(got).toEqual([...new Set(got)]);
    // A lock may be left to nobody while two remove what the killed process left; a free one never is.
    for (let number = 1; number < LOCKS; number += 2) expect(got).toContain(number);
    expect(readdirSync(folder).filter((name) => !/^\d+$/.test(name))).toEqual([]);
  } finally {
    for (const contender of contenders) contender.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});
