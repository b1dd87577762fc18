import { join } from 'node:path';

/**
 * One check of `npm test`.
 *
 * @typedef {object} Check
 * @property {string} name what `npm test -- <name>` chooses it by
 * @property {string} title its heading
 * @property {readonly string[]} command
 * @property {'status' | 'vitest' | 'junit'} report how its outcome is read: from the exit status alone, as one test, or from a report
 * @property {string} [reportPath] of a junit report
 * @property {readonly string[]} [pythonPath] where Python finds the packages under test
 * @property {NodeJS.ProcessEnv} [env] what else it is told
 * @property {boolean} [isTraining] runs in the training environment
 */

/**
 * Every check, the quick ones first.
 *
 * @param {import('../setup/layout.mjs').Layout} layout
 * @param {string} simulatorPython the interpreter with rclpy and MuJoCo
 * @returns {Check[]}
 */
export function checksOf(layout, simulatorPython) {
  const node = process.execPath;
  /** @param {string[]} path */
  const inModules = (...path) => join(layout.nodeModules, ...path);
  const trainingPython = join(layout.trainingPrefix, 'bin', 'python');
  /**
   * @param {string} python
   * @param {string} name
   * @param {readonly string[]} folders
   * @param {readonly string[]} [flags]
   */
  const pytest = (python, name, folders, flags = []) => {
    const reportPath = join(layout.logs, `${name}.xml`);
    return {
      command: [
        python,
        '-m',
        'pytest',
        ...folders,
        '-rs',
        '-q',
        `--junitxml=${reportPath}`,
        '-p',
        'no:cacheprovider',
        ...flags,
      ],
      report: /** @type {const} */ ('junit'),
      reportPath,
    };
  };
  /**
   * @param {string} project
   * @param {string} title
   * @returns {Check}
   */
  const vitest = (project, title) => ({
    name: project,
    title,
    command: [
      node,
      inModules('vitest', 'vitest.mjs'),
      'run',
      '--project',
      project,
      '--reporter=default',
      `--reporter=${join(layout.root, 'scripts', 'checks', 'vitest-tally-reporter.mjs')}`,
    ],
    report: 'vitest',
  });
  return [
    {
      name: 'format',
      title: 'Formatting (prettier)',
      command: [node, inModules('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.'],
      report: 'status',
    },
    {
      name: 'typecheck',
      title: 'Types (tsc)',
      command: [node, inModules('typescript', 'bin', 'tsc'), '--noEmit'],
      report: 'status',
    },
    {
      name: 'lint',
      title: 'Lint (eslint)',
      command: [node, inModules('eslint', 'bin', 'eslint.js'), '--max-warnings', '0', '.'],
      report: 'status',
    },
    {
      name: 'rooms',
      title: 'Who may import whom (dependency-cruiser)',
      command: [
        node,
        inModules('dependency-cruiser', 'bin', 'dependency-cruise.mjs'),
        'src',
        'eval',
        'packages',
        '--config',
        '.dependency-cruiser.cjs',
      ],
      report: 'status',
    },
    {
      name: 'unused',
      title: 'Nothing unused (knip)',
      command: [node, inModules('knip', 'bin', 'knip.js'), '--no-progress'],
      report: 'status',
    },
    {
      name: 'ruff',
      title: 'Python lint (ruff)',
      command: [trainingPython, '-m', 'ruff', 'check', '--no-cache', 'sim', 'training', 'launch', 'tests'],
      report: 'status',
      isTraining: true,
    },
    vitest('unit', 'Unit tests'),
    vitest('contract', 'Contract tests: one suite for every implementation'),
    {
      name: 'bench',
      title: 'Harness of the benchmark (node --test)',
      command: [
        node,
        '--test',
        ...['harness', 'node-times'].map((name) => join(layout.root, 'bench', 'tests', `${name}.test.mjs`)),
      ],
      report: 'status',
    },
    {
      name: 'launch',
      title: 'Launch files and ROS package (pytest)',
      ...pytest(simulatorPython, 'launch', ['tests/launch']),
    },
    {
      name: 'sdf',
      title: 'One robot in URDF, SDF and MuJoCo (pytest)',
      ...pytest(simulatorPython, 'sdf', ['tests/gazebo']),
    },
    {
      name: 'simulator',
      title: 'Simulator tests (pytest)',
      ...pytest(simulatorPython, 'simulator', [
        'sim/common/tests',
        'sim/common/contract',
        'sim/mujoco/tests',
      ]),
      pythonPath: ['common', 'mujoco'].map((name) => join(layout.root, 'sim', name)),
    },
    {
      name: 'training',
      title: 'Training tests (pytest)',
      ...pytest(trainingPython, 'training', ['training/tests']),
      isTraining: true,
    },
    {
      name: 'ros',
      title: 'A foreign ROS 2 robot and the planner node (pytest)',
      ...pytest(simulatorPython, 'ros', ['tests/ros']),
    },
    {
      name: 'colcon',
      title: 'colcon build in a clean workspace, and an episode from its install space (pytest)',
      // -s: it takes minutes, and says what it does.
      ...pytest(simulatorPython, 'colcon', ['tests/colcon'], ['-s']),
    },
    vitest('e2e', 'End-to-end tests: node and simulator together'),
    {
      name: 'gazebo',
      title: 'Gazebo Classic and the planner node (pytest)',
      ...pytest(simulatorPython, 'gazebo', ['sim/common/contract', 'sim/gazebo/tests']),
      env: { JEPA_MPC_SIMULATOR: 'gazebo' },
      pythonPath: ['common', 'mujoco', 'gazebo'].map((name) => join(layout.root, 'sim', name)),
    },
  ];
}
