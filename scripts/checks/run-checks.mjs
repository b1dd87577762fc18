import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { SetupError } from '../setup/setup-error.mjs';
import { supervise } from '../setup/supervise.mjs';
import { checksOf } from './check-list.mjs';
import { NOTHING, sumOf, tallyOfJunit, withStatus } from './tally.mjs';

/** @typedef {import('./tally.mjs').Tally} Tally */
/** @typedef {import('./check-list.mjs').Check} Check */

/** Exit status of a program that Ctrl-C or a termination ended: the rest of the checks is not wanted either. */
const INTERRUPTED = new Set([130, 143, 129]);

/**
 * Runs the checks one after another and ends with the line `N passed, N failed`.
 *
 * @param {readonly string[]} names which ones; all when empty
 * @param {import('../setup/layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 * @param {Readonly<Record<string, Tally>>} [outcomes] of checks that cannot run, by name
 * @returns {Promise<number>} 0 when nothing failed
 */
export async function runChecks(names, layout, env, outcomes = {}) {
  const all = checksOf(layout, env['JEPA_MPC_PYTHON'] ?? join(layout.rosPrefix, 'bin', 'python'));
  const unknown = names.filter((name) => !all.some((check) => check.name === name));
  if (unknown.length > 0) {
    throw new SetupError(`there is no check "${unknown.join('", "')}"`, {
      expected: all.map((check) => check.name).join(', '),
    });
  }
  /** @type {Tally[]} */
  const tallies = [];
  for (const check of all.filter(({ name }) => names.length === 0 || names.includes(name))) {
    process.stdout.write(`\n== ${check.title} (npm test -- ${check.name})\n`);
    const startMs = performance.now();
    const known = outcomes[check.name];
    const { tally, status } =
      known === undefined ? await runCheck(check, layout, env) : { tally: known, status: 0 };
    tallies.push(tally);
    for (const skipped of tally.skipped) process.stdout.write(`skipped: ${skipped}\n`);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    process.stdout.write(
      `-- ${check.name}: ${String(tally.passed)} ok, ${String(tally.failed)} not ok, ${String(tally.skipped.length)} skipped, ${seconds} s\n`,
    );
    if (INTERRUPTED.has(status)) {
      process.stdout.write('\ninterrupted\n');
      return status;
    }
  }
  const total = sumOf(tallies);
  if (total.skipped.length > 0)
    process.stdout.write(`\n${String(total.skipped.length)} skipped, for the reasons above\n`);
  process.stdout.write(`\n${String(total.passed)} passed, ${String(total.failed)} failed\n`);
  return total.failed === 0 ? 0 : 1;
}

/**
 * @param {Check} check
 * @param {import('../setup/layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ tally: Tally, status: number }>}
 */
async function runCheck(check, layout, env) {
  const reportPath = check.reportPath ?? join(layout.logs, `${check.name}-tally.json`);
  rmSync(reportPath, { force: true });
  // PyTorch and the ROS wheels bring libraries of the same names.
  const own =
    check.isTraining === true
      ? { LD_LIBRARY_PATH: '', PYTHONPATH: '' }
      : pythonPathWith(check.pythonPath, env);
  const status = await supervise(check.command, {
    cwd: layout.root,
    env: { ...env, ...own, ...check.env, JEPA_MPC_TALLY: reportPath },
  });
  if (check.report === 'status')
    return { tally: { ...NOTHING, passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1 }, status };
  return { tally: withStatus(readReport(check, reportPath), status), status };
}

/**
 * @param {readonly string[] | undefined} folders
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} PYTHONPATH with the folders before what is there: a sourced ROS 2 is found by it
 */
function pythonPathWith(folders, env) {
  if (folders === undefined) return {};
  return { PYTHONPATH: [...folders, env['PYTHONPATH'] ?? ''].filter((part) => part !== '').join(':') };
}

/**
 * @param {Check} check
 * @param {string} path
 * @returns {Tally} nothing when the runner wrote no report
 */
function readReport(check, path) {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return NOTHING;
  }
  return check.report === 'junit' ? tallyOfJunit(text) : JSON.parse(text);
}
