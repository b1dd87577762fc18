import type { Logger } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import { EmergencyStop } from '../../safety/emergency-stop.js';
import type { OperatorState } from '../../safety/operator-state.js';
import { SpeedScale } from '../../safety/speed-scale.js';
import type { ProblemLog } from '../diagnostics/problem-log.js';
import type { RosGraph } from '../node/ros-node.js';
import { controllerFault } from './command-peers.js';
import type { TopicQos, WantedQos } from './qos-policies.js';
import type { Topics } from './topics.js';

const operatorQos: WantedQos = { depth: 10, reliability: 'reliable', durability: 'volatile' };

/**
 * Other ways to publish a stop. DDS has no QoS that gets the best of every publisher at once, so each way has a subscription of its own: a latched
 * button that was pressed before this node started, and one that sends best effort. What comes twice stops no less.
 */
const otherStopQos: readonly TopicQos[] = [
  { depth: 10, reliability: 'reliable', durability: 'transient_local' },
  { depth: 10, reliability: 'best_effort', durability: 'volatile' },
];

export interface OperatorInputOptions {
  readonly topics: Topics;
  readonly graph: Pick<RosGraph, 'publisherOf' | 'hasPublisher' | 'peersOf'>;
  readonly parameters: () => Parameters;
  readonly log: Pick<Logger, 'warn'>;
  readonly problems: ProblemLog;
  /** Whether the robot is being commanded: a lost heartbeat stops it then. */
  readonly isCommanding: () => boolean;
}

/** The topics `~/emergency_stop` and `~/speed_scale`, and who else is on the command topic, for as long as the node lives. */
export class OperatorInputs {
  readonly #options: OperatorInputOptions;
  readonly #stop: EmergencyStop;
  readonly #scale: SpeedScale;
  #controller: OperatorState['controller'] = null;
  /** Fully qualified and remapped. */
  readonly stopTopic: string;

  constructor(options: OperatorInputOptions) {
    const { topics, parameters, problems } = options;
    this.#options = options;
    this.#stop = new EmergencyStop(parameters, (id) => this.#isPublishing(id));
    this.#scale = new SpeedScale(parameters);
    this.stopTopic = topics.resolve('~/emergency_stop');
    const onStop = ({ data }: { readonly data: boolean }, publisher?: string): void => {
      this.#onStop(data, publisher ?? null);
    };
    topics.subscribe('std_msgs/msg/Bool', '~/emergency_stop', operatorQos, onStop);
    for (const qos of otherStopQos)
      topics.subscribeFixed('std_msgs/msg/Bool', '~/emergency_stop', qos, onStop);
    topics.subscribe('std_msgs/msg/Float64', '~/speed_scale', operatorQos, ({ data }) => {
      problems.guard(() => {
        this.#scale.onMessage(data, performance.now());
      });
    });
  }

  /** Notices a lost heartbeat while the robot is commanded; call it in each period. */
  watch(): void {
    if (!this.#options.isCommanding()) return;
    this.#latching(() => {
      this.#stop.watch(performance.now());
    });
  }

  /** What counts now. */
  get state(): OperatorState {
    return {
      emergencyStop: this.#stop.latched,
      speedScale: this.#scale.value,
      speedScaleSilence: this.#scale.silence(performance.now()),
      isDryRun: this.#options.parameters().dry_run,
      controller: this.#controller,
    };
  }

  /** Looks at who is on the command topic; call it about once a second, and before the first command. */
  lookAtController(): void {
    const { topics, graph, parameters } = this.#options;
    const values = parameters();
    const topic = topics.resolve(values['command.interface']);
    this.#controller = values.dry_run ? null : controllerFault(topic, graph.peersOf(topic));
  }

  /** A request to stop, latched. @param source for people */
  stop(source: string): void {
    this.#latching(() => {
      this.#stop.stop(`requested by ${source}`);
    });
  }

  /** Why an emergency stop cannot be cleared now; null if it can, or there is none. */
  get resetRefusal(): string | null {
    return this.#stop.latched === null ? null : this.#stop.refusal(performance.now());
  }

  /** Clears the emergency stop, unless {@link resetRefusal}. */
  reset(): void {
    this.#stop.reset(performance.now());
  }

  /** Why the required heartbeat is missing; null if it is there, or none is required. */
  get silence(): string | null {
    return this.#stop.silence(performance.now());
  }

  #onStop(isStopped: boolean, id: string | null): void {
    const source = { id, name: this.#nameOf(id) };
    this.#latching(() => {
      this.#stop.onMessage(isStopped, source, performance.now());
    });
  }

  /** A stop counts, whether its publisher can be named or not. */
  #nameOf(id: string | null): string {
    const { graph, problems } = this.#options;
    try {
      return graph.publisherOf(this.stopTopic, id);
    } catch (error) {
      problems.report(error);
      return `an unknown publisher of ${this.stopTopic}`;
    }
  }

  /** While nobody can tell, a button that was pressed is taken to be there. */
  #isPublishing(id: string): boolean {
    const { graph, problems } = this.#options;
    try {
      return graph.hasPublisher(this.stopTopic, id);
    } catch (error) {
      problems.report(error);
      return true;
    }
  }

  /** Logs a stop when it begins, in whatever state the node is. */
  #latching(action: () => void): void {
    const before = this.#stop.latched;
    action();
    const { latched } = this.#stop;
    if (before === null && latched !== null)
      this.#options.log.warn(`emergency stop: ${latched.found}; it lasts until ~/reset`);
  }
}
