import type { ImageFrame, JointReading } from '../../src/core/types.js';
import type { DemoListener } from '../ros/demo-subscriptions.js';
import type { CommandPoint } from '../ros/demo-messages.js';
import type { ContactReading } from '../ros/contact-messages.js';
import type { ObjectsReading } from '../ros/object-messages.js';
import type { CommandAudit } from './command-audit.js';
import type { ContactTally } from './contact-tally.js';
import type { EpisodeJudge, Verdict } from './episode-judge.js';
import type { EpisodeMeter } from './episode-meter.js';
import type { PlannerFigures } from './planner-figures.js';
import type { TrueState } from './tasks/task.js';

/** The running episode, as far as its observer needs it. */
export interface ObservedEpisode {
  readonly judge: EpisodeJudge;
  /** Frames stamped earlier do not belong to the episode. */
  readonly startNs: bigint;
  /** Whether the planner's speed counts for the report (not while a baseline runs). */
  readonly measured: boolean;
  /** Whether to keep the camera's images. */
  readonly recorded: boolean;
  readonly onVerdict: (verdict: Verdict) => void;
}

/** Recorded images are at least this far apart: a camera at 30 Hz gives 15 images a second of animation. */
const RECORDING_PERIOD_NS = 60_000_000n;

/**
 * Receives all traffic between the nodes. While an episode runs, it judges the true state, audits every command and collects the figures.
 * Between episodes the robot is teleported, so messages are ignored then.
 */
export class EpisodeObserver implements DemoListener {
  readonly #audit: CommandAudit;
  readonly #figures: PlannerFigures;
  readonly #meter: EpisodeMeter | null;
  readonly #contacts: ContactTally | null;
  #episode: ObservedEpisode | null = null;
  /** The newest of each, of the running episode. */
  #joints: TrueState | null = null;
  #objects: ObjectsReading | null = null;
  #firstFrame: ImageFrame | null = null;
  #recording: ImageFrame[] = [];

  /**
   * @param meter measures each episode by itself; null: nothing does
   * @param contacts counts what the robot touches; null: nothing does
   */
  constructor(
    audit: CommandAudit,
    figures: PlannerFigures,
    meter: EpisodeMeter | null = null,
    contacts: ContactTally | null = null,
  ) {
    this.#audit = audit;
    this.#figures = figures;
    this.#meter = meter;
    this.#contacts = contacts;
  }

  /** First frame of the running or last episode. */
  get firstFrame(): ImageFrame | null {
    return this.#firstFrame;
  }

  /** Recorded frames of the running or last episode, in order of their stamps. */
  get recording(): readonly ImageFrame[] {
    return this.#recording;
  }

  begin(episode: ObservedEpisode): void {
    this.#firstFrame = null;
    this.#recording = [];
    this.#joints = null;
    this.#objects = null;
    this.#audit.restart();
    this.#meter?.restart();
    this.#contacts?.restart();
    this.#episode = episode;
  }

  end(): void {
    this.#episode = null;
  }

  onJoints(reading: JointReading): void {
    if (this.#episode === null) return;
    const { stampNs, position, velocity } = reading;
    const { judge, startNs } = this.#episode;
    if (stampNs >= startNs && !judge.verdict.ended) this.#meter?.addReading(reading);
    this.#joints = { stampNs, positionRad: Array.from(position), velocityRadS: Array.from(velocity) };
    this.#judge(this.#episode);
  }

  onObjects(reading: ObjectsReading): void {
    if (this.#episode?.judge.needsObjects !== true) return;
    this.#objects = reading;
    this.#judge(this.#episode);
  }

  onContacts(reading: ContactReading): void {
    if (this.#episode !== null && reading.stampNs >= this.#episode.startNs) this.#contacts?.add(reading);
  }

  onImage(frame: ImageFrame): void {
    if (this.#episode === null || frame.stampNs < this.#episode.startNs) return;
    this.#firstFrame ??= frame;
    const last = this.#recording.at(-1);
    const isDue = last === undefined || frame.stampNs - last.stampNs >= RECORDING_PERIOD_NS;
    if (this.#episode.recorded && isDue) this.#recording.push(frame);
  }

  /** Judges what is newest. Objects and joints are judged as they were at one time: either message may arrive first. */
  #judge({ judge, onVerdict }: ObservedEpisode): void {
    if (this.#joints === null) return;
    if (judge.needsObjects && this.#joints.stampNs !== this.#objects?.stampNs) return;
    onVerdict(judge.observe(this.#joints, this.#objects));
  }

  onCommand(points: readonly CommandPoint[]): void {
    if (this.#episode !== null) this.#audit.check(points);
  }

  onStatistics(values: ReadonlyMap<string, string>): void {
    if (this.#episode?.measured !== true) return;
    this.#figures.add(values);
    this.#meter?.addPlan(values);
  }
}
