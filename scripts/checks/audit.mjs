/**
 * Asks the registry for known weaknesses of the packages that an installed node has, and checks that those of Python are pinned. Where there is
 * no answer, the question counts as skipped, with the reason.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Longest wait for the registry. */
const TIMEOUT_MS = 15_000;

/** Severities that fail the check. */
const FAILING = ['high', 'critical'];

/** What the set-up installs from PyPI. */
const REQUIREMENTS = [
  'scripts/setup/ros-requirements.txt',
  'scripts/setup/simulator-requirements.txt',
  'scripts/test-setup/colcon-requirements.txt',
  'eval/tuning/requirements.txt',
  'training/reference-requirements.txt',
];

/**
 * @param {string} text the answer of `npm audit --json`
 * @returns {import('./tally.mjs').Tally & { readonly lines: readonly string[] }} with what to print
 */
export function judgeAudit(text) {
  /** @type {{ vulnerabilities?: Record<string, { severity: string, range?: string }>, message?: string, error?: { summary?: string } }} */
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = {};
  }
  if (answer.vulnerabilities === undefined) {
    const reason = answer.message || answer.error?.summary || 'npm audit gave no answer';
    return { passed: 0, failed: 0, skipped: [`audit of npm packages: ${reason}`], lines: [] };
  }
  const found = Object.entries(answer.vulnerabilities);
  const bad = found.filter(([, { severity }]) => FAILING.includes(severity));
  return {
    passed: bad.length === 0 ? 1 : 0,
    failed: bad.length === 0 ? 0 : 1,
    skipped: [],
    lines: found.map(([name, { severity, range = '' }]) => `${severity}: ${name} ${range}`.trim()),
  };
}

/**
 * @param {string} text of a requirements file
 * @returns {string[]} its lines that name no single version
 */
export function unpinned(text) {
  return text
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('--'))
    .filter((line) => !/^[\w.[\]-]+==[\w.!+-]+(\s*;.*)?$/.test(line));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { stdout } = spawnSync(
    'npm',
    [
      'audit',
      '--omit=dev',
      '--audit-level=high',
      '--json',
      '--fetch-retries=0',
      `--fetch-timeout=${String(TIMEOUT_MS)}`,
    ],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, timeout: TIMEOUT_MS },
  );
  const { lines, ...audit } = judgeAudit(stdout);
  for (const line of lines) process.stdout.write(`${line}\n`);
  for (const skipped of audit.skipped) process.stdout.write(`skipped: ${skipped}\n`);
  const loose = REQUIREMENTS.flatMap((file) =>
    unpinned(readFileSync(join(root, file), 'utf8')).map(
      (line) => `${file}: ${line} is not pinned to a version`,
    ),
  );
  for (const line of loose) process.stderr.write(`${line}\n`);
  const failed = audit.failed + (loose.length > 0 ? 1 : 0);
  const report = process.env['JEPA_MPC_TALLY'];
  if (report !== undefined) {
    const passed = audit.passed + (loose.length > 0 ? 0 : 1);
    writeFileSync(report, JSON.stringify({ passed, failed, skipped: audit.skipped }));
  }
  if (failed > 0) process.exitCode = 1;
}
