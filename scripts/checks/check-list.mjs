import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { tuningPython } from '../setup/tuning-prefix.mjs';

/**
 * One check of `npm test`.
 *
 * @typedef {object} Check
 * @property {string} name `npm test -- <name>` chooses it
 * @property {string} title its heading
 * @property {'status' | 'vitest' | 'junit'} report where its outcome comes from: the exit status alone (one test) or a report
 * @property {readonly Part[]} parts
 * @property {boolean} [isFast] needs neither ROS, Gazebo, PyTorch nor WebGPU: part of `npm test -- fast`
 * @property {readonly string[]} [pythonPath] where Python finds the packages under test
 * @property {NodeJS.ProcessEnv} [env] further variables of its environment
 * @property {boolean} [isTraining] runs in the training environment, as tuning does, without the modules of ROS
 */

/**
 * A program that runs the whole check or some files of it. Parts do not depend on each other and may run concurrently.
 *
 * @typedef {object} Part
 * @property {string} name unique among all parts
 * @property {readonly string[]} command
 * @property {string} reportPath where a report goes
 * @property {number} seconds rough duration on two cores. Long parts start first.
 * @property {boolean} [isTimed] measures how long things take, so nothing else runs at the same time
 */

/** Test files of `tests/ros` that take long, in seconds. The others take about `ROS_SECONDS`. */
const LONG_ROS_FILES = new Map([
  ['test_lifecycle.py', 110],
  ['test_foreign_peer.py', 80],
  ['test_two_machines.py', 60],
  ['test_commands.py', 60],
  ['test_parameters.py', 60],
  ['test_names_and_time.py', 50],
  ['test_goals.py', 50],
  ['test_seeing.py', 40],
  ['test_dashboard.py', 90],
  ['test_dashboard_load.py', 60],
]);
const ROS_SECONDS = 30;

/** Test files that measure rates, latencies or shares of the processor's time. */
const TIMED_FILES = new Set([
  'test_command_stream.py',
  'test_camera_throughput.py',
  'test_dashboard_load.py',
  'test_real_time_node.py',
  'test_rows.py',
]);

/**
 * Every check, the quick ones first.
 *
 * @param {import('../setup/layout.mjs').Layout} layout
 * @param {string} simulatorPython the interpreter with rclpy and MuJoCo
 * @returns {Check[]}
 */
export function checksOf(layout, simulatorPython) {
  const node = process.execPath;
  const trainingPython = join(layout.trainingPrefix, 'bin', 'python');
  /** @param {string[]} path */
  const inModules = (...path) => join(layout.nodeModules, ...path);
  /** @param {string} file */
  const cache = (file) => join(layout.nodeModules, '.cache', 'jepa-mpc', file);
  /**
   * @param {string} name
   * @param {number} seconds
   * @param {readonly string[]} command
   * @returns {Part}
   */
  const part = (name, seconds, command) => ({
    name,
    command,
    seconds,
    reportPath: join(layout.logs, `${name.replaceAll('/', '-')}.report`),
  });
  /**
   * @param {string} name
   * @param {string} title
   * @param {number} seconds
   * @param {readonly string[]} command
   * @returns {Check}
   */
  const tool = (name, title, seconds, command) => ({
    name,
    title,
    report: 'status',
    parts: [part(name, seconds, command)],
    isFast: true,
  });
  /**
   * @param {string} python
   * @param {string} name
   * @param {number} seconds
   * @param {readonly string[]} paths files and folders
   * @param {readonly string[]} [flags]
   * @returns {Part}
   */
  const pytest = (python, name, seconds, paths, flags = []) => {
    const made = part(name, seconds, []);
    const options = ['-rs', '-q', '--durations=10', '--durations-min=3', '-p', 'no:cacheprovider'];
    return {
      ...made,
      command: [python, '-m', 'pytest', ...paths, ...options, `--junitxml=${made.reportPath}`, ...flags],
      isTimed: paths.some((path) => TIMED_FILES.has(path.split('/').at(-1) ?? '')),
    };
  };
  /**
   * @param {string} name
   * @param {number} seconds
   * @param {string} project
   * @param {readonly string[]} [files]
   * @returns {Part}
   */
  const vitest = (name, seconds, project, files = []) =>
    part(name, seconds, [
      node,
      inModules('vitest', 'vitest.mjs'),
      'run',
      ...files,
      '--project',
      project,
      '--reporter=default',
      `--reporter=${join(layout.root, 'scripts', 'checks', 'vitest-tally-reporter.mjs')}`,
    ]);
  /**
   * @param {string} folder
   * @param {RegExp} pattern
   * @returns {string[]} names of the test files in it
   */
  const filesIn = (folder, pattern) =>
    readdirSync(join(layout.root, folder))
      .filter((file) => pattern.test(file))
      .sort();
  /**
   * @param {string} project folder of a tsconfig.json
   * @returns {string[]}
   */
  const typecheck = (project) => [
    node,
    inModules('typescript', 'bin', 'tsc'),
    ...['--noEmit', '--project', project],
    ...['--incremental', '--tsBuildInfoFile', cache(`tsc-${project.replaceAll('/', '-')}.json`)],
  ];
  /** @param {readonly string[]} names */
  const simulators = (names) => names.map((name) => join(layout.root, 'sim', name));

  return [
    tool('format', 'Formatting (prettier)', 9, [
      node,
      inModules('prettier', 'bin', 'prettier.cjs'),
      ...['--check', '--log-level', 'warn'],
      ...['--cache', '--cache-strategy', 'content', '--cache-location', cache('prettier')],
      '.',
    ]),
    {
      name: 'typecheck',
      title: 'Types (tsc)',
      report: 'status',
      parts: [
        part('typecheck/node', 9, typecheck('.')),
        part('typecheck/page', 6, typecheck('src/dashboard/ui')),
        part('typecheck/browser', 5, typecheck('tests/browser')),
      ],
      isFast: true,
    },
    tool('lint', 'Lint (eslint)', 30, [
      node,
      inModules('eslint', 'bin', 'eslint.js'),
      '--max-warnings',
      '0',
      '.',
    ]),
    tool('rooms', 'Who may import whom (dependency-cruiser)', 3, [
      node,
      inModules('dependency-cruiser', 'bin', 'dependency-cruise.mjs'),
      'src',
      'eval',
      'packages',
      '--config',
      '.dependency-cruiser.cjs',
    ]),
    tool('unused', 'Nothing unused (knip)', 2, [node, inModules('knip', 'bin', 'knip.js'), '--no-progress']),
    tool('sbom', 'Every package has an allowed licence (npm sbom)', 1, [
      node,
      join(layout.root, 'scripts', 'checks', 'sbom.mjs'),
    ]),
    {
      name: 'audit',
      title: 'No known weaknesses in packages (npm audit)',
      report: 'vitest',
      parts: [part('audit', 2, [node, join(layout.root, 'scripts', 'checks', 'audit.mjs')])],
      isFast: true,
    },
    {
      ...tool('ruff', 'Python lint (ruff)', 1, [
        trainingPython,
        '-m',
        'ruff',
        'check',
        '--no-cache',
        'sim',
        'training',
        'launch',
        'tests',
        'eval',
      ]),
      isTraining: true,
    },
    {
      name: 'unit',
      title: 'Unit tests',
      report: 'vitest',
      parts: [vitest('unit/shared', 45, 'unit'), vitest('unit/isolated', 45, 'unit-isolated')],
      isFast: true,
    },
    {
      name: 'webgpu',
      title: 'Unit tests of models on WebGPU',
      report: 'vitest',
      parts: [vitest('webgpu', 25, 'unit-webgpu')],
    },
    {
      name: 'contract',
      title: 'Contract tests: one suite for every implementation',
      report: 'vitest',
      parts: [vitest('contract', 6, 'contract')],
      isFast: true,
    },
    tool('bench', 'Harness of the benchmark (node --test)', 2, [
      node,
      '--test',
      ...['harness', 'node-times'].map((name) => join(layout.root, 'bench', 'tests', `${name}.test.mjs`)),
    ]),
    {
      name: 'launch',
      title: 'Launch files and ROS package (pytest)',
      report: 'junit',
      parts: [pytest(simulatorPython, 'launch', 2, ['tests/launch'])],
      isFast: true,
    },
    {
      name: 'sdf',
      title: 'One robot in URDF, SDF and MuJoCo (pytest)',
      report: 'junit',
      parts: [pytest(simulatorPython, 'sdf', 65, ['tests/gazebo'])],
    },
    {
      name: 'simulator',
      title: 'Simulator tests (pytest)',
      report: 'junit',
      parts: [
        pytest(simulatorPython, 'simulator/mujoco', 40, [
          'sim/common/tests',
          'sim/common/contract',
          'sim/mujoco/tests',
          '--ignore=sim/mujoco/tests/test_real_time_node.py',
        ]),
        pytest(simulatorPython, 'simulator/real-time', 15, ['sim/mujoco/tests/test_real_time_node.py']),
      ],
      pythonPath: simulators(['common', 'mujoco']),
    },
    {
      name: 'faults',
      title: 'Fault matrix and its check of commands (pytest)',
      report: 'junit',
      parts: [
        pytest(simulatorPython, 'faults/check', 20, [
          'eval/faults/tests',
          '--ignore=eval/faults/tests/test_rows.py',
        ]),
        pytest(simulatorPython, 'faults/rows', 45, ['eval/faults/tests/test_rows.py']),
      ],
      pythonPath: [...simulators(['common', 'mujoco']), join(layout.root, 'eval', 'faults')],
    },
    {
      name: 'training',
      title: 'Training tests (pytest)',
      report: 'junit',
      parts: [pytest(trainingPython, 'training', 230, ['training/tests'])],
      isTraining: true,
    },
    {
      name: 'tuning',
      title: 'The study behind jepa-mpc tune, shared by processes that are killed (pytest)',
      report: 'junit',
      parts: [pytest(tuningPython(layout), 'tuning', 100, ['eval/tuning/tests'])],
      isTraining: true,
    },
    {
      name: 'ros',
      title: 'A foreign ROS 2 robot and the planner node (pytest)',
      report: 'junit',
      parts: filesIn('tests/ros', /^test_.*\.py$/).map((file) =>
        pytest(
          simulatorPython,
          `ros/${file.replace(/^test_|\.py$/g, '').replaceAll('_', '-')}`,
          LONG_ROS_FILES.get(file) ?? ROS_SECONDS,
          [`tests/ros/${file}`],
        ),
      ),
    },
    {
      name: 'colcon',
      title: 'colcon build in a clean workspace, and an episode from its install space (pytest)',
      report: 'junit',
      // -s: it takes minutes, so its progress is shown.
      parts: [pytest(simulatorPython, 'colcon', 75, ['tests/colcon'], ['-s'])],
    },
    {
      name: 'e2e',
      title: 'End-to-end tests: node and simulator together',
      report: 'vitest',
      parts: filesIn('tests/e2e', /\.test\.ts$/).map((file) =>
        vitest(`e2e/${file.replace(/\.test\.ts$/, '')}`, 90, 'e2e', [`tests/e2e/${file}`]),
      ),
    },
    {
      name: 'browser',
      title: 'The page of the dashboard in Chromium',
      report: 'vitest',
      parts: filesIn('tests/browser', /\.test\.ts$/).map((file) => ({
        ...vitest(`browser/${file.replace(/\.test\.ts$/, '')}`, 60, 'browser', [`tests/browser/${file}`]),
        // It measures the first paint.
        isTimed: file === 'design.test.ts',
      })),
    },
    {
      name: 'gazebo',
      title: 'Gazebo Classic and the planner node (pytest)',
      report: 'junit',
      parts: [pytest(simulatorPython, 'gazebo', 85, ['sim/common/contract', 'sim/gazebo/tests'])],
      env: { JEPA_MPC_SIMULATOR: 'gazebo' },
      pythonPath: simulators(['common', 'mujoco', 'gazebo']),
    },
  ];
}
