import { delimiter, join } from 'node:path';
import { bundleInto } from './bundle.mjs';
import { requireGazebo, setUpGazebo } from '../test-setup/gazebo/set-up.mjs';
import { makeRunEnvironment } from './run-environment.mjs';
import { nodeSteps, productSteps, setUp, trainingSteps } from './set-up.mjs';
import { SetupError } from './setup-error.mjs';
import { supervise } from './supervise.mjs';
import { benchSteps, colconSteps, testSteps } from '../test-setup/steps.mjs';

/**
 * A task of `scripts/bootstrap.mjs`. Preparing sets up what it needs. The function that it returns does the work and returns
 * the exit status.
 *
 * @typedef {{ prepare: (args: readonly string[], env: NodeJS.ProcessEnv) => Promise<() => Promise<number>> }} Task
 */

/** @param {string} text */
const write = (text) => {
  process.stderr.write(text);
};

/**
 * A command of the product's own program.
 *
 * @param {string} program below `dist`
 * @param {string} command of it
 * @param {{ isolated: boolean, needsGazebo?: (args: readonly string[]) => boolean }} options
 * @returns {Task}
 */
function productTask(program, command, { isolated, needsGazebo = () => false }) {
  return {
    prepare: async (args, env) => {
      const { layout, source } = await setUp(productSteps, env, write);
      if (needsGazebo(args)) await requireGazebo(layout, env, write);
      const main = join(layout.dist, program);
      return async () => {
        const run = await makeRunEnvironment(layout, source, env, { isolated });
        try {
          return await supervise([process.execPath, main, command, ...args], { env: run.env });
        } finally {
          run.release();
        }
      };
    },
  };
}

/**
 * Checks of the product.
 *
 * @param {(site: import('./set-up.mjs').Site) => import('./steps.mjs').Step[]} stepsOf what they need
 * @param {(args: readonly string[]) => readonly string[]} namesOf which checks the arguments choose
 * @returns {Task}
 */
function checksTask(stepsOf, namesOf) {
  return {
    prepare: async (args, env) => {
      const { layout, source } = await setUp(stepsOf, env, write);
      const names = namesOf(args);
      const chooses = (/** @type {string} */ name) => names.length === 0 || names.includes(name);
      const gazebo = chooses('gazebo') ? await gazeboOutcome(layout, env) : undefined;
      return async () => {
        // It imports npm packages, which the set-up has installed only now.
        const { LANES, runChecks } = await import('../checks/run-checks.mjs');
        // Programs that run at the same time need ROS domains of their own. In one that the user has named they take turns.
        const laneCount = env['ROS_DOMAIN_ID'] ? 1 : LANES;
        const runs = [];
        try {
          for (let lane = 0; lane < laneCount; lane += 1)
            runs.push(await makeRunEnvironment(layout, source, env, { isolated: true }));
          return await runChecks(
            names,
            layout,
            runs.map((run) => run.env),
            gazebo && { gazebo },
          );
        } finally {
          for (const run of runs) run.release();
        }
      };
    },
  };
}

/**
 * Sets Gazebo Classic up for the check that needs it. The other checks go on without it.
 *
 * @param {import('./layout.mjs').Layout} layout
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<import('../checks/tally.mjs').Tally | undefined>} what counts in place of the check, where it cannot run
 */
async function gazeboOutcome(layout, env) {
  try {
    const { blocker } = await setUpGazebo(layout, env, write);
    return blocker === undefined
      ? undefined
      : { passed: 0, failed: 0, skipped: [`Gazebo Classic: ${blocker}`] };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    write(`${error.explain()}\n`);
    return { passed: 0, failed: 1, skipped: [] };
  }
}

/**
 * @param {readonly string[]} args of the demo or the training
 * @returns {boolean} whether its simulator is to be Gazebo
 */
export function choosesGazebo(args) {
  return args.some(
    (arg, index) => arg === '--simulator=gazebo' || (arg === '--simulator' && args[index + 1] === 'gazebo'),
  );
}

/**
 * @param {readonly string[]} args of the training
 * @returns {boolean} whether frames are to be collected in Gazebo
 */
export function trainingNeedsGazebo(args) {
  return choosesGazebo(args) || args.some((arg) => /^(--set=)?\w+\.gazebo_episodes=0*[1-9]\d*$/.test(arg));
}

/** @type {Readonly<Record<string, Task>>} */
export const TASKS = {
  demo: productTask('eval/main.js', 'demo', { isolated: true, needsGazebo: choosesGazebo }),
  node: productTask('src/cli/main.js', 'node', { isolated: false }),
  setup: {
    prepare: async (args, env) => {
      await setUp(args.includes('--training') ? trainingSteps : productSteps, env, write);
      return () => Promise.resolve(0);
    },
  },
  /** Any program, in the environment of the demo: `node scripts/bootstrap.mjs exec python3 -m pytest …`. */
  exec: {
    prepare: async (args, env) => {
      if (args.length === 0)
        throw new SetupError('setup.missing-argument', 'there is no command to run', {
          expected: 'exec <program> [arguments]',
        });
      const { layout, source } = await setUp(productSteps, env, write);
      return async () => {
        const run = await makeRunEnvironment(layout, source, env, { isolated: true });
        try {
          return await supervise(args, { env: run.env });
        } finally {
          run.release();
        }
      };
    },
  },
  test: checksTask(testSteps, (args) => args),
  /** `npm test -- colcon` alone, without the training environment that other checks need. */
  'test:colcon': checksTask(colconSteps, () => ['colcon']),
  /** `npm test -- sdf gazebo` alone, likewise. */
  'test:gazebo': checksTask(productSteps, () => ['sdf', 'gazebo']),
  train: {
    prepare: async (args, env) => {
      const { layout, source } = await setUp(trainingSteps, env, write);
      if (trainingNeedsGazebo(args)) await requireGazebo(layout, env, write);
      const python = join(layout.trainingPrefix, 'bin', 'python');
      return async () => {
        const run = await makeRunEnvironment(layout, source, env, { isolated: true });
        try {
          return await supervise([python, '-m', 'jepa_mpc_training', ...args], {
            env: { ...run.env, PYTHONPATH: '', LD_LIBRARY_PATH: env['LD_LIBRARY_PATH'] ?? '' },
          });
        } finally {
          run.release();
        }
      };
    },
  },
  /** Drives the demo's robot through ROS 2 and records it: training/README.md, "Your own robot". */
  record: {
    prepare: async (args, env) => {
      const { layout, source } = await setUp(productSteps, env, write);
      const folders = ['training', 'sim/common', 'sim/mujoco'].map((name) => join(layout.root, name));
      return async () => {
        const run = await makeRunEnvironment(layout, source, env, { isolated: true });
        const pythonPath = [...folders, run.env['PYTHONPATH'] ?? ''].filter((path) => path !== '');
        try {
          return await supervise(
            [join(source.pythonPrefix, 'bin', 'python'), '-m', 'jepa_mpc_training.record', ...args],
            { env: { ...run.env, PYTHONPATH: pythonPath.join(delimiter) } },
          );
        } finally {
          run.release();
        }
      };
    },
  },
  /** From a bag of the demo to the demo with the model that was trained on it. */
  'round-trip': {
    prepare: async (args, env) => {
      const { layout, source } = await setUp(trainingSteps, env, write);
      return async () => {
        const run = await makeRunEnvironment(layout, source, env, { isolated: true });
        const python = join(layout.trainingPrefix, 'bin', 'python');
        try {
          return await supervise([python, '-m', 'jepa_mpc_training.round_trip', ...args], { env: run.env });
        } finally {
          run.release();
        }
      };
    },
  },
  /** Times the planner and the reference: bench/README.md. */
  bench: {
    prepare: async (args, env) => {
      const { layout, source } = await setUp(benchSteps, env, write);
      const main = join(layout.root, 'bench', 'run.mjs');
      return async () => {
        const run = await makeRunEnvironment(layout, source, env, { isolated: false });
        try {
          return await supervise([process.execPath, main, ...args], {
            env: { ...run.env, PYTHONPATH: '', LD_LIBRARY_PATH: env['LD_LIBRARY_PATH'] ?? '' },
          });
        } finally {
          run.release();
        }
      };
    },
  },
  /** What the installed ROS package runs from, for CMakeLists.txt: in a sourced ROS 2, from a copy of the sources. */
  bundle: {
    prepare: async (args, env) => {
      const [target] = args;
      if (target === undefined)
        throw new SetupError('setup.missing-argument', 'there is no folder to write the bundle to', {
          expected: 'bundle <folder>',
        });
      // A build installs nothing in the operating system, and colcon takes what is written to stderr for warnings.
      const buildEnv = { ...env, JEPA_MPC_SETUP_APT: '0' };
      const { layout } = await setUp(nodeSteps, buildEnv, (text) => void process.stdout.write(text));
      return () => bundleInto(layout, target);
    },
  },
};

/**
 * @param {string} name
 * @returns {Task | undefined}
 */
export function taskNamed(name) {
  return Object.hasOwn(TASKS, name) ? TASKS[name] : undefined;
}
