import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { SetupError } from '../setup/setup-error.mjs';
import { supervise } from '../setup/supervise.mjs';
import { checksOf } from './check-list.mjs';
import { NOTHING, sumOf, tallyOfJunit, withStatus } from './tally.mjs';

/** @typedef {import('./tally.mjs').Tally} Tally */
/** @typedef {import('./check-list.mjs').Check} Check */
/** @typedef {import('./check-list.mjs').Part} Part */

/**
 * A part of a check that is to run.
 *
 * @typedef {object} Job
 * @property {Check} check
 * @property {Part} part
 */

/** @typedef {{ job: Job, tally: Tally, first?: Tally }} Outcome of a part; `first`: of its first run, where it ran twice */

/** Exit statuses of a program that Ctrl-C or a termination ended: the remaining checks do not start then. */
const INTERRUPTED = new Set([130, 143, 129]);

/** What a shell reports of a program that is not there. */
const NOT_STARTED = 127;

/**
 * How many parts run at a time. Tests wait a lot, so a second part pays off on two cores already; more would disturb tests that run in
 * real time.
 */
export const LANES = Math.min(2, availableParallelism());

/**
 * A part that failed runs a second time, alone and after all others: only then is it known whether the code is at fault or the load. More
 * than this is not repeated: then something is broken, and the answer should not be late.
 */
const MAX_REPEATED_SECONDS = 240;

/**
 * Runs the checks and ends with the line `N passed, N failed`.
 *
 * @param {readonly string[]} names which ones (`fast`: all that need neither ROS, Gazebo, PyTorch nor WebGPU); all when empty
 * @param {import('../setup/layout.mjs').Layout} layout
 * @param {readonly NodeJS.ProcessEnv[]} lanes an environment for each part that runs at a time; they differ in ROS domain and run id
 * @param {Readonly<Record<string, Tally>>} [known] outcomes of checks that cannot run, by name
 * @returns {Promise<number>} 0 when nothing failed
 */
export async function runChecks(names, layout, lanes, known = {}) {
  const python = lanes[0]?.['JEPA_MPC_PYTHON'] ?? join(layout.rosPrefix, 'bin', 'python');
  return runChosen(chosenChecks(checksOf(layout, python), names), layout, lanes, known);
}

/**
 * @param {readonly Check[]} chosen
 * @param {Pick<import('../setup/layout.mjs').Layout, 'root' | 'logs'>} layout
 * @param {readonly NodeJS.ProcessEnv[]} lanes
 * @param {Readonly<Record<string, Tally>>} known
 * @returns {Promise<number>} 0 when nothing failed
 */
export async function runChosen(chosen, layout, lanes, known) {
  const jobs = chosen
    .filter(({ name }) => known[name] === undefined)
    .flatMap((check) => check.parts.map((part) => ({ check, part })));
  const { outcomes, interruption } = await runJobs(jobs, layout, lanes);
  if (interruption !== undefined) {
    process.stdout.write('\ninterrupted\n');
    return interruption;
  }
  return printSummary(chosen, outcomes, known);
}

/**
 * @param {readonly Check[]} all
 * @param {readonly string[]} names
 * @returns {Check[]}
 */
export function chosenChecks(all, names) {
  const unknown = names.filter((name) => name !== 'fast' && !all.some((check) => check.name === name));
  if (unknown.length > 0) {
    throw new SetupError('setup.unknown-check', `there is no check "${unknown.join('", "')}"`, {
      expected: ['fast', ...all.map((check) => check.name)].join(', '),
    });
  }
  return all.filter(
    ({ name, isFast }) =>
      names.length === 0 || names.includes(name) || (isFast === true && names.includes('fast')),
  );
}

/**
 * Concurrent parts print their output when they end, so that it does not interleave; a part that runs alone prints as it goes.
 *
 * @param {readonly Job[]} jobs
 * @param {Pick<import('../setup/layout.mjs').Layout, 'root' | 'logs'>} layout
 * @param {readonly NodeJS.ProcessEnv[]} lanes
 * @returns {Promise<{ outcomes: Outcome[], interruption: number | undefined }>} interruption: the exit status of a part that was interrupted
 */
async function runJobs(jobs, layout, lanes) {
  // The longest first, so that no lane is idle for long at the end.
  const sorted = jobs.toSorted((a, b) => b.part.seconds - a.part.seconds);
  const concurrent = sorted.filter(({ part }) => part.isTimed !== true);
  const alone = sorted.filter(({ part }) => part.isTimed === true);
  /** @type {Outcome[]} */
  const outcomes = [];
  /** @type {number | undefined} */
  let interruption;
  /** @param {Job[]} queue @param {NodeJS.ProcessEnv} env @param {boolean} isAlone */
  const work = async (queue, env, isAlone) => {
    while (interruption === undefined) {
      const job = queue.shift();
      if (job === undefined) return;
      const { tally, status } = await runJob(job, layout, env, isAlone);
      outcomes.push({ job, tally });
      if (INTERRUPTED.has(status)) interruption = status;
    }
  };
  const isSingle = concurrent.length === 1 || lanes.length === 1;
  await Promise.all((isSingle ? lanes.slice(0, 1) : lanes).map((env) => work(concurrent, env, isSingle)));
  await work(alone, lanes[0] ?? {}, true);
  if (!isSingle) {
    for (const outcome of toRepeat(outcomes)) {
      if (interruption !== undefined) break;
      const { tally, status } = await runJob(outcome.job, layout, lanes[0] ?? {}, true);
      outcome.first = outcome.tally;
      outcome.tally = tally;
      if (INTERRUPTED.has(status)) interruption = status;
    }
  }
  return { outcomes, interruption };
}

/**
 * @param {readonly Outcome[]} outcomes
 * @returns {readonly Outcome[]} those of parts that failed; none if they take too long together
 */
function toRepeat(outcomes) {
  const failed = outcomes.filter(({ tally }) => tally.failed > 0);
  const seconds = failed.reduce((sum, { job }) => sum + job.part.seconds, 0);
  return seconds <= MAX_REPEATED_SECONDS ? failed : [];
}

/**
 * @param {Job} job
 * @param {Pick<import('../setup/layout.mjs').Layout, 'root' | 'logs'>} layout
 * @param {NodeJS.ProcessEnv} env
 * @param {boolean} isAlone
 * @returns {Promise<{ tally: Tally, status: number }>}
 */
async function runJob({ check, part }, layout, env, isAlone) {
  const heading = `\n== ${check.title}${part.name === check.name ? '' : `: ${part.name}`} (npm test -- ${check.name})\n`;
  const startMs = performance.now();
  process.stdout.write(isAlone ? heading : `started: ${part.name}\n`);
  const logPath = join(layout.logs, `${part.name.replaceAll('/', '-')}.log`);
  const { tally, status } = await runPart(check, part, layout, env, isAlone ? undefined : logPath);
  if (!isAlone) process.stdout.write(`${heading}${readFileSync(logPath, 'utf8')}`);
  for (const skipped of tally.skipped) process.stdout.write(`skipped: ${skipped}\n`);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  process.stdout.write(`-- ${part.name}: ${inWords(tally)}, ${seconds} s\n`);
  return { tally, status };
}

/**
 * @param {Check} check
 * @param {Part} part
 * @param {Pick<import('../setup/layout.mjs').Layout, 'root' | 'logs'>} layout
 * @param {NodeJS.ProcessEnv} env
 * @param {string | undefined} logPath where its output goes; undefined: to this process's
 * @returns {Promise<{ tally: Tally, status: number }>}
 */
async function runPart(check, part, layout, env, logPath) {
  const { command, reportPath } = part;
  rmSync(reportPath, { force: true });
  // PyTorch and the ROS wheels bring libraries of the same names.
  const own =
    check.isTraining === true
      ? { LD_LIBRARY_PATH: '', PYTHONPATH: '' }
      : pythonPathWith(check.pythonPath, env);
  const partEnv = { ...env, ...own, ...check.env, JEPA_MPC_TALLY: reportPath };
  mkdirSync(layout.logs, { recursive: true });
  const log = logPath === undefined ? undefined : openSync(logPath, 'w');
  let status;
  try {
    status = await supervise(command, {
      cwd: layout.root,
      env: partEnv,
      ...(log !== undefined && { output: log }),
    });
  } catch (error) {
    // The other lane goes on: a program that cannot be started is one failed part.
    writeSync(log ?? process.stdout.fd, `${String(error)}\n`);
    status = NOT_STARTED;
  } finally {
    if (log !== undefined) closeSync(log);
  }
  if (check.report === 'status')
    return { tally: { ...NOTHING, passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1 }, status };
  return { tally: withStatus(readReport(check, reportPath), status), status };
}

/**
 * @param {readonly Check[]} chosen
 * @param {readonly Outcome[]} outcomes
 * @param {Readonly<Record<string, Tally>>} known
 * @returns {number} 0 when nothing failed
 */
function printSummary(chosen, outcomes, known) {
  process.stdout.write('\n');
  const tallies = chosen.map((check) => {
    const own = outcomes.filter(({ job }) => job.check === check).map(({ tally }) => tally);
    const tally = known[check.name] ?? sumOf(own);
    process.stdout.write(`${check.name.padEnd(10)} ${inWords(tally)}\n`);
    return tally;
  });
  const total = sumOf(tallies);
  const repeated = outcomes.flatMap(({ job, tally, first }) =>
    first === undefined || tally.failed > 0 ? [] : failuresOf(job.part.name, first),
  );
  printList('skipped', total.skipped.length, total.skipped);
  printList('failed and passed when it ran again, alone', repeated.length, repeated);
  printList('failed', total.failed, [
    ...outcomes.flatMap(({ job, tally }) => failuresOf(job.part.name, tally)),
    ...Object.entries(known).flatMap(([name, tally]) => failuresOf(name, tally)),
  ]);
  process.stdout.write(`\n${String(total.passed)} passed, ${String(total.failed)} failed\n`);
  return total.failed === 0 ? 0 : 1;
}

/** @param {string} title @param {number} count @param {readonly string[]} lines */
function printList(title, count, lines) {
  if (count === 0) return;
  process.stdout.write(`\n${String(count)} ${title}:\n`);
  for (const line of lines) process.stdout.write(`  ${line}\n`);
}

/**
 * @param {string} part
 * @param {Tally} tally
 * @returns {readonly string[]} a line for each test that failed; one for the part where its runner names none
 */
function failuresOf(part, { failed, failures = [] }) {
  if (failed === 0) return [];
  return failures.length > 0 ? failures.map((line) => `${part}: ${line}`) : [`${part}: its output says why`];
}

/** @param {Tally} tally */
const inWords = ({ passed, failed, skipped }) =>
  `${String(passed)} ok, ${String(failed)} not ok, ${String(skipped.length)} skipped`;

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
