import type { Logger } from '../../core/types.js';
import { listedIn } from '../../core/names.js';
import { encodeFrame } from '../binary-frame.js';
import type { ServerMessage, Stream } from '../protocol.js';
import { TokenBucket } from '../token-bucket.js';
import { arrayOf, pathsOf, pointsByJoint } from './arrays.js';
import type { NumberArray } from './arrays.js';
import { heatMap } from './heat-map.js';
import { jpegOf, jpegOfCompressed } from './jpeg.js';
import { JointStream } from './joint-stream.js';
import { PictureLane } from './picture-lane.js';
import type { Picture } from './picture-lane.js';
import type { CameraTopic, PlannerTopics } from './planner-topics.js';
import type { RosPort } from './ros-port.js';
import { readFigures } from './statistics.js';
import * as wire from './wire.js';

/** Joints are sent 30 times a second, however often they are measured. */
const JOINTS_PERIOD_MS = 33;

export interface PlannerStreamsOptions {
  readonly ros: RosPort;
  /** Full name of the planner. */
  readonly node: string;
  /** Joints of the model, in the order of the columns. Empty until the robot is known: until then, nothing with a column per joint is sent. */
  readonly joints: () => readonly string[];
  /** Sends a frame to those who watch its channel; the last one of a lasting channel also to those who watch it later. */
  readonly stream: (channel: string, frame: string | Uint8Array, isLasting: boolean) => void;
  readonly broadcast: (message: ServerMessage) => void;
  readonly log: Pick<Logger, 'warn'>;
  readonly nowMs: () => number;
}

/** Something that is received for as long as somebody watches one of its channels. */
interface Feed {
  readonly streams: readonly Stream[];
  /** Starts receiving. @returns what ends it */
  readonly open: () => () => void;
}

/** What the planner publishes as channels. A topic is subscribed to only while a page watches a channel of it: until then the node does not even compute it. */
export class PlannerStreams {
  readonly #options: PlannerStreamsOptions;
  readonly #open = new Map<Feed, () => void>();
  readonly #complaints = new TokenBucket(0.2, 5);
  /** The topics as text, to notice a change. */
  #known = '';
  #feeds: readonly Feed[] = [];
  #watched: ReadonlySet<string> = new Set();

  constructor(options: PlannerStreamsOptions) {
    this.#options = options;
  }

  /** The topics of the planner, as they are now. */
  update(topics: PlannerTopics): void {
    const known = JSON.stringify(topics);
    if (known === this.#known) return;
    this.#known = known;
    for (const close of this.#open.values()) close();
    this.#open.clear();
    this.#feeds = this.#feedsOf(topics);
    const streams = this.#feeds.flatMap((feed) => feed.streams);
    this.#options.broadcast({ type: 'streams', streams: [...streams] });
    this.watch(this.#watched);
  }

  /** Receives what is needed for these channels, and nothing else. */
  watch(channels: ReadonlySet<string>): void {
    this.#watched = channels;
    for (const feed of this.#feeds) {
      const isWatched = feed.streams.some(({ channel }) => channels.has(channel));
      const close = this.#open.get(feed);
      if (isWatched && close === undefined) this.#open.set(feed, feed.open());
      else if (!isWatched && close !== undefined) {
        close();
        this.#open.delete(feed);
      }
    }
  }

  #feedsOf(topics: PlannerTopics): Feed[] {
    const { own } = topics;
    return [
      this.#statistics(own),
      this.#joints(topics),
      this.#plan(own),
      this.#candidates(own),
      this.#array('candidate_actions', 'candidate actions', own),
      this.#array('candidate_costs', 'costs of candidates', own),
      ...topics.cameras.map((camera) => this.#picture('camera', camera)),
      ...topics.goalImages.map((camera) => this.#picture('goal', camera)),
      ...topics.distanceMaps.map((camera) => this.#picture('distance_map', camera)),
    ];
  }

  #statistics(own: PlannerTopics['own']): Feed {
    const topic = `${this.#options.node}/statistics`;
    const open = (): (() => void) =>
      this.#subscribe('diagnostic_msgs/msg/DiagnosticArray', topic, 'reliable', (message) => {
        const [status] = wire.readStatuses(message).statuses;
        if (status === undefined) return;
        const stampNs = status.values.get('frame_stamp_ns') ?? '0';
        const text = JSON.stringify({ type: 'statistics', stampNs, values: readFigures(status.values) });
        this.#options.stream('statistics', text, false);
      });
    return { streams: [streamOf('statistics', 'messages', 'figures of each plan', topic, own)], open };
  }

  #joints({ jointStates, jointTrajectory, commands }: PlannerTopics): Feed {
    const open = (): (() => void) => {
      const joints = new JointStream();
      const closings = [
        this.#subscribe('sensor_msgs/msg/JointState', jointStates, 'stream', (message) => {
          joints.onState(wire.readJointState(message));
        }),
        this.#subscribe('trajectory_msgs/msg/JointTrajectory', jointTrajectory, 'stream', (message) => {
          const { joints: names, positions } = wire.readTrajectory(message, 1);
          joints.onCommand(names, positions[0] ?? []);
        }),
        this.#subscribe('std_msgs/msg/Float64MultiArray', commands, 'stream', (message) => {
          const { labels, data } = wire.readFloat64Array(message);
          joints.onCommand(listedIn(labels[0] ?? ''), data);
        }),
      ];
      const timer = setInterval(() => {
        const names = this.#options.joints();
        if (names.length > 0)
          this.#send('joints', joints.stampNs, { shape: [3, names.length], numbers: joints.rows(names) });
      }, JOINTS_PERIOD_MS);
      timer.unref();
      return () => {
        clearInterval(timer);
        for (const close of closings) close();
      };
    };
    const topics = [jointStates, jointTrajectory, commands].filter((topic) => topic !== null).join(', ');
    return { streams: [streamOf('joints', 'numbers', 'positions, velocities and commands', topics)], open };
  }

  #plan(own: PlannerTopics['own']): Feed {
    const topic = `${this.#options.node}/plan`;
    const open = (): (() => void) =>
      this.#subscribe('trajectory_msgs/msg/JointTrajectory', topic, 'reliable', (bytes) => {
        const message = wire.readTrajectory(bytes);
        const names = this.#options.joints();
        if (names.length === 0) return;
        this.#send('plan', message.stampNs, pointsByJoint(message, 'positions', names));
        this.#send('plan_velocity', message.stampNs, pointsByJoint(message, 'velocities', names));
      });
    return {
      streams: [
        streamOf('plan', 'numbers', 'positions of the plan', topic, own),
        streamOf('plan_velocity', 'numbers', 'velocities of the plan', topic, own),
      ],
      open,
    };
  }

  #candidates(own: PlannerTopics['own']): Feed {
    const topic = `${this.#options.node}/candidates`;
    const open = (): (() => void) =>
      this.#subscribe('visualization_msgs/msg/MarkerArray', topic, 'reliable', (message) => {
        const lines = wire.readLines(message);
        const stampNs = lines[0]?.stampNs ?? 0n;
        this.#send('candidates', stampNs, pathsOf(lines, 'candidates'));
        this.#send('plan_path', stampNs, pathsOf(lines, 'plan'));
      });
    return {
      streams: [
        streamOf('candidates', 'numbers', 'paths of candidates', topic, own),
        streamOf('plan_path', 'numbers', 'path of the plan', topic, own),
      ],
      open,
    };
  }

  #array(channel: string, title: string, own: PlannerTopics['own']): Feed {
    const topic = `${this.#options.node}/${channel}`;
    const open = (): (() => void) =>
      this.#subscribe('std_msgs/msg/Float32MultiArray', topic, 'reliable', (message) => {
        const array = arrayOf(wire.readFloat32Array(message));
        if (array !== null) this.#send(channel, 0n, array);
      });
    return { streams: [streamOf(channel, 'numbers', title, topic, own)], open };
  }

  #picture(kind: 'camera' | 'goal' | 'distance_map', { name, topic, isCompressed }: CameraTopic): Feed {
    const channel = `${kind}/${name}`;
    const isLasting = kind !== 'camera';
    const encode = async (message: Uint8Array): Promise<Picture> => {
      if (isCompressed) {
        const frame = wire.readCompressedImage(message);
        return { stampNs: frame.stampNs, jpeg: await jpegOfCompressed(topic, frame) };
      }
      const frame = wire.readImage(message);
      // The node says so that there is no goal with images any more.
      if (isLasting && frame.width * frame.height === 0)
        return { stampNs: frame.stampNs, jpeg: new Uint8Array(0) };
      const shown = kind === 'distance_map' ? heatMap(topic, frame) : frame;
      return { stampNs: frame.stampNs, jpeg: await jpegOf(topic, shown) };
    };
    const open = (): (() => void) => {
      const lane = new PictureLane({
        encode,
        nowMs: this.#options.nowMs,
        onPicture: (picture) => {
          const frame = encodeFrame({ kind: 'picture', channel, ...picture });
          this.#options.stream(channel, frame, isLasting);
        },
        onProblem: (error) => {
          this.#complain(topic, error);
        },
      });
      const type = isCompressed ? 'sensor_msgs/msg/CompressedImage' : 'sensor_msgs/msg/Image';
      const close = this.#subscribe(type, topic, isLasting ? 'latched' : 'stream', (message) => {
        lane.push(message);
      });
      return () => {
        close();
        lane.close();
      };
    };
    return { streams: [streamOf(channel, 'picture', name, topic)], open };
  }

  #subscribe(
    type: string,
    topic: string | null,
    delivery: Parameters<RosPort['subscribe']>[2],
    onMessage: (message: Uint8Array) => void,
  ): () => void {
    if (topic === null) return () => undefined;
    const subscription = this.#options.ros.subscribe(type, topic, delivery, onMessage);
    return () => {
      subscription.dispose();
    };
  }

  #send(channel: string, stampNs: bigint, { shape, numbers }: NumberArray): void {
    this.#options.stream(channel, encodeFrame({ kind: 'numbers', channel, stampNs, shape, numbers }), false);
  }

  #complain(topic: string, error: unknown): void {
    const { log, nowMs } = this.#options;
    if (this.#complaints.take(nowMs()))
      log.warn(`${topic}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @param own topics of the planner, if it has to be one of them */
function streamOf(
  channel: string,
  kind: Stream['kind'],
  title: string,
  topic: string,
  own: PlannerTopics['own'] | null = null,
): Stream {
  return { channel, kind, title, topic, available: own === null ? topic !== '' : own.includes(topic) };
}
