import { setPriority } from 'node:os';
import { JepaMpcError } from '../../src/core/errors.js';
import { DEMO_NODE, DemoClient } from '../ros/demo-client.js';
import { PLANNER_NODE, type DemoListener } from '../ros/demo-subscriptions.js';
import { ManagedChild } from './child-process.js';
import type { SessionOptions } from './options.js';
import { cameraTopics, goalTopics } from '../episodes/cameras.js';
import { idleInLockstep, SETTLE_PERIODS } from '../episodes/lockstep-driver.js';
import type { DemoRobot } from '../episodes/robot.js';
import type { Subject } from '../episodes/subject.js';
import { movesObject } from '../episodes/tasks/registry.js';
import { dashboardProgram, plannerProgram, simulatorProgram, type Program } from './programs.js';
import type { Simulator } from './simulators.js';

/** Allowed for a process to start and be discovered. */
const START_TIMEOUT_MS = 60_000;
/** Allowed for the planner node to load a model and check it. */
const CONFIGURE_TIMEOUT_MS = 120_000;
const ACTIVATE_RETRY_MS = 250;
const DEACTIVATE_TIMEOUT_MS = 2000;

/** Nice value of the demo itself. Its children are started earlier and keep theirs. */
const OBSERVER_NICENESS = 5;

/** The processes of a demo run: the simulator, the planner node, and the demo's own node that connects them. */
export class DemoSession {
  readonly client: DemoClient;
  readonly #log: (line: string) => void;
  readonly #children: ManagedChild[] = [];
  #active = false;
  #isClosing = false;

  private constructor(client: DemoClient, log: (line: string) => void) {
    this.client = client;
    this.#log = log;
  }

  /**
   * Starts the demo's node only; `start` starts the rest. Two steps, so that a session can be closed at any moment in between.
   *
   * @param log receives one line for each step
   * @throws JepaMpcError environment.domain-in-use
   */
  static async open(
    simulator: Simulator,
    robot: DemoRobot,
    listener: DemoListener,
    log: (line: string) => void,
  ): Promise<DemoSession> {
    return new DemoSession(await DemoClient.open(simulator.node, robot.joints, listener), log);
  }

  /**
   * Starts the simulator and the planner node, then configures and activates the planner node.
   *
   * @throws JepaMpcError environment.missing (no Python for the simulator), demo.timeout, demo.process-died, planner.not-ready
   */
  async start(options: SessionOptions, subject: Subject, packageRoot: string): Promise<void> {
    const simulatorNode = options.simulator.node;
    this.#log(`starting ${options.simulator.title} and the planner node`);
    this.#start(simulatorProgram(options, subject, packageRoot), options.verbose, packageRoot);
    this.#start(plannerProgram(options, subject), options.verbose, packageRoot);
    if (options.dashboardCommand === null) this.#log('to watch and tune it in a browser: --dashboard');
    else this.#start(dashboardProgram(options.dashboardCommand), options.verbose, packageRoot);
    // The observer must not take processor time from the processes it measures.
    setPriority(OBSERVER_NICENESS);
    await this.client.linked(
      [
        { topic: '/clock', from: simulatorNode, to: DEMO_NODE },
        { topic: `/${simulatorNode}/true_joint_states`, from: simulatorNode, to: DEMO_NODE },
        ...(options.simulator.reportsContacts
          ? [{ topic: `/${simulatorNode}/contacts`, from: simulatorNode, to: DEMO_NODE }]
          : []),
        ...(movesObject(options.task)
          ? [
              { topic: `/${simulatorNode}/true_object_poses`, from: simulatorNode, to: DEMO_NODE },
              { topic: `/${simulatorNode}/set_objects`, from: DEMO_NODE, to: simulatorNode },
            ]
          : []),
        { topic: `/${simulatorNode}/period`, from: simulatorNode, to: DEMO_NODE },
        { topic: `/${simulatorNode}/step`, from: DEMO_NODE, to: simulatorNode },
        { topic: `/${simulatorNode}/set_state`, from: DEMO_NODE, to: simulatorNode },
        { topic: `/${simulatorNode}/set_goal`, from: DEMO_NODE, to: simulatorNode },
      ].filter(({ topic }) => options.lockstep || !/\/(step|period)$/.test(topic)),
      START_TIMEOUT_MS,
    );
    this.client.assertDomainUnused(1);
    await this.client.servicesAnswer(START_TIMEOUT_MS);
    this.#log('configuring the planner node: it loads and checks the model');
    if (!(await this.client.changeState('configure', START_TIMEOUT_MS))) throw refused('configure');
    await this.#activate(options.lockstep ? subject.robot : null);
    this.#log('the planner node is active');
    await this.client.linked(
      [
        ...[...cameraTopics(subject.manifest), ...goalTopics(subject.manifest)].map(([, topic]) => ({
          topic: `/${topic}`,
          from: simulatorNode,
          to: PLANNER_NODE,
        })),
        { topic: '/joint_states', from: simulatorNode, to: PLANNER_NODE },
        { topic: '/joint_trajectory', from: PLANNER_NODE, to: simulatorNode },
        { topic: '/joint_trajectory', from: PLANNER_NODE, to: DEMO_NODE },
        { topic: `/${PLANNER_NODE}/statistics`, from: PLANNER_NODE, to: DEMO_NODE },
      ],
      START_TIMEOUT_MS,
    );
  }

  /**
   * Activates the planner node. It refuses until its model is loaded and it has received an image and consistent joint states. In lockstep the
   * simulator publishes those only with a teleport and the periods after it.
   */
  async #activate(lockstepRobot: DemoRobot | null): Promise<void> {
    const rest = lockstepRobot?.ranges.map(([lower, upper]) => (lower + upper) / 2);
    for (let waitedMs = 0; waitedMs < CONFIGURE_TIMEOUT_MS; waitedMs += ACTIVATE_RETRY_MS) {
      if (rest !== undefined) {
        if (waitedMs === 0) this.client.setState(rest);
        await this.client.until(
          () => this.client.received.clockNs > 0n,
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

  /** The error for a planner node that left the state `inactive` without being asked to. */
  #failed(state: string): JepaMpcError {
    return new JepaMpcError('planner.not-ready', {
      subject: PLANNER_NODE,
      found: `state ${state} after an error`,
      expected: 'a model that loads',
      remedy:
        this.#children.find(({ name }) => name === 'planner node')?.stderrTail ?? 'Run again with --verbose.',
    });
  }

  /** Shuts down in order: the planner node deactivates and so holds the robot, then both processes end, then ROS in this process. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.client.recover();
    if (this.#active && this.#children.every(({ running }) => running)) {
      // A node that does not respond is stopped below all the same.
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
        if (verbose || program.shows?.test(line) === true) this.#log(`[${program.name}] ${line}`);
      },
    });
    this.#children.push(child);
    void child.ended.then(async () => {
      if (!this.#isClosing) this.client.fail(await child.exitError());
    });
  }
}

function refused(transition: string): JepaMpcError {
  return new JepaMpcError('planner.not-ready', {
    subject: `lifecycle transition ${transition} of ${PLANNER_NODE}`,
    found: 'a refusal',
    expected: 'success',
    remedy: 'Run again with --verbose: the node prints what is missing.',
  });
}
