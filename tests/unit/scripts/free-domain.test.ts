import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  FIRST_DOMAIN,
  LAST_DOMAIN,
  discoveryPorts,
  holdFreeDomain,
} from '../../../scripts/setup/free-domain.mjs';
import { filesBelow } from '../../../scripts/setup/steps.mjs';
import { unlock } from '../../../scripts/setup/set-up-lock.mjs';

const everyPortFree = () => Promise.resolve(true);
/** No process has it: Linux gives out at most 2^22. */
const DEAD_PID = 2 ** 22 + 1;

describe('choosing a ROS domain for a run', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'domains-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('two runs side by side get different domains', async () => {
    const first = await holdFreeDomain({ folder, start: 30, isFree: everyPortFree });
    const second = await holdFreeDomain({ folder, start: 30, isFree: everyPortFree });
    expect([first.domain, second.domain]).toEqual([30, 31]);
  });

  test('a domain given back can be taken again', async () => {
    const first = await holdFreeDomain({ folder, start: 30, isFree: everyPortFree });
    unlock(first.lockPath);
    expect(readdirSync(folder)).toEqual([]);
    expect((await holdFreeDomain({ folder, start: 30, isFree: everyPortFree })).domain).toBe(30);
  });

  test('the lock of a killed run does not hold', async () => {
    writeFileSync(join(folder, '30.lock'), `${DEAD_PID}\n`);
    const { domain, lockPath } = await holdFreeDomain({ folder, start: 30, isFree: everyPortFree });
    expect(domain).toBe(30);
    expect(readFileSync(lockPath, 'utf8').trim()).toBe(String(process.pid));
  });

  test('the lock of a living run of somebody else holds', async () => {
    writeFileSync(join(folder, '30.lock'), `${process.ppid}\n`);
    const { domain, lockPath } = await holdFreeDomain({ folder, start: 30, isFree: everyPortFree });
    expect(domain).toBe(31);
    unlock(join(folder, '30.lock'));
    expect(readdirSync(folder)).toContain('30.lock');
    unlock(lockPath);
  });

  test('a domain is left alone while a ROS node has its discovery port open', async () => {
    const [, participantPort = 0] = discoveryPorts(77);
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => {
      socket.bind(participantPort, resolve);
    });
    const { domain } = await holdFreeDomain({ folder, start: 77 });
    socket.close();
    expect(domain).not.toBe(77);
  });

  test('the search goes round from the last domain to the first', async () => {
    const busy = new Set(discoveryPorts(LAST_DOMAIN));
    const isFree = (port: number) => Promise.resolve(!busy.has(port));
    expect((await holdFreeDomain({ folder, start: LAST_DOMAIN, isFree })).domain).toBe(FIRST_DOMAIN);
  });

  test('without a free domain the error says what to type', async () => {
    const nothingFree = () => Promise.resolve(false);
    await expect(holdFreeDomain({ folder, isFree: nothingFree })).rejects.toMatchObject({
      name: 'SetupError',
      facts: { remedy: expect.stringContaining('ROS_DOMAIN_ID=42 npm run demo') as string },
    });
  });
});

/** What gives a process another ROS domain than it would inherit, in TypeScript, Python or a shell. */
const CHOICES = [
  /ROS_DOMAIN_ID["']?\]?\s*=(?!=)/,
  /["']ROS_DOMAIN_ID["']\s*:/,
  /[,{]\s*ROS_DOMAIN_ID\s*:\s/,
  /\b(setenv|putenv|delenv|setdefault|pop)\(\s*["']ROS_DOMAIN_ID/,
  /\bdomain_id\s*=(?!=)/,
];

test('no program and no test leaves the domain that is held for its run', () => {
  const sources = ['bench', 'launch', 'sim', 'src', 'tests', 'training']
    .flatMap((folder) => filesBelow(resolve(folder), (name) => /\.(py|ts|mjs|sh)$/.test(name)))
    .map((path) => ({ path: relative(resolve(), path), text: readFileSync(path, 'utf8') }))
    .filter(({ path }) => path !== join('tests', 'unit', 'scripts', 'free-domain.test.ts'));
  expect(sources.length).toBeGreaterThan(200);
  const choosing = sources.filter(({ text }) => CHOICES.some((choice) => choice.test(text)));
  // The simulator's test of domains that there are not: none of its processes gets as far as ROS.
  expect(choosing.map(({ path }) => path)).toEqual([join('sim', 'mujoco', 'tests', 'test_command_line.py')]);
});

test.each([
  'os.environ["ROS_DOMAIN_ID"] = str(os.getpid() % 100)',
  'env = {**os.environ, "ROS_DOMAIN_ID": "7"}',
  'monkeypatch.setenv("ROS_DOMAIN_ID", str(domain))',
  "env: { ...process.env, ROS_DOMAIN_ID: '7' }",
  "process.env['ROS_DOMAIN_ID'] = '7'",
  'rclpy.init(domain_id=7)',
])('a line that chooses a domain would be found: %s', (line) => {
  expect(CHOICES.some((choice) => choice.test(line))).toBe(true);
});

test.each(['os.environ.get("ROS_DOMAIN_ID", "")', "process.env['ROS_DOMAIN_ID'] ?? '0'"])(
  'a line that reads it is none: %s',
  (line) => {
    expect(CHOICES.some((choice) => choice.test(line))).toBe(false);
  },
);
