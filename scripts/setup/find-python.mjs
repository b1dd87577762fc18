import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './setup-error.mjs';
import { ask } from './run-command.mjs';

/** The minor versions of CPython 3 that the ROS 2 wheels are built for, the preferred one first. */
const SUPPORTED_MINORS = [13, 12, 11, 10];

/** Prints what the set-up needs to know of an interpreter, as JSON. */
const PROBE = `
import json, sys, sysconfig
missing = []
for name in ("venv", "ensurepip"):
    try:
        __import__(name)
    except ImportError:
        missing.append(name)
print(json.dumps({
    "executable": sys.executable,
    "major": sys.version_info[0],
    "minor": sys.version_info[1],
    "missing": missing,
    "libraryFile": sysconfig.get_config_var("INSTSONAME") or "",
    "libraryFolder": sysconfig.get_config_var("LIBDIR") or "",
    "multiarch": sysconfig.get_config_var("MULTIARCH") or "",
}))
`;

/**
 * @typedef {object} Python an interpreter that the ROS 2 prefix can be made with
 * @property {string} executable
 * @property {string} version such as "3.11"
 * @property {string} sharedLibrary path of its shared libpython
 */

/**
 * @typedef {{ executable: string, major: number, minor: number, missing: string[], libraryFile: string, libraryFolder: string,
 *   multiarch: string }} ProbeFacts what the probe prints
 */

/**
 * @typedef {{ command: string, problem: string, aptPackages: string[] }} Refusal why an interpreter does not do
 */

/**
 * @param {string} command
 * @returns {Python | Refusal | undefined} undefined when there is no such interpreter
 */
function probe(command) {
  const answer = ask([command, '-c', PROBE]);
  if (answer === undefined) return undefined;
  /** @type {ProbeFacts} */
  const facts = JSON.parse(answer);
  const version = `${facts.major}.${facts.minor}`;
  if (facts.major !== 3 || !SUPPORTED_MINORS.includes(facts.minor)) {
    return { command, problem: `it is Python ${version}`, aptPackages: [] };
  }
  if (facts.missing.length > 0) {
    return {
      command,
      problem: `it lacks the module ${facts.missing.join(', ')}`,
      aptPackages: [`python${version}-venv`],
    };
  }
  const folders = [
    join(facts.libraryFolder, facts.multiarch),
    facts.libraryFolder,
    join('/usr/lib', facts.multiarch),
  ];
  const sharedLibrary = folders
    .map((folder) => join(folder, facts.libraryFile))
    .find((path) => path.includes('.so') && existsSync(path));
  if (sharedLibrary === undefined) {
    return {
      command,
      problem: `it has no shared libpython (looked for ${facts.libraryFile || 'libpython'} in ${folders.join(', ')})`,
      aptPackages: [`libpython${version}`],
    };
  }
  return { executable: facts.executable, version, sharedLibrary };
}

/**
 * Finds an interpreter for the ROS 2 prefix.
 *
 * @param {NodeJS.ProcessEnv} env `JEPA_MPC_SETUP_PYTHON` names one and leaves no choice
 * @returns {Python | Refusal[]} the first that does, or why none does
 */
export function findPython(env) {
  const named = env['JEPA_MPC_SETUP_PYTHON'];
  const commands = named ? [named] : [...SUPPORTED_MINORS.map((minor) => `python3.${minor}`), 'python3'];
  /** @type {Refusal[]} */
  const refusals = [];
  for (const command of commands) {
    const result = probe(command);
    if (result === undefined) continue;
    if ('executable' in result) return result;
    refusals.push(result);
  }
  return refusals;
}

/**
 * @param {readonly Refusal[]} refusals
 * @param {NodeJS.ProcessEnv} env
 * @returns {SetupError}
 */
export function noPythonError(refusals, env) {
  const named = env['JEPA_MPC_SETUP_PYTHON'];
  const found = refusals.map(({ command, problem }) => `${command}: ${problem}`).join('; ');
  return new SetupError('setup.no-python', 'there is no Python that ROS 2 can be installed with', {
    found: found || (named ? `${named} does not start` : 'no python3 on the PATH'),
    expected: 'CPython 3.10 to 3.13 with venv and a shared libpython',
    remedy:
      'sudo apt-get install -y python3-venv libpython3-dev (or name another interpreter: JEPA_MPC_SETUP_PYTHON=/path/to/python3)',
  });
}
