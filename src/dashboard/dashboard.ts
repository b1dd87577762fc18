import type { Logger } from '../core/types.js';
import { PlannerCalls, SERVICES } from './planner/planner-calls.js';
import { PlannerParameters } from './planner/planner-parameters.js';
import { PlannerStatus } from './planner/planner-status.js';
import { PlannerStreams } from './planner/planner-streams.js';
import { plannerTopics } from './planner/planner-topics.js';
import { RobotDescription } from './planner/robot-description.js';
import type { RosPort } from './planner/ros-port.js';
import { Sequence } from './planner/sequence.js';
import { readString } from './planner/wire.js';
import { ProfileStore } from './profiles/profile-store.js';
import { Profiles } from './profiles/profiles.js';
import type { Call, ClientRequest, ServerMessage } from './protocol.js';
import { RecordingFolder } from './replay/recording-folder.js';
import { Replays } from './replay/replays.js';
import { Hub } from './server/hub.js';
import type { Outcome } from './server/hub.js';

/** How often the ROS graph is looked at: it sends no event that rclnodejs passes on. */
const LOOK_MS = 1000;
/** Pause between two requests to the planner, whose thread also sends the commands: at most 50 a second, whatever pages do. */
const REQUEST_PAUSE_MS = 20;
const WITHOUT_TURN: readonly Call['service'][] = ['emergency_stop', 'pause', 'explain_distance'];
const STATE_TIMEOUT_MS = 2000;
/** A node that was discovered this long ago and has not reported yet counts as one that does not work. */
const FIRST_REPORT_MS = 5000;

export interface DashboardOptions {
  readonly ros: RosPort;
  /** Full name of the planner node. */
  readonly node: string;
  readonly profilesFolder: string;
  readonly recordingsFolder: string;
  /** Script of the process that replays recordings. */
  readonly replayEntry: URL;
  /** Folders that ROS packages are installed in. */
  readonly packagePrefixes: readonly string[];
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Monotonic. */
  readonly nowMs: () => number;
}

/** The planner node as the pages see it: a client of its topics, parameters and services, which any other program could be as well. */
export class Dashboard {
  readonly #options: DashboardOptions;
  readonly #store: ProfileStore;
  readonly #parameters: PlannerParameters;
  readonly #status: PlannerStatus;
  readonly #streams: PlannerStreams;
  readonly #calls: PlannerCalls;
  readonly #profiles: Profiles;
  readonly replays: Replays;
  readonly #requests = new Sequence(REQUEST_PAUSE_MS);
  readonly #timer: NodeJS.Timeout;
  readonly hub: Hub;
  #discoveredMs: number | null = null;
  #isPresent: boolean | null = null;
  #state = 'unknown';
  #description: { readonly topic: string; dispose(): void } | null = null;
  #robot: RobotDescription | null = null;
  #robotVersion = 0;
  /** The message about the robot as text, to notice a change. */
  #robotSent = '';

  constructor(options: DashboardOptions) {
    const { ros, node, log, nowMs } = options;
    this.#options = options;
    this.hub = new Hub({
      log,
      nowMs,
      serve: (request) => this.#serve(request),
      onWatched: (channels) => {
        this.#streams.watch(channels);
      },
    });
    const broadcast = (message: ServerMessage): void => {
      this.hub.broadcast(message);
    };
    this.#parameters = new PlannerParameters({ ros, node, broadcast, log });
    this.#status = new PlannerStatus({
      ros,
      node,
      broadcast,
      nowMs,
      onReport: () => {
        this.#sendRobot();
      },
    });
    this.#streams = new PlannerStreams({
      ros,
      node,
      joints: () => this.#joints,
      stream: (channel, frame, isLasting) => {
        this.hub.stream(channel, frame, isLasting);
      },
      broadcast,
      log,
      nowMs,
    });
    this.#calls = new PlannerCalls({ ros, node, parameters: this.#parameters, status: this.#status });
    this.#store = new ProfileStore(options.profilesFolder);
    this.#profiles = new Profiles(this.#store, node, this.#parameters);
    this.replays = new Replays({
      entry: options.replayEntry,
      recordings: new RecordingFolder(options.recordingsFolder),
      profiles: this.#store,
      node,
      onState: (state) => {
        this.hub.broadcast({ type: 'replay', ...state });
      },
      nowMs,
    });
    ros.subscribe('lifecycle_msgs/msg/TransitionEvent', `${node}/transition_event`, 'reliable', () => {
      this.#readState();
    });
    this.#timer = setInterval(() => {
      this.#look();
    }, LOOK_MS);
    this.#look();
    this.#sendProfiles();
  }

  /** The newest description of the robot; null: none yet. */
  get robot(): RobotDescription | null {
    return this.#robot;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#streams.watch(new Set());
    this.replays.cancel();
    this.hub.close();
  }

  get #joints(): readonly string[] {
    const { joints } = this.#status.model;
    return joints.length > 0 ? joints : (this.#robot?.movable ?? []);
  }

  /** What the planner has to answer is requested in turn, except for what stops the robot and what takes long. */
  async #serve(request: ClientRequest): Promise<Outcome> {
    switch (request.type) {
      case 'call':
        return WITHOUT_TURN.includes(request.call.service)
          ? this.#calls.call(request.call)
          : this.#requests.run(() => this.#calls.call(request.call));
      case 'set_parameters':
        return this.#requests.run(() => this.#parameters.set(request.values));
      case 'speed_scale':
        return this.#requests.run(() => this.#parameters.set({ 'command.speed_scale': request.value }));
      case 'lifecycle':
        return this.#calls.changeState(request.transition);
      case 'load_profile':
        return this.#requests.run(() => this.#profiles.load(request.name));
      case 'save_profile':
        return this.#changeProfiles(() => this.#profiles.save(request.name));
      case 'delete_profile':
        return this.#changeProfiles(async () => {
          await this.#store.delete(request.name);
          return done();
        });
      case 'list_profiles':
        return this.#answer(async () => ({ names: await this.#store.list() }));
      case 'read_profile':
        return this.#answer(async () => ({ text: await this.#store.read(request.name) }));
      case 'compare_profiles':
        return this.#answer(async () => ({
          differences: await this.#profiles.compare(request.left, request.right),
        }));
      case 'list_recordings':
        return this.#answer(() => this.replays.list());
      case 'start_replay':
        await this.replays.start(request.recording, request.profile);
        return done();
      case 'cancel_replay':
        this.replays.cancel();
        return done();
    }
  }

  async #answer(read: () => Promise<object>): Promise<Outcome> {
    return { ok: true, message: '', data: await read() };
  }

  async #changeProfiles(change: () => Promise<Outcome>): Promise<Outcome> {
    const outcome = await change();
    this.#sendProfiles();
    return outcome;
  }

  #sendProfiles(): void {
    this.#store
      .list()
      .then((names) => {
        this.hub.broadcast({ type: 'profiles', names: [...names] });
      })
      .catch((error: unknown) => {
        this.#options.log.warn(error instanceof Error ? error.message : String(error));
      });
  }

  /** Notices that the planner appears or goes, and what it publishes and subscribes to. */
  #look(): void {
    const { ros, node, log } = this.#options;
    const isPresent = this.#isThere();
    if (isPresent !== this.#isPresent) {
      const wasPresent = this.#isPresent === true;
      this.#isPresent = isPresent;
      if (isPresent) {
        log.info(`${node} is there`);
        this.#parameters.refresh();
        this.#setState('unknown');
        this.#readState();
      } else {
        if (wasPresent) log.warn(`${node} has ended, or reports no more; waiting for it`);
        else log.info(`waiting for ${node}`);
        this.#parameters.forget();
        this.hub.forgetFrames();
        this.#setState('unknown');
      }
    }
    if (!isPresent) return;
    const topics = plannerTopics(
      node,
      ros.subscriptionsOf(node),
      ros.publishersOf(node),
      this.#status.cameras,
    );
    this.#streams.update(topics);
    this.#receiveDescription(topics.robotDescription);
  }

  /** Whether it is in the ROS graph, which keeps a node that was killed for some more seconds, and reports. */
  #isThere(): boolean {
    const { ros, node, nowMs } = this.#options;
    if (!ros.hasNode(node)) {
      this.#discoveredMs = null;
      return false;
    }
    this.#discoveredMs ??= nowMs();
    return this.#status.isReporting || nowMs() - this.#discoveredMs < FIRST_REPORT_MS;
  }

  #readState(): void {
    const { ros, node } = this.#options;
    ros
      .call('lifecycle_msgs/srv/GetState', `${node}/get_state`, {}, STATE_TIMEOUT_MS)
      .then(({ current_state }) => {
        this.#setState(current_state.label);
      })
      .catch(() => {
        // It has not discovered this client yet, or has gone: ask again for as long as it is there.
        setTimeout(() => {
          if (this.#isPresent === true) this.#readState();
        }, LOOK_MS).unref();
      });
  }

  #setState(state: string): void {
    this.#state = state;
    this.hub.broadcast({ type: 'node', present: this.#isPresent === true, state: this.#state });
  }

  #receiveDescription(topic: string | null): void {
    if (topic === null || this.#description?.topic === topic) return;
    this.#description?.dispose();
    const { ros, packagePrefixes } = this.#options;
    const subscription = ros.subscribe('std_msgs/msg/String', topic, 'latched', (message) => {
      this.#robot = new RobotDescription(readString(message), packagePrefixes);
      this.#robotVersion += 1;
      this.#sendRobot();
    });
    this.#description = {
      topic,
      dispose: () => {
        subscription.dispose();
      },
    };
  }

  #sendRobot(): void {
    const robot = this.#robot;
    if (robot === null) return;
    const { periodMs, commandKind } = this.#status.model;
    const joints = this.#joints.map((name) => robot.joint(name));
    const message: ServerMessage = {
      type: 'robot',
      version: this.#robotVersion,
      joints,
      commandKind,
      periodMs,
    };
    const text = JSON.stringify(message);
    if (text === this.#robotSent) return;
    this.#robotSent = text;
    this.hub.broadcast(message);
  }
}

function done(): Outcome {
  return { ok: true, message: '' };
}

/** The services that a dashboard calls, to be discovered before they are needed. */
export function servicesOf(node: string): readonly (readonly [Parameters<RosPort['call']>[0], string])[] {
  return [
    ...Object.entries(SERVICES).map(([name, type]) => [type, `${node}/${name}`] as const),
    ['rcl_interfaces/srv/ListParameters', `${node}/list_parameters`],
    ['rcl_interfaces/srv/DescribeParameters', `${node}/describe_parameters`],
    ['rcl_interfaces/srv/GetParameters', `${node}/get_parameters`],
    ['rcl_interfaces/srv/SetParametersAtomically', `${node}/set_parameters_atomically`],
    ['lifecycle_msgs/srv/GetState', `${node}/get_state`],
    ['lifecycle_msgs/srv/ChangeState', `${node}/change_state`],
  ];
}
