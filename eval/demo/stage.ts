import { setPriority } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { JepaMpcError } from '../../src/core/errors.js';
import { DEMO_NODE, DemoClient, PLANNER_NODE, type DemoListener } from '../ros/demo-client.js';
import { ManagedChild } from './child-process.js';
import type { DemoOptions } from './options.js';
import { idleInLockstep, SETTLE_PERIODS } from '../episodes/lockstep-driver.js';
import type { DemoRobot } from '../episodes/robot.js';
import { isPlanDelay, type Simulator } from './simulators.js';

/** For a process to start and be discovered. */
const START_TIMEOUT_MS = 60_000;
/** For the planner node to load a model and check it. */
const CONFIGURE_TIMEOUT_MS = 120_000;
const ACTIVATE_RETRY_MS = 250;
const DEACTIVATE_TIMEOUT_MS = 2000;

/** Nice value of the demo itself; its children were started before and keep theirs. */
const WATCHER_NICENESS = 5;

/** The simulator, the planner node and the demo's own node between them. */
export class Stage {
  readonly client: DemoClient;
  readonly #say: (line: string) => void;
  readonly #children: ManagedChild[] = [];
  #active = false;
  #striking = false;

  private constructor(client: DemoClient, say: (line: string) => void) {
    this.client = client;
    this.#say = say;
  }

  /**
   * Starts the demo's node only; `raise` starts the rest. In two steps, so that a stage can be struck at any moment after.
   *
   * @param say told of each step
   * @throws JepaMpcError environment.domain-in-use
   */
  static async open(
    simulator: Simulator,
    robot: DemoRobot,
    listener: DemoListener,
    say: (line: string) => void,
  ): Promise<Stage> {
    return new Stage(await DemoClient.open(simulator.node, robot.joints, listener), say);
  }

  /**
   * Starts the simulator and the planner node and takes the planner node to active.
   *
   * @throws JepaMpcError environment.missing (no Python for the simulator), demo.timeout, demo.process-died, planner.not-ready
   */
  async raise(options: DemoOptions, robot: DemoRobot, packageRoot: string): Promise<void> {
    const simulatorNode = options.simulator.node;
    this.#say(`starting ${options.simulator.title} and the planner node`);
    this.#start(simulatorProcess(options, packageRoot), options.verbose, packageRoot);
    this.#start(plannerProcess(options), options.verbose, packageRoot);
    // Whoever watches must not take the processor from those who are watched.
    setPriority(WATCHER_NICENESS);
    await this.client.linked(
      [
        { topic: '/clock', from: simulatorNode, to: DEMO_NODE },
        { topic: `/${simulatorNode}/true_joint_states`, from: simulatorNode, to: DEMO_NODE },
        { topic: `/${simulatorNode}/period`, from: simulatorNode, to: DEMO_NODE },
        { topic: `/${simulatorNode}/step`, from: DEMO_NODE, to: simulatorNode },
        { topic: `/${simulatorNode}/set_state`, from: DEMO_NODE, to: simulatorNode },
        { topic: `/${simulatorNode}/set_goal`, from: DEMO_NODE, to: simulatorNode },
      ].filter(({ topic }) => options.lockstep || !/\/(step|period)$/.test(topic)),
      START_TIMEOUT_MS,
    );
    this.client.assertAlone(1);
    await this.client.servicesAnswer(START_TIMEOUT_MS);
    this.#say('configuring the planner node: it loads and checks the model');
    if (!(await this.client.changeState('configure', START_TIMEOUT_MS))) throw refused('configure');
    await this.#activate(options.lockstep ? robot : null);
    this.#say('the planner node is active');
    await this.client.linked(
      [
        { topic: '/image_raw', from: simulatorNode, to: PLANNER_NODE },
        { topic: '/joint_states', from: simulatorNode, to: PLANNER_NODE },
        { topic: '/goal_image', from: simulatorNode, to: PLANNER_NODE },
        { topic: '/joint_trajectory', from: PLANNER_NODE, to: simulatorNode },
        { topic: '/joint_trajectory', from: PLANNER_NODE, to: DEMO_NODE },
        { topic: `/${PLANNER_NODE}/statistics`, from: PLANNER_NODE, to: DEMO_NODE },
      ],
      START_TIMEOUT_MS,
    );
  }

  /**
   * Activates the planner node, which refuses until its model is loaded and joint states that agree and an image have come. In lockstep those come with
   * a teleport and the periods after it only.
   */
  async #activate(lockstepRobot: DemoRobot | null): Promise<void> {
    const rest = lockstepRobot?.limits.map(({ lower, upper }) => (lower + upper) / 2);
    for (let waitedMs = 0; waitedMs < CONFIGURE_TIMEOUT_MS; waitedMs += ACTIVATE_RETRY_MS) {
      if (rest !== undefined) {
        if (waitedMs === 0) this.client.setState(rest);
        await this.client.until(
          () => this.client.heard.clockNs > 0n,
          'clock of the simulator',
          START_TIMEOUT_MS,
        );
        await idleInLockstep(this.client, SETTLE_PERIODS, START_TIMEOUT_MS);
      }
      await this.client.pass(ACTIVATE_RETRY_MS);
      this.#active = await this.client.changeState('activate', START_TIMEOUT_MS);
      if (this.#active) return;
      const state = await this.client.lifecycleState(START_TIMEOUT_MS);
      if (state !== 'inactive') throw this.#failed(state);
    }
    throw refused('activate');
  }

  /** The error for a planner node that gave up by itself. */
  #failed(state: string): JepaMpcError {
    return new JepaMpcError('planner.not-ready', {
      subject: PLANNER_NODE,
      found: `state ${state} after an error`,
      expected: 'a model that loads',
      remedy: this.#children.at(-1)?.lastWords ?? 'Run again with --verbose.',
    });
  }

  /** Ends everything in order: the planner node deactivates (the robot is told to hold), then both processes, then ROS here. */
  async strike(): Promise<void> {
    this.#striking = true;
    this.client.recover();
    if (this.#active && this.#children.every(({ running }) => running)) {
      // A node that no longer answers is ended all the same.
      await this.client.changeState('deactivate', DEACTIVATE_TIMEOUT_MS).catch(() => undefined);
    }
    await Promise.all(this.#children.map((child) => child.stop()));
    this.client.close();
  }

  #start(program: Program, verbose: boolean, cwd: string): void {
    const child = ManagedChild.start({
      ...program,
      cwd,
      onLine: (line) => {
        if (verbose) this.#say(`[${program.name}] ${line}`);
      },
    });
    this.#children.push(child);
    void child.ended.then(async () => {
      if (!this.#striking) this.client.fail(await child.death());
    });
  }
}

interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

function simulatorProcess(options: DemoOptions, packageRoot: string): Program {
  const command = process.env['JEPA_MPC_PYTHON'];
  if (command === undefined) {
    throw new JepaMpcError('environment.missing', {
      subject: 'environment variable JEPA_MPC_PYTHON',
      found: 'nothing',
      expected: 'a Python with rclpy and what the simulator needs',
      remedy:
        'Start the demo with npm run demo, which brings one, or name one that has both: JEPA_MPC_PYTHON=python3.',
    });
  }
  const { simulator } = options;
  const viewer = simulator.hasViewer && !options.headless && (process.env['DISPLAY'] ?? '') !== '';
  const { PYTHONPATH } = process.env;
  const packages = ['common', simulator.name].map((name) => join(packageRoot, 'sim', name));
  const pythonPath = [...packages, ...(PYTHONPATH === undefined ? [] : [PYTHONPATH])];
  return {
    name: 'simulator',
    command,
    args: [
      ...['-m', simulator.module, '--urdf', urdfFile(packageRoot), '--seed', String(options.seed)],
      ...options.imperfections
        .filter((assignment) => !isPlanDelay(assignment))
        .map((assignment) => `--${assignment}`),
      ...(options.lockstep ? ['--lockstep', '--camera-rate', String(LOCKSTEP_CAMERA_RATE_HZ)] : []),
      ...(viewer ? ['--viewer'] : []),
    ],
    env: { ...process.env, PYTHONPATH: pythonPath.join(delimiter), PYTHONUNBUFFERED: '1' },
  };
}

/** In lockstep the camera gives one image a control period of the model. */
const LOCKSTEP_CAMERA_RATE_HZ = 10;

/** URDF of the demo's robot. */
export function urdfFile(packageRoot: string): string {
  return join(packageRoot, 'urdf', 'reacher.urdf');
}

function plannerProcess(options: DemoOptions): Program {
  const [command = process.execPath, ...first] = options.plannerCommand;
  const parameters = {
    model: resolve(options.modelFolder),
    use_sim_time: String(options.lockstep || options.simulator.hasOwnClock),
    seed: String(options.seed),
  };
  const assignments = [
    ...Object.entries(parameters).map(([name, value]) => `${name}:=${value}`),
    ...options.plannerParameters.map((assignment) => assignment.replace('=', ':=')),
  ];
  return {
    name: 'planner node',
    command,
    args: [
      ...first,
      ...options.imperfections.filter(isPlanDelay).map((assignment) => `--${assignment}`),
      ...['--ros-args', '-r', 'image:=image_raw', ...assignments.flatMap((text) => ['-p', text])],
    ],
    env: process.env,
  };
}

function refused(transition: string): JepaMpcError {
  return new JepaMpcError('planner.not-ready', {
    subject: `lifecycle transition ${transition} of ${PLANNER_NODE}`,
    found: 'a refusal',
    expected: 'success',
    remedy: 'Run again with --verbose: the node prints what is missing.',
  });
}
