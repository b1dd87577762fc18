import { readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { bundleInto } from './bundle.mjs';
import { gpuSteps } from './gpu/gpu-prefix.mjs';
import { planGpu, WITHOUT_DRIVER } from './gpu/plan-gpu.mjs';
import { requireGazebo, setUpGazebo } from '../test-setup/gazebo/set-up.mjs';
import { layoutOf } from './layout.mjs';
import { makeRunEnvironment } from './run-environment.mjs';
import { nodeSteps, productSteps, setUp, trainingSteps, tuningSteps } from './set-up.mjs';
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
 * Runs a command in an environment of its own, and gives that back afterwards.
 *
 * @param {import('./set-up.mjs').Site} site
 * @param {NodeJS.ProcessEnv} env of the user
 * @param {readonly string[]} command
 * @param {{ isolated?: boolean, adapt?: (env: NodeJS.ProcessEnv) => NodeJS.ProcessEnv }} [options] `isolated`: whether it gets a free ROS domain on
 *   this host; `adapt`: what the command needs otherwise
 * @returns {Promise<number>} its exit status
 */
async function superviseIn({ layout, source }, env, command, { isolated = true, adapt = (own) => own } = {}) {
  const run = await makeRunEnvironment(layout, source, env, { isolated });
  try {
    return await supervise(command, { env: adapt(run.env) });
  } finally {
    run.release();
  }
}

/**
 * For a Python that is not the one of ROS.
 *
 * @param {NodeJS.ProcessEnv} env of the user
 * @returns {(own: NodeJS.ProcessEnv) => NodeJS.ProcessEnv}
 */
const withoutRosLibraries = (env) => (own) => ({
  ...own,
  PYTHONPATH: '',
  LD_LIBRARY_PATH: env['LD_LIBRARY_PATH'] ?? '',
});

/**
 * A command of the product's own program.
 *
 * @param {string} program below `dist`
 * @param {string} command of it
 * @param {{ isolated: boolean, needsGazebo?: (args: readonly string[]) => boolean, stepsOf?: typeof productSteps }} options
 * @returns {Task}
 */
function productTask(program, command, { isolated, needsGazebo = () => false, stepsOf = productSteps }) {
  return {
    prepare: async (args, env) => {
      const site = await setUp(stepsOf, env, write);
      if (needsGazebo(args)) await requireGazebo(site.layout, env, write);
      const main = join(site.layout.dist, program);
      return () => superviseIn(site, env, [process.execPath, main, command, ...args], { isolated });
    },
  };
}

/**
 * A Python program that drives node and simulator over ROS 2.
 *
 * @param {string} module
 * @param {readonly string[]} folders where Python finds it and what it starts
 * @param {{ isolated?: boolean }} [options] as those of `superviseIn`
 * @returns {Task}
 */
function simulatorTask(module, folders, { isolated = true } = {}) {
  return {
    prepare: async (args, env) => {
      const site = await setUp(productSteps, env, write);
      const paths = folders.map((name) => join(site.layout.root, name));
      const python = join(site.source.pythonPrefix, 'bin', 'python');
      return () =>
        superviseIn(site, env, [python, '-m', module, ...args], {
          isolated,
          adapt: (own) => ({
            ...own,
            PYTHONPATH: [...paths, own['PYTHONPATH'] ?? ''].filter((path) => path !== '').join(delimiter),
          }),
        });
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
  const words = args.flatMap((arg) => (arg.startsWith('@') ? wordsOf(arg.slice(1)) : [arg]));
  return (
    choosesGazebo(words) || words.some((word) => /^(--set=)?\w+\.gazebo_episodes=0*[1-9]\d*$/.test(word))
  );
}

/**
 * @param {string} path of a file of options; the training refuses one that it cannot read
 * @returns {string[]} its words, without comments and quotation marks
 */
function wordsOf(path) {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return [];
  return readFileSync(path, 'utf8')
    .replaceAll(/#.*$|['"]/gm, '')
    .split(/\s+/);
}

/** Options of the task `setup`. */
const SETUP_OPTIONS = ['--training', '--gpu', '--gpu=tensorrt', WITHOUT_DRIVER];

/** @param {readonly string[]} args of the task `setup`; what follows --gpu= is checked where it is read */
function checkSetupOptions(args) {
  const unknown = args.find((arg) => !SETUP_OPTIONS.includes(arg) && !arg.startsWith('--gpu='));
  if (unknown === undefined) return;
  throw new SetupError('setup.unknown-option', `setup has no option ${unknown}`, {
    expected: SETUP_OPTIONS.join(', '),
  });
}

/** @type {Readonly<Record<string, Task>>} */
export const TASKS = {
  demo: productTask('eval/main.js', 'demo', { isolated: true, needsGazebo: choosesGazebo }),
  /** Every rule of the guide, provoked and followed: docs/tuning.md. */
  'guide-check': productTask('eval/main.js', 'guide-check', { isolated: true }),
  /** How many URDFs of a folder the node reads, and training: training/README.md. */
  urdfs: productTask('eval/main.js', 'urdfs', { isolated: false }),
  node: productTask('src/cli/main.js', 'node', { isolated: false }),
  dashboard: productTask('src/cli/main.js', 'dashboard', { isolated: false }),
  guide: productTask('src/cli/main.js', 'guide', { isolated: false }),
  /** Simulations of profiles: docs/tuning.md. `npx jepa-mpc evaluate` comes here in a shell without ROS; the other two likewise. */
  evaluate: productTask('eval/main.js', 'evaluate', { isolated: true, needsGazebo: choosesGazebo }),
  sweep: productTask('eval/main.js', 'sweep', { isolated: true, needsGazebo: choosesGazebo }),
  tune: productTask('eval/main.js', 'tune', {
    isolated: true,
    needsGazebo: choosesGazebo,
    stepsOf: tuningSteps,
  }),
  setup: {
    prepare: async (args, env) => {
      checkSetupOptions(args);
      const gpu = planGpu(args, env, layoutOf(), write);
      const steps = args.includes('--training') ? trainingSteps : productSteps;
      const site = await setUp((at) => steps(at, gpu === undefined ? [] : gpuSteps(at, gpu)), env, write);
      if (gpu === undefined || args.includes(WITHOUT_DRIVER)) return () => Promise.resolve(0);
      const { root, dist } = site.layout;
      const check = ['model', 'check', join(root, 'models', 'reacher'), '--device', gpu.provider];
      return () => superviseIn(site, env, [process.execPath, join(dist, 'src/cli/main.js'), ...check]);
    },
  },
  /** Any program, in the environment of the demo: `node scripts/bootstrap.mjs exec python3 -m pytest …`. */
  exec: {
    prepare: async (args, env) => {
      if (args.length === 0)
        throw new SetupError('setup.missing-argument', 'there is no command to run', {
          expected: 'exec <program> [arguments]',
        });
      const site = await setUp(productSteps, env, write);
      return () => superviseIn(site, env, args);
    },
  },
  test: checksTask(testSteps, (args) => args),
  /** `npm test -- colcon` alone, without the training environment that other checks need. */
  'test:colcon': checksTask(colconSteps, () => ['colcon']),
  /** `npm test -- sdf gazebo` alone, likewise. */
  'test:gazebo': checksTask(productSteps, () => ['sdf', 'gazebo']),
  train: {
    prepare: async (args, env) => {
      const site = await setUp(trainingSteps, env, write);
      if (trainingNeedsGazebo(args)) await requireGazebo(site.layout, env, write);
      const python = join(site.layout.trainingPrefix, 'bin', 'python');
      return () =>
        superviseIn(site, env, [python, '-m', 'jepa_mpc_training', ...args], {
          adapt: withoutRosLibraries(env),
        });
    },
  },
  /** A robot of any URDF in MuJoCo, in the user's ROS domain: docs/simulators.md. */
  simulate: simulatorTask('jepa_mpc_mujoco', ['sim/common', 'sim/mujoco'], { isolated: false }),
  /** Drives the demo's robot through ROS 2 and records it: training/README.md, "Your own robot". */
  record: simulatorTask('jepa_mpc_training.record', ['training', 'sim/common', 'sim/mujoco']),
  /** Injects faults into the running demo and measures the reactions: docs/faults.md. */
  faults: simulatorTask('jepa_mpc_faults.run', ['eval/faults']),
  /** Goals and seeded faults for as long as asked: memory, handles and rates over time. */
  soak: simulatorTask('jepa_mpc_faults.soak', ['eval/faults']),
  /** From a bag of the demo to the demo with the model that was trained on it. */
  'round-trip': {
    prepare: async (args, env) => {
      const site = await setUp(trainingSteps, env, write);
      const python = join(site.layout.trainingPrefix, 'bin', 'python');
      return () => superviseIn(site, env, [python, '-m', 'jepa_mpc_training.round_trip', ...args]);
    },
  },
  /** Drives the command stream with anything, checked independently: bench/fuzz-commands.mjs. */
  fuzz: {
    prepare: async (args, env) => {
      const site = await setUp(productSteps, env, write);
      const main = join(site.layout.root, 'bench', 'fuzz-commands.mjs');
      return () => superviseIn(site, env, [process.execPath, main, ...args]);
    },
  },
  /** Times the planner and the reference: bench/README.md. */
  bench: {
    prepare: async (args, env) => {
      const site = await setUp(benchSteps, env, write);
      const main = join(site.layout.root, 'bench', 'run.mjs');
      return () =>
        superviseIn(site, env, [process.execPath, main, ...args], {
          isolated: false,
          adapt: withoutRosLibraries(env),
        });
    },
  },
  /** What the installed ROS package runs from, for CMakeLists.txt: in a sourced ROS 2, from a copy of the sources. */
  bundle: {
    prepare: async (args, env) => {
      const [target, gpuPrefix] = args;
      if (target === undefined)
        throw new SetupError('setup.missing-argument', 'there is no folder to write the bundle to', {
          expected: 'bundle <folder> [<.prefix/gpu of the checkout>]',
        });
      // A build installs nothing in the operating system, and colcon takes what is written to stderr for warnings.
      const buildEnv = { ...env, JEPA_MPC_SETUP_APT: '0' };
      const { layout } = await setUp(nodeSteps, buildEnv, (text) => void process.stdout.write(text));
      return () => bundleInto(layout, target, gpuPrefix);
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
