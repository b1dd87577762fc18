import { arch, cpus, hostname, release, totalmem, type as systemName } from 'node:os';
import { isAbsolute, join } from 'node:path';

import type rclnodejs from 'rclnodejs';

import { JepaMpcError } from '../../core/errors.js';
import type { Logger } from '../../core/types.js';
import { parameterInfos, type ParameterName, type Parameters } from '../../params/schema.js';
import {
  GOAL,
  LOAD,
  METADATA_NAME,
  PLAN,
  RECORD_TOPICS,
  RECORDING_FORMAT,
  REQUEST,
  type LoadRecord,
} from '../../recording/planner-records.js';
import { RecordedPlanner, type PlannerRecords } from '../../recording/recorded-planner.js';
import { Recorder, type RecorderStatus } from '../../recording/recorder.js';
import type { FromWriter } from '../../recording/recorder-protocol.js';
import { defaultRecordingFolder } from '../../recording/recording-parameters.js';
import { encode, type MessageOf, type MessageType } from '../../recording/ros-message.js';
import {
  COMPRESSED_IMAGE,
  DIAGNOSTIC_ARRAY,
  FLOAT64_MULTI_ARRAY,
  IMAGE,
  JOINT_STATE,
  JOINT_TRAJECTORY,
  LOG,
  PARAMETER_EVENT,
  STRING,
} from '../../recording/ros-types.js';
import type { ExplainingPlanner, PlanExtras } from '../../worker/planner-port.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';
import type { NodeWatcher, RosNode } from '../node/ros-node.js';
import type { ReceivedImage } from '../topics/camera-image-topic.js';
import { stampToNs } from '../topics/stamp.js';
import {
  compressedImageBytes,
  imageBytes,
  jointStateBytes,
  logBytes,
  parameterEventBytes,
} from './recorded-messages.js';

const BYTES_PER_MB = 1e6;

/** Types of what the node publishes and recordings have. Candidates are drawings; a replay has them from the plans. */
const PUBLISHED_TYPES: ReadonlyMap<string, MessageType> = new Map(
  [JOINT_TRAJECTORY, FLOAT64_MULTI_ARRAY, DIAGNOSTIC_ARRAY].map((type) => [type.name, type]),
);

/** What the composition root decides for recordings. */
export interface RecorderSetup {
  /** Script of the thread that writes. */
  readonly entry: URL;
  /** Of this node, for the file. */
  readonly version: string;
}

export interface NodeRecordingOptions {
  readonly ros: Pick<RosNode, 'name' | 'isSimulated' | 'clock' | 'topics' | 'log'>;
  readonly setup: RecorderSetup;
  readonly parameters: () => Parameters;
  readonly problems: ProblemLog;
}

/**
 * Recordings of the node: starts and ends them by the parameter `recording.enabled`, and takes what the node receives, plans and sends while there is one.
 * Without one it costs a comparison for each message.
 */
export class NodeRecording implements NodeWatcher {
  readonly #options: NodeRecordingOptions;
  readonly #recorder: Recorder;
  /** Fully qualified, without `/recording`. */
  readonly #node: string;
  /** Identity of the file that is written. */
  #file: object | null = null;
  #description: string | null = null;
  #ending: Promise<void> = Promise.resolve();
  readonly #records: PlannerRecords;

  constructor(options: NodeRecordingOptions) {
    this.#options = options;
    this.#node = options.ros.topics.resolve('~/recording').replace(/\/recording$/, '');
    this.#recorder = new Recorder(options.setup.entry, (event) => {
      this.#onEvent(event);
    });
    this.#records = this.#plannerRecords();
  }

  get isOn(): boolean {
    return this.#recorder.isOn;
  }

  /** For the diagnostics. */
  get status(): RecorderStatus {
    return this.#recorder.status;
  }

  /** Starts or ends a recording if the parameter says so. */
  follow(): void {
    const isWanted = this.#options.parameters()['recording.enabled'];
    if (isWanted && !this.isOn) this.#start();
    else if (!isWanted) void this.close();
  }

  /** Ends the recording; resolves when its file is closed. */
  close(): Promise<void> {
    this.#file = null;
    const stopped = this.#recorder.stop();
    this.#ending = Promise.all([this.#ending, stopped]).then(() => undefined);
    return this.#ending;
  }

  /** A planner whose jobs are recorded. */
  recorded(planner: ExplainingPlanner): ExplainingPlanner {
    return new RecordedPlanner(planner, this.#records);
  }

  /** What plans are to bring along, with what a recording needs. */
  extras(extras: PlanExtras): PlanExtras {
    const latent = this.isOn && this.#options.parameters()['recording.latents'];
    return latent ? { ...extras, latent } : extras;
  }

  onImage({ topic, stampNs, ...image }: ReceivedImage): void {
    if (!this.isOn || !this.#options.parameters()['recording.images']) return;
    const times = { logNs: this.#nowNs, publishNs: stampNs };
    if (image.transport === 'raw')
      this.#recorder.write({ topic, type: IMAGE }, times, () => imageBytes(image.message), 'image');
    else {
      const encodeImage = () => compressedImageBytes(image.message);
      this.#recorder.write({ topic, type: COMPRESSED_IMAGE }, times, encodeImage, 'image');
    }
  }

  onJointState(message: rclnodejs.sensor_msgs.msg.JointState): void {
    if (!this.isOn) return;
    const topic = this.#options.ros.topics.resolve('joint_states');
    const times = { logNs: this.#nowNs, publishNs: stampToNs(message.header.stamp) };
    this.#recorder.write({ topic, type: JOINT_STATE }, times, () => jointStateBytes(message));
  }

  onDescription(urdf: string): void {
    this.#description = urdf;
    if (!this.isOn) return;
    const topic = this.#options.ros.topics.resolve('robot_description');
    this.#write({ topic, type: STRING }, { data: urdf });
  }

  onPublished(topic: string, typeName: string, message: Uint8Array): void {
    const type = PUBLISHED_TYPES.get(typeName.replace(/^(\w+)\/(\w+)$/, '$1/msg/$2'));
    if (!this.isOn || type === undefined) return;
    this.#recorder.write({ topic, type }, { logNs: this.#nowNs }, () => new Uint8Array(message));
  }

  onLogged(level: keyof Logger, text: string): void {
    if (!this.isOn) return;
    const nowNs = this.#nowNs;
    const name = this.#node.slice(1).replaceAll('/', '.');
    this.#recorder.write({ topic: '/rosout', type: LOG }, { logNs: nowNs }, () =>
      logBytes(nowNs, name, level, text),
    );
  }

  onParametersSet(names: readonly string[]): void {
    const infos = parameterInfos.filter(({ name }) => names.includes(name));
    if (this.isOn) this.#recordParameters('changed', infos);
    if (names.includes('recording.enabled' satisfies ParameterName)) this.follow();
  }

  #recordParameters(kind: 'new' | 'changed', infos: typeof parameterInfos): void {
    const nowNs = this.#nowNs;
    const values = this.#options.parameters();
    this.#recorder.write({ topic: '/parameter_events', type: PARAMETER_EVENT }, { logNs: nowNs }, () =>
      parameterEventBytes(nowNs, this.#node, kind, infos, values),
    );
  }

  get #nowNs(): bigint {
    return this.#options.ros.clock.nowNs;
  }

  #start(): void {
    const { setup, parameters } = this.#options;
    const values = parameters();
    const maxMb = values['recording.max_size_mb'];
    this.#recorder.start({
      path: this.#path(values),
      library: `jepa_mpc ${setup.version}`,
      maxBytes: maxMb === 0 ? Infinity : maxMb * BYTES_PER_MB,
      minFreeBytes: values['recording.min_free_mb'] * BYTES_PER_MB,
      queueBytes: values['recording.queue_mb'] * BYTES_PER_MB,
    });
    this.#file = {};
    this.#recorder.addMetadata(METADATA_NAME, this.#facts(values));
    this.#recordParameters('new', parameterInfos);
    if (this.#description !== null) this.onDescription(this.#description);
  }

  #path(values: Parameters): string {
    const file = values['recording.file'];
    const folder = values['recording.folder'] || defaultRecordingFolder(process.env);
    const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
    const name = file === '' ? `${this.#options.ros.name}_${time}` : file;
    const withEnding = name.endsWith('.mcap') ? name : `${name}.mcap`;
    return isAbsolute(withEnding) ? withEnding : join(folder, withEnding);
  }

  #facts(values: Parameters): Record<string, string> {
    const { ros, setup } = this.#options;
    const [cpu] = cpus();
    return {
      format: RECORDING_FORMAT,
      node: this.#node,
      node_version: setup.version,
      started: new Date().toISOString(),
      clock: ros.isSimulated ? 'simulated' : 'system',
      seed: String(values.seed),
      machine: `${hostname()}: ${String(cpus().length)} x ${cpu?.model ?? 'unknown processor'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
      system: `${systemName()} ${release()} ${arch()}, Node.js ${process.version}, ROS ${process.env['ROS_DISTRO'] ?? 'unknown'}`,
      parameters: JSON.stringify(values),
    };
  }

  #plannerRecords(): PlannerRecords {
    const topic = (name: string): string => `${this.#node}/recording/${name}`;
    const write =
      <Type extends MessageType>(name: string, type: Type) =>
      (record: MessageOf<Type>): void => {
        this.#write({ topic: topic(name), type }, record);
      };
    const writeLoad = write(RECORD_TOPICS.load, LOAD);
    const current = {
      nowNs: (): bigint => this.#nowNs,
      file: (): object | null => (this.isOn ? this.#file : null),
    };
    return {
      get nowNs() {
        return current.nowNs();
      },
      get file() {
        return current.file();
      },
      imageTopic: (name) => {
        const resolved = this.#options.ros.topics.resolve(name);
        const isRaw = this.#options.parameters()['camera.transport'] === 'raw';
        return isRaw ? resolved : `${resolved}/compressed`;
      },
      onLoad: (record) => {
        this.#recorder.addMetadata(`${METADATA_NAME}.model`, modelFacts(record));
        writeLoad(record);
      },
      onGoal: write(RECORD_TOPICS.goal, GOAL),
      onRequest: write(RECORD_TOPICS.request, REQUEST),
      onPlan: write(RECORD_TOPICS.plan, PLAN),
    };
  }

  #write<Type extends MessageType>(
    { topic, type }: { readonly topic: string; readonly type: Type },
    message: MessageOf<Type>,
  ): void {
    this.#recorder.write({ topic, type }, { logNs: this.#nowNs }, () => encode(type, message));
  }

  #onEvent(event: FromWriter): void {
    const { problems, ros } = this.#options;
    const { log } = ros;
    if (event.type === 'opened') {
      log.info(`recording to ${event.path}`);
    } else if (event.reason === null) {
      log.info(`recorded ${this.status.path}`);
    } else {
      this.#file = null;
      problems.report(
        new JepaMpcError('recording.ended', {
          subject: 'recording',
          found: event.reason,
          expected: 'a file with room to grow',
          remedy:
            'What was recorded is whole, and the robot goes on. Make room, then set recording.enabled to false and to true.',
        }),
      );
    }
  }
}

function modelFacts({ model_name, model_sha256, device, parameters }: LoadRecord): Record<string, string> {
  return { name: model_name, manifest_sha256: model_sha256, device, parameters };
}
